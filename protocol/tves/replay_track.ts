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
  readonly #ring = new Uint32Array(RING_WORDS);

  constructor(generation: number) {
    this.generation = generation;
  }

  /** Throws `RangeError` when the state is malformed. */
  static restore(state: TrackState): ReplayTrack {
    const track = new ReplayTrack(state.generation);
    track.#boot = state.boot;
    track.#highest = state.highest;
    track.#highest_t_s = state.highest_t_s;
    for (const age of decodeSeen(state.seen, REPLAY_WIDTH)) {
      if (age < state.highest) track.#mark(state.highest - age);
    }
    return track;
  }

  state(): TrackState {
    return {
      generation: this.generation,
      boot: this.#boot,
      highest: this.#highest,
      highest_t_s: this.#highest_t_s,
      seen: encodeSeen(
        (age) => age < this.#highest && this.#has(this.#highest - age),
        REPLAY_WIDTH,
      ),
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
      this.#ring.fill(0);
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
