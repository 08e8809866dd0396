/** The window of one generation of a meter's key: which of its frames were accepted (RFC 6479). */
import type { RejectReason } from "../messages/journal.ts";
import { decodeSeen, encodeSeen, type TrackState } from "./replay_state.ts";

/** How many sequence numbers back from the highest one a late frame is still taken. */
export const REPLAY_WIDTH = 2048;

const WORD_BITS = 32;
/** One word more than the window, since a whole word is cleared at a time (RFC 6479 section 2). */
const RING_WORDS = REPLAY_WIDTH / WORD_BITS + 1;

/** What the order of a frame is judged by. All of it authenticated: call this after the AEAD. */
export interface FrameOrder {
  readonly generation: number;
  readonly boot: number;
  readonly sequence: number;
  /** The second whose key opened the frame. */
  readonly t_s: number;
}

export type ReplayVerdict =
  | "fresh"
  | Extract<RejectReason, "replayed" | "too_old" | "pre_played">;

/** Boots of one generation only rise; a newer one starts an empty window. */
export class ReplayTrack {
  readonly generation: number;
  #boot = -1;
  #highest = 0;
  #highest_t_s = 0;
  /**
   * Words of 32 bits. Made of `#restored` when it is first looked at: a million windows are restored,
   * few are used. A plain array: a typed one of this size has a buffer outside of the heap, and
   * making that takes longer than all else that a frame does here.
   */
  #bits: number[] | undefined;
  #restored: readonly number[] = [];

  constructor(generation: number) {
    this.generation = generation;
  }

  /** Throws `RangeError` when the state is malformed. */
  static restore(state: TrackState): ReplayTrack {
    const track = new ReplayTrack(state.generation);
    track.#boot = state.boot;
    track.#highest = state.highest;
    track.#highest_t_s = state.highest_t_s;
    track.#restored = decodeSeen(state.seen, REPLAY_WIDTH);
    return track;
  }

  state(): TrackState {
    return {
      generation: this.generation,
      boot: this.#boot,
      highest: this.#highest,
      highest_t_s: this.#highest_t_s,
      seen: encodeSeen(this.#runs()),
    };
  }

  /** Whether a frame of this generation may be accepted. Changes nothing. */
  check(frame: FrameOrder): ReplayVerdict {
    if (frame.sequence < 1 || frame.boot < this.#boot) return "too_old";
    if (frame.boot > this.#boot) return "fresh";
    const age = this.#highest - frame.sequence;
    // A clock that was pushed forward to harvest frames gives a low sequence a late second; from then
    // on the honest frames have a high sequence and an early second.
    if (age > 0 && frame.t_s > this.#highest_t_s) return "pre_played";
    if (age < 0 && frame.t_s < this.#highest_t_s) return "pre_played";
    if (age >= REPLAY_WIDTH) return "too_old";
    if (age >= 0 && this.#has(frame.sequence)) return "replayed";
    return "fresh";
  }

  /** Remembers a frame that `check` calls fresh. */
  commit(frame: FrameOrder): void {
    const ring = this.#ring; // Made before anything moves that it is made of.
    if (frame.boot > this.#boot) {
      this.#boot = frame.boot;
      ring.fill(0);
      this.#highest = 0;
    }
    if (frame.sequence > this.#highest) {
      this.#forgetUpTo(frame.sequence);
      this.#highest = frame.sequence;
      this.#highest_t_s = frame.t_s;
    }
    this.#mark(frame.sequence);
  }

  /** Clears the words that `sequence` moves the ring into (RFC 6479 section 3). */
  #forgetUpTo(sequence: number): void {
    const from = wordOf(this.#highest);
    const words = Math.min(wordOf(sequence) - from, RING_WORDS);
    for (let i = 1; i <= words; i++) this.#ring[(from + i) % RING_WORDS] = 0;
  }

  #has(sequence: number): boolean {
    return (this.#ring[wordOf(sequence) % RING_WORDS]! & bitOf(sequence)) !== 0;
  }

  /** Lengths of the runs of accepted and missing ones in turn, from the highest sequence down. */
  #runs(): number[] {
    const runs: number[] = [];
    const lowest = Math.max(1, this.#highest - REPLAY_WIDTH + 1);
    for (let next = this.#highest, accepted = true;; accepted = !accepted) {
      const length = this.#runDown(next, lowest, accepted);
      next -= length;
      // A last run of missing ones says nothing.
      if (next < lowest && !accepted) return runs;
      runs.push(length);
      if (next < lowest) return this.#highest === 0 ? [0] : runs;
    }
  }

  /** How many from `sequence` down to `lowest` are all accepted, or all missing: a word at a time. */
  #runDown(sequence: number, lowest: number, accepted: boolean): number {
    let next = sequence;
    while (next >= lowest) {
      const word = this.#ring[wordOf(next) % RING_WORDS]!;
      const bits = next % WORD_BITS + 1;
      const other = Math.clz32((accepted ? ~word : word) << (WORD_BITS - bits));
      next -= Math.min(other, bits);
      if (other < bits) break;
    }
    return sequence - Math.max(next, lowest - 1);
  }

  /** Marks `length` sequences, `sequence` the highest of them: a word at a time. */
  #markDown(sequence: number, length: number): void {
    for (let next = sequence, left = length; left > 0;) {
      const top = next % WORD_BITS;
      const bits = Math.min(left, top + 1);
      const mask = (0xffff_ffff >>> (WORD_BITS - bits)) << (top + 1 - bits);
      this.#ring[wordOf(next) % RING_WORDS]! |= mask;
      next -= bits;
      left -= bits;
    }
  }

  get #ring(): number[] {
    if (this.#bits !== undefined) return this.#bits;
    this.#bits = new Array(RING_WORDS).fill(0);
    const runs = this.#restored;
    // Sequence 0 is never sealed: what a run says of it and below says nothing.
    for (let i = 0, next = this.#highest; i < runs.length && next > 0; i++) {
      if (i % 2 === 0) this.#markDown(next, Math.min(runs[i]!, next));
      next -= runs[i]!;
    }
    this.#restored = [];
    return this.#bits;
  }

  #mark(sequence: number): void {
    this.#ring[wordOf(sequence) % RING_WORDS]! |= bitOf(sequence);
  }
}

function wordOf(sequence: number): number {
  return Math.floor(sequence / WORD_BITS);
}

function bitOf(sequence: number): number {
  return 1 << (sequence % WORD_BITS);
}
