/**
 * The states of one shard. All of them are kept encoded, which is small; those that were asked for of
 * late are kept decoded beside that, which is fast. A million meters at four frames an hour are idle
 * nearly always.
 */
import type { AnyActor } from "./shard_options.ts";

/**
 * States that are kept decoded, of one shard: about 1 KiB each. A batch has at most 128. Few, since of
 * very many meters each comes again only when its state is long idle: those that are kept in vain cost
 * the garbage collector more than they save.
 */
const LIVE_MAX = 256;

export class States {
  readonly #actor: AnyActor;
  /** Every id in the order of its first event; the encoded state, unless it is live. */
  readonly #idle = new Map<string, unknown>();
  /** Decoded ones: asked for since the last turn, and before it. What is in neither is idle. */
  #young = new Map<string, unknown>();
  #old = new Map<string, unknown>();
  readonly #turn_at: number;

  constructor(actor: AnyActor, liveMax = LIVE_MAX) {
    this.#actor = actor;
    this.#turn_at = Math.ceil(liveMax / 2);
  }

  get size(): number {
    return this.#idle.size;
  }

  /** How many are decoded. */
  get live(): number {
    return new Set([...this.#young.keys(), ...this.#old.keys()]).size;
  }

  /** Undefined where this id has none. A change to the state counts if it is made at once. */
  get(id: string): unknown {
    const state = this.#young.get(id);
    if (state !== undefined) return state;
    if (!this.#idle.has(id)) return undefined;
    return this.#keep(id, this.#old.get(id) ?? this.#decode(id));
  }

  /** The state of `id`, a fresh one where it has none yet. */
  at(id: string): unknown {
    const known = this.get(id);
    if (known !== undefined) return known;
    this.#idle.set(id, undefined); // Its place in the order: it is live.
    return this.#keep(id, this.#actor.fresh(id));
  }

  /**
   * Takes over what a snapshot of `version` holds of `id`. Throws the actor's error for a malformed
   * one: read only when it is needed, it would fail one frame after the other.
   */
  restore(id: string, encoded: unknown, version: number): void {
    const state = this.#actor.decode(id, encoded, version);
    const present = version === this.#actor.version;
    this.#idle.set(id, present ? encoded : this.#actor.encode(state));
  }

  clear(): void {
    this.#idle.clear();
    this.#young.clear();
    this.#old.clear();
  }

  /** All of them, encoded, in the order of their first event. */
  encoded(): Record<string, unknown> {
    this.#rest(this.#old);
    this.#rest(this.#young);
    return Object.fromEntries(this.#idle);
  }

  #keep(id: string, state: unknown): unknown {
    if (this.#young.size >= this.#turn_at) {
      for (const id of this.#young.keys()) this.#old.delete(id);
      this.#rest(this.#old);
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(id, state);
    return state;
  }

  #decode(id: string): unknown {
    return this.#actor.decode(id, this.#idle.get(id), this.#actor.version);
  }

  #rest(live: ReadonlyMap<string, unknown>): void {
    for (const [id, state] of live) this.#idle.set(id, this.#actor.encode(state));
  }
}
