/**
 * Replay protection (RFC 6479) and the order check of TVES/2 (Opening, step 5).
 *
 * Decisions that the text leaves open:
 * - (generation, boot) is one number that only rises. A newer one starts an empty window; an older one
 *   is `too_old` for ever, even while two generations are enrolled. At a re-key the frames of the old
 *   generation that arrive behind the first new one are lost as frames, not as readings: their slave
 *   keeps each reading until it is journaled and seals it anew. One window, and no way back.
 * - The order check compares frames of one (generation, boot). Several frames may share a second.
 * - Sequence 0 is never sealed and counts as `too_old`.
 */
import type { RejectReason } from "../messages/journal.ts";
import { decodeSeen, encodeSeen, type ReplayState } from "./replay_state.ts";

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

/** The replay window of one meter. `check` looks, `commit` remembers; in between the caller decides. */
export class ReplayWindow {
  #generation = -1;
  #boot = -1;
  #highest = 0;
  #highest_t_s = 0;
  readonly #ring = new Uint32Array(RING_WORDS);

  /** The window as `state()` gave it. Throws `RangeError` when the state is malformed. */
  static restore(state: ReplayState): ReplayWindow {
    const window = new ReplayWindow();
    window.#generation = state.generation;
    window.#boot = state.boot;
    window.#highest = state.highest;
    window.#highest_t_s = state.highest_t_s;
    for (const age of decodeSeen(state.seen, REPLAY_WIDTH)) {
      if (age < state.highest) window.#mark(state.highest - age);
    }
    return window;
  }

  /** What stands, as JSON: some 80 bytes without gaps, at most 700. */
  state(): ReplayState {
    return {
      generation: this.#generation,
      boot: this.#boot,
      highest: this.#highest,
      highest_t_s: this.#highest_t_s,
      seen: encodeSeen(
        (age) => age < this.#highest && this.#has(this.#highest - age),
        REPLAY_WIDTH,
      ),
    };
  }

  /** Whether the frame may be accepted. Changes nothing. */
  check(frame: FrameOrder): ReplayVerdict {
    if (frame.sequence < 1) return "too_old";
    const era = this.#compareEra(frame);
    if (era < 0) return "too_old";
    if (era > 0) return "fresh";
    const age = this.#highest - frame.sequence;
    // A clock that was pushed forward to harvest frames gives a low sequence a late second; from then
    // on the honest frames have a high sequence and an early second.
    if (age > 0 && frame.t_s > this.#highest_t_s) return "pre_played";
    if (age < 0 && frame.t_s < this.#highest_t_s) return "pre_played";
    if (age >= REPLAY_WIDTH) return "too_old";
    if (age >= 0 && this.#has(frame.sequence)) return "replayed";
    return "fresh";
  }

  /**
   * Remembers an accepted frame. Throws `RangeError` when `check` does not call it fresh: a window that
   * went back would let the past be played again.
   */
  commit(frame: FrameOrder): void {
    const verdict = this.check(frame);
    if (verdict !== "fresh") throw new RangeError(`A ${verdict} frame cannot be accepted`);
    if (this.#compareEra(frame) > 0) {
      this.#generation = frame.generation;
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

  #compareEra(frame: FrameOrder): number {
    return frame.generation - this.#generation || frame.boot - this.#boot;
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
