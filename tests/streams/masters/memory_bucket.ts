/** A lease bucket in memory that several masters watch, and a clock that waits to be told. */
import type { Bucket } from "../../../streams/jetstream/broker.ts";
import type { Timers } from "../../../streams/time/timers.ts";

type OnEntry = Parameters<Bucket["watch"]>[0];

export class MemoryBucket {
  readonly #entries = new Map<string, { value: Uint8Array; revision: number }>();
  readonly #watchers = new Set<OnEntry>();
  #revision = 0;
  /** Leases are given back once this has come. */
  gate: Promise<void> = Promise.resolve();
  /** Deletions that wait now, and the most that ever did. */
  deleting = 0;
  deleting_max = 0;

  put(key: string, value: Uint8Array): number {
    const revision = ++this.#revision;
    this.#entries.set(key, { value, revision });
    this.#tell(key, value, revision);
    return revision;
  }

  /** News comes later than the answer to who wrote, as over a network. */
  #tell(key: string, value: Uint8Array | undefined, revision: number): void {
    queueMicrotask(() => this.#watchers.forEach((watcher) => watcher(key, value, revision)));
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  revisionOf(key: string): number {
    return this.#entries.get(key)?.revision ?? 0;
  }

  /** Partitions whose lease is `instance`'s. */
  leasesOf(instance: string): string[] {
    return [...this.#entries].filter(([key, { value }]) =>
      key.startsWith("partition.") &&
      JSON.parse(new TextDecoder().decode(value)).owner === instance
    ).map(([key]) => key);
  }

  bucket(): Bucket {
    const found = (key: string) => {
      const entry = this.#entries.get(key);
      return entry && { key, ...entry };
    };
    return {
      get: (key) => Promise.resolve(found(key)),
      put: (key, value) => Promise.resolve(this.put(key, value)),
      create: (key, value) => Promise.resolve(found(key) ? undefined : this.put(key, value)),
      update: (key, value, revision) =>
        Promise.resolve(found(key)?.revision === revision ? this.put(key, value) : undefined),
      delete: async (key) => {
        if (key.startsWith("partition.")) {
          this.deleting_max = Math.max(this.deleting_max, ++this.deleting);
          await this.gate;
          this.deleting -= 1;
        }
        this.#entries.delete(key);
        this.#tell(key, undefined, ++this.#revision);
      },
      clear: () => Promise.reject(new Error("no master clears")),
      keys: () => Promise.resolve([...this.#entries.keys()]),
      watch: (onEntry, onSight = () => {}) => {
        for (const [key, { value, revision }] of this.#entries) onEntry(key, value, revision);
        this.#watchers.add(onEntry);
        onSight(true);
        return Promise.resolve({
          stop: () => Promise.resolve(void this.#watchers.delete(onEntry)),
        });
      },
    };
  }
}

/** A clock and timers that stand still until they are told to go on. */
export class Hands implements Timers {
  #now_ms = 0;
  readonly #waiting = new Set<{ at_ms: number; action: () => void }>();

  now_ms(): number {
    return this.#now_ms;
  }

  after(delay_ms: number, action: () => void): () => void {
    const entry = { at_ms: this.#now_ms + delay_ms, action };
    this.#waiting.add(entry);
    return () => void this.#waiting.delete(entry);
  }

  async advance(duration_ms: number, step_ms: number): Promise<void> {
    const end_ms = this.#now_ms + duration_ms;
    while (this.#now_ms < end_ms) {
      this.#now_ms += step_ms;
      for (const entry of [...this.#waiting]) {
        if (entry.at_ms > this.#now_ms || !this.#waiting.delete(entry)) continue;
        entry.action();
      }
      await settled();
    }
  }
}

/** Everything that was woken has run. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setTimeout(resolve));
}
