/**
 * Replay protection (RFC 6479) and the order check of TVES/2 (Opening, step 5), over the re-keying
 * of a meter.
 *
 * Decisions that the text leaves open:
 * - Generations only rise, and inside a generation boots only rise. What is older is `too_old`.
 * - At a re-key frames of the old generation may still be on their way. The window of one previous
 *   generation is kept for `OVERLAP_S`, and a frame of it is taken when it was sealed no later than
 *   the first second that is known of the new generation. So nothing in flight is lost, and whoever
 *   has stolen the old key seals nothing with it that is later than the switch.
 * - The order check compares frames of one (generation, boot). Several frames may share a second.
 * - Sequence 0 is never sealed and counts as `too_old`.
 */
import type { ReplayState } from "./replay_state.ts";
import { type FrameOrder, ReplayTrack, type ReplayVerdict } from "./replay_track.ts";

export { type FrameOrder, REPLAY_WIDTH, type ReplayVerdict } from "./replay_track.ts";

/**
 * How long after the switch the window of the previous generation is kept, by the seconds of the
 * frames. A frame opens only within moments of its sealing, so that a day is ample, and a meter's
 * state is short again afterwards.
 */
export const OVERLAP_S = 86_400;

/** The replay window of one meter. `check` looks, `commit` remembers; in between the caller decides. */
export class ReplayWindow {
  #current = new ReplayTrack(-1);
  #previous: ReplayTrack | undefined;
  /** Earliest second that was accepted of the current generation; not in snapshots of old. */
  #first_t_s: number | undefined;

  /** The window as `state()` gave it. Throws `RangeError` when the state is malformed. */
  static restore({ first_t_s, previous, ...current }: ReplayState): ReplayWindow {
    const window = new ReplayWindow();
    window.#current = ReplayTrack.restore(current);
    window.#previous = previous && ReplayTrack.restore(previous);
    window.#first_t_s = first_t_s;
    return window;
  }

  /** What stands, as JSON: some 100 bytes without gaps, at most 1,400 in the day of a re-key. */
  state(): ReplayState {
    return {
      ...this.#current.state(),
      ...(this.#first_t_s === undefined ? {} : { first_t_s: this.#first_t_s }),
      ...(this.#previous === undefined ? {} : { previous: this.#previous.state() }),
    };
  }

  /** Whether the frame may be accepted. Changes nothing. */
  check(frame: FrameOrder): ReplayVerdict {
    if (frame.generation > this.#current.generation) {
      return frame.sequence < 1 ? "too_old" : "fresh";
    }
    if (frame.generation === this.#current.generation) return this.#current.check(frame);
    if (frame.generation !== this.#previous?.generation) return "too_old";
    // Sealed after the switch: by somebody who has the old key, since the meter has it no more.
    if (frame.t_s > (this.#first_t_s ?? -1)) return "too_old";
    return this.#previous.check(frame);
  }

  /**
   * Remembers an accepted frame. Throws `RangeError` when `check` does not call it fresh: a window that
   * went back would let the past be played again.
   */
  commit(frame: FrameOrder): void {
    const verdict = this.check(frame);
    if (verdict !== "fresh") throw new RangeError(`A ${verdict} frame cannot be accepted`);
    if (frame.generation > this.#current.generation) {
      this.#previous = this.#current.generation < 0 ? undefined : this.#current;
      this.#current = new ReplayTrack(frame.generation);
      this.#first_t_s = frame.t_s;
    }
    if (frame.generation < this.#current.generation) return this.#previous!.commit(frame);
    this.#current.commit(frame);
    if (this.#first_t_s === undefined) return;
    this.#first_t_s = Math.min(this.#first_t_s, frame.t_s);
    if (frame.t_s > this.#first_t_s + OVERLAP_S) this.#previous = undefined;
  }
}
