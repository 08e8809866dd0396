/**
 * What one master sees of the lease bucket, and how it writes there: `partition.07` is a lease,
 * `master.<instance>` a sign of life. Liveness only; the journal's fence is what makes it safe.
 */
import type { Seen } from "../../actors/ownership/ownership.ts";
import { id } from "../../protocol/messages/common.ts";
import { parseJson, z } from "../../protocol/schema.ts";
import { partitionToken } from "../../protocol/subjects.ts";
import type { Bucket, Stoppable } from "../jetstream/broker.ts";
import type { Log } from "../terminal/log.ts";
import type { Timers } from "../time/timers.ts";

const written = z.object({ owner: id });
type Written = z.infer<typeof written>;

/** Owner of an entry that no master wrote: like any other it goes stale, and is replaced then. */
const NOBODY = "";

export class Leases {
  readonly members = new Map<string, Seen>();
  readonly leases = new Map<number, Seen>();
  readonly #bucket: Bucket;
  readonly #me: string;
  readonly #log: Log;
  readonly #timers: Timers;
  /** Highest revision seen of each partition, deletions included: what is older is no news. */
  readonly #newest = new Map<number, number>();
  /** Told when a lease was given back, and when a master came or went: somebody may have to act. */
  onNews: () => void = () => {};
  #watch: Stoppable | undefined;
  #inSight = false;
  /** Since when no beat of mine is taken: then nobody else's may be either. */
  #unheard_ms: number | undefined;
  /** Whether everything that stood when this master came has been shown. */
  #shown = false;

  constructor(bucket: Bucket, me: string, log: Log, timers: Timers) {
    this.#bucket = bucket;
    this.#me = me;
    this.#log = log;
    this.#timers = timers;
  }

  /**
   * Whether what is seen is what stands, and others can be heard: while the broker takes no beat of
   * mine, everybody else looks dead.
   */
  get inSight(): boolean {
    return this.#inSight && this.#unheard_ms === undefined;
  }

  async start(): Promise<void> {
    this.#watch = await this.#bucket.watch(
      (key, value, revision) => this.#see(key, value, revision),
      (inSight) => {
        this.#inSight = inSight;
        if (inSight) this.#shown = true;
        if (!inSight) this.#newest.clear(); // Everything that stands will be shown again.
      },
    );
  }

  async stop(): Promise<void> {
    await this.#watch?.stop();
  }

  /** Whether there are entries of which nobody knows yet if their masters live. */
  get unproven(): boolean {
    return [...this.members.values()].some(({ unproven }) => unproven === true);
  }

  /**
   * Takes away the entry of one master that has been silent for `silent_ms`. Should it only have slept,
   * its next beat puts the entry back.
   */
  async forgetOne(silent_ms: number): Promise<void> {
    const now_ms = this.#timers.now_ms();
    for (const [instance, { changed_ms }] of this.members) {
      if (instance === this.#me || now_ms - changed_ms < silent_ms) continue;
      await this.#bucket.delete(`master.${instance}`);
      this.members.delete(instance);
      return;
    }
  }

  /** Says that this master lives, with what people like to know of it. */
  async beat(about: Readonly<Record<string, unknown>>): Promise<void> {
    const began_ms = this.#timers.now_ms();
    try {
      await this.#bucket.put(`master.${this.#me}`, encode({ owner: this.#me, ...about }));
    } catch (error) {
      this.#unheard_ms ??= began_ms;
      throw error;
    }
    if (this.#unheard_ms !== undefined) this.#leaveOut(this.#unheard_ms);
    this.#unheard_ms = undefined;
  }

  /** Nobody could give a sign since `since_ms`: that time is nobody's silence. */
  #leaveOut(since_ms: number): void {
    const now_ms = this.#timers.now_ms();
    for (const seen of [this.members, this.leases] as Map<unknown, Seen>[]) {
      for (const [key, entry] of seen) {
        const silent_ms = Math.max(0, since_ms - entry.changed_ms);
        seen.set(key, { ...entry, changed_ms: Math.max(entry.changed_ms, now_ms - silent_ms) });
      }
    }
  }

  async leave(): Promise<void> {
    await this.#bucket.delete(`master.${this.#me}`);
  }

  /** Takes a lease that had `revision` (0: none stood). Returns the new revision, or undefined. */
  async claim(partition: number, revision: number): Promise<number | undefined> {
    const value = encode({ owner: this.#me });
    const taken = revision === 0
      ? await this.#bucket.create(keyOf(partition), value)
      : await this.#bucket.update(keyOf(partition), value, revision);
    if (taken !== undefined) this.#note(partition, taken);
    else await this.#lookAgain(partition, revision);
    return taken;
  }

  /** Renews a lease of mine. False when another instance has it. */
  async renew(partition: number): Promise<boolean> {
    const lease = this.leases.get(partition);
    if (lease?.owner !== this.#me) return false;
    const revision = await this.#bucket.update(
      keyOf(partition),
      encode({ owner: this.#me }),
      lease.revision,
    );
    if (revision === undefined) return false;
    this.#note(partition, revision);
    return true;
  }

  async release(partition: number): Promise<void> {
    if (this.leases.get(partition)?.owner !== this.#me) return;
    await this.#bucket.delete(keyOf(partition));
    this.leases.delete(partition);
  }

  /** A lost claim says that what I saw does not stand: were it gone, I would try in vain for ever. */
  async #lookAgain(partition: number, revision: number): Promise<void> {
    const key = keyOf(partition);
    const stands = await this.#bucket.get(key);
    if (stands) this.#see(key, stands.value, stands.revision); // The watch is behind.
    else if (this.leases.get(partition)?.revision === revision) this.leases.delete(partition);
  }

  #ownerIn(key: string, value: Uint8Array): string {
    try {
      return parseJson(written, new TextDecoder().decode(value), key).owner;
    } catch (error) {
      this.#log.warn("lease not readable", { reason: (error as Error).message });
      return NOBODY;
    }
  }

  #note(partition: number, revision: number): void {
    // An answer may come after the news of what was written behind it: a lease that I have released
    // would stand in my view for ever.
    if ((this.#newest.get(partition) ?? 0) >= revision) return;
    this.#newest.set(partition, revision);
    this.leases.set(partition, { owner: this.#me, revision, changed_ms: this.#timers.now_ms() });
  }

  #see(key: string, value: Uint8Array | undefined, revision: number): void {
    const name = key.slice(key.indexOf(".") + 1);
    const seen = value &&
      { owner: this.#ownerIn(key, value), revision, changed_ms: this.#timers.now_ms() };
    if (key.startsWith("master.")) return this.#seeMaster(name, seen);
    const partition = Number(name);
    // An older one was replaced by my own write, noted already. The same one comes again when the
    // link is back: nobody could renew meanwhile, so its time counts from now.
    if ((this.#newest.get(partition) ?? 0) > revision) return;
    this.#newest.set(partition, revision);
    if (seen) this.leases.set(partition, seen);
    else {
      this.leases.delete(partition);
      this.onNews();
    }
  }

  #seeMaster(instance: string, seen: Seen | undefined): void {
    const before = this.members.has(instance);
    if (seen) this.members.set(instance, this.#shown ? seen : { ...seen, unproven: true });
    else this.members.delete(instance);
    if (before !== (seen !== undefined)) this.onNews();
  }
}

const keyOf = (partition: number) => `partition.${partitionToken(partition)}`;
const encode = (value: Written & Readonly<Record<string, unknown>>) =>
  new TextEncoder().encode(JSON.stringify(value));
