/** A KV bucket: revisions, compare-and-set, and watches that see every change in its order. */
import type { Bucket, Entry, Stoppable } from "../../../streams/jetstream/broker.ts";
import type { Link } from "../link.ts";

interface Kept {
  /** Undefined: deleted, which is a change of its own. */
  readonly value: Uint8Array | undefined;
  readonly revision: number;
}

type OnEntry = Parameters<Bucket["watch"]>[0];

export class Buckets {
  readonly #buckets = new Map<string, KeptBucket>();

  bucket(name: string): KeptBucket {
    let found = this.#buckets.get(name);
    if (found === undefined) this.#buckets.set(name, found = new KeptBucket());
    return found;
  }

  /** The broker died: it knows nobody any more who watched. */
  forgetWatches(): void {
    for (const bucket of this.#buckets.values()) bucket.watches.clear();
  }
}

export class KeptBucket {
  readonly entries = new Map<string, Kept>();
  readonly watches = new Set<(key: string, kept: Kept) => void>();
  #revision = 0;

  write(key: string, value: Uint8Array | undefined): number {
    const kept = { value, revision: ++this.#revision };
    this.entries.set(key, kept);
    for (const watch of this.watches) watch(key, kept);
    return kept.revision;
  }
}

/** `kept` as a process sees it over its link. */
export function bucketOver(kept: KeptBucket, link: Link): Bucket {
  const { entries } = kept;
  const entryOf = (key: string): Entry | undefined => {
    const found = entries.get(key);
    return found?.value && { key, value: found.value, revision: found.revision };
  };
  return {
    get: (key) => link.call(() => entryOf(key)),
    put: (key, value) => link.call(() => kept.write(key, value)),
    create: (key, value) =>
      link.call(() => entryOf(key) === undefined ? kept.write(key, value) : undefined),
    update: (key, value, revision) =>
      link.call(() => entries.get(key)?.revision === revision ? kept.write(key, value) : undefined),
    delete: (key) => link.call(() => void kept.write(key, undefined)),
    clear: (keys, before) =>
      link.call(() => {
        const fits = new RegExp(`^${keys.replaceAll(".", "\\.").replaceAll("*", "[^.]+")}$`);
        for (const [key, { revision }] of entries) {
          if (revision < before && fits.test(key)) entries.delete(key);
        }
      }),
    keys: () => link.call(() => [...entries.keys()].filter((key) => entryOf(key)).sort()),
    watch: (onEntry, onSight = () => {}) => watchOver(kept, link, onEntry, onSight),
  };
}

const RETRY_MS = 500;

/** Begins anew whenever the link is back, and shows everything that stands again, as the real one. */
async function watchOver(
  kept: KeptBucket,
  link: Link,
  onEntry: OnEntry,
  onSight: (inSight: boolean) => void,
): Promise<Stoppable> {
  let generation = 0;
  const look = async () => {
    const mine = ++generation;
    const forward = (key: string, { value, revision }: Kept) => {
      if (mine !== generation || !link.process.alive) kept.watches.delete(forward);
      else link.toClient(() => mine === generation && onEntry(key, value, revision), true, 0);
    };
    await link.call(() => {
      if (mine !== generation) return;
      for (const [key, entry] of kept.entries) forward(key, entry);
      kept.watches.add(forward);
      link.toClient(() => mine === generation && onSight(true), true, 0);
    });
  };
  const again = () => {
    const mine = generation;
    look().catch(() => link.process.after(RETRY_MS, () => mine + 1 === generation && again()));
  };
  const unlisten = link.listen((up) => {
    if (up) return again();
    generation += 1;
    onSight(false);
  });
  await look();
  return {
    stop: () => {
      generation += 1;
      unlisten();
      return Promise.resolve();
    },
  };
}
