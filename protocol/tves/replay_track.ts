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
   * What was accepted, as `TrackState.seen` has it, while there is no ring. Frames that come in their
   * order need no more: each makes the first run longer, or begins one in front of it.
   */
  #seen: number[] = [];
  /**
   * Words of 32 bits. Made of `#seen` when a frame comes late, or again. A plain array: a typed one of
   * this size has a buffer outside of the heap, and making that takes longer than all else that a
   * frame does here.
   */
  #bits: number[] | undefined;

  constructor(generation: number) {
    this.generation = generation;
  }

  /** Throws `RangeError` when the state is malformed. */
  static restore(state: TrackState): ReplayTrack {
    const track = new ReplayTrack(state.generation);
    track.#boot = state.boot;
    track.#highest = state.highest;
    track.#highest_t_s = state.highest_t_s;
    track.#seen = [...decodeSeen(state.seen, REPLAY_WIDTH)];
    // Other programs may have written it otherwise: the ring tells what it comes to.
    if (!isPlain(track.#seen, track.#highest)) void track.#ring;
    return track;
  }

  state(): TrackState {
    return {
      generation: this.generation,
      boot: this.#boot,
      highest: this.#highest,
      highest_t_s: this.#highest_t_s,
      seen: encodeSeen(this.#bits === undefined ? this.#seenOrNone() : this.#runs()),
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
    if (frame.boot > this.#boot) {
      this.#boot = frame.boot;
      this.#highest = 0;
      this.#seen = [];
      this.#bits = undefined;
    }
    if (this.#bits === undefined && frame.sequence > this.#highest) return this.#append(frame);
    void this.#ring; // Made before anything moves that it is made of.
    if (frame.sequence > this.#highest) {
      this.#forgetUpTo(frame.sequence);
      this.#highest = frame.sequence;
      this.#highest_t_s = frame.t_s;
    }
    this.#mark(frame.sequence);
  }

  /** The next one in their order, or one with a gap before it: what falls out of the window is cut. */
  #append({ sequence, t_s }: FrameOrder): void {
    const gap = sequence - this.#highest - 1;
    const seen = this.#seen;
    if (this.#highest === 0 || gap >= REPLAY_WIDTH - 1) this.#seen = [1];
    else if (gap === 0) seen[0]! += 1;
    else seen.unshift(1, gap);
    this.#highest = sequence;
    this.#highest_t_s = t_s;
    cut(this.#seen);
  }

  /** A copy; where nothing was accepted yet, the state has always said so by a run of none. */
  #seenOrNone(): number[] {
    return this.#highest === 0 ? [0] : [...this.#seen];
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
    const runs = this.#seen;
    // Sequence 0 is never sealed: what a run says of it and below says nothing.
    for (let i = 0, next = this.#highest; i < runs.length && next > 0; i++) {
      if (i % 2 === 0) this.#markDown(next, Math.min(runs[i]!, next));
      next -= runs[i]!;
    }
    this.#seen = [];
    return this.#bits;
  }

  #mark(sequence: number): void {
    this.#ring[wordOf(sequence) % RING_WORDS]! |= bitOf(sequence);
  }
}

/** Whether `runs` are what `ReplayTrack` itself makes of a window whose highest sequence is `highest`. */
function isPlain(runs: readonly number[], highest: number): boolean {
  if (highest === 0) return false;
  let span = 0;
  for (const length of runs) {
    if (length === 0) return false;
    span += length;
  }
  return runs.length % 2 === 1 && span <= highest;
}

/** Leaves of `runs` what lies within the window, and no run of missing ones at its end. */
function cut(runs: number[]): void {
  let span = 0;
  for (const length of runs) span += length;
  while (span > REPLAY_WIDTH) {
    const last = runs.length - 1;
    const less = Math.min(span - REPLAY_WIDTH, runs[last]!);
    span -= less;
    runs[last]! -= less;
    if (runs[last] === 0) runs.pop();
  }
  if (runs.length % 2 === 0) runs.pop();
}

function wordOf(sequence: number): number {
  return Math.floor(sequence / WORD_BITS);
}

function bitOf(sequence: number): number {
  return 1 << (sequence % WORD_BITS);
}
