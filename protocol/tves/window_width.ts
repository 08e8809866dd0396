/** The seconds of a window whose width somebody chose: for `frame open` and the experiments. */
import { assertTime, WINDOW_MAX_S } from "./window.ts";

export interface WindowInput {
  /** The broker's stamp of the frame, Unix time in seconds with its fraction. */
  readonly arrival_s: number;
  /** Learned expectation of sealing time less arrival: clock offset less delay, in seconds. */
  readonly expectedOffset_s: number;
  /** Tolerance to either side of the expected second, in seconds. */
  readonly window_s: number;
  /** `t mod 256` of a frame that gives it. */
  readonly hint?: number | undefined;
}

/**
 * The whole seconds within the window around the expected moment of sealing, nearest first: 2 W + 1
 * of them, or those that match the hint. For people who ask for a width; a master uses `bestFirst`.
 *
 * The expected moment lies within one second; that one comes first. The next best is the neighbour
 * whose edge is nearer, and so on outward, so that the number of trials follows the clock's error.
 * Throws `RangeError` when the numbers are no numbers or the window is wider than a day.
 */
export function candidateSeconds(input: WindowInput): number[] {
  const expected_s = input.arrival_s + input.expectedOffset_s;
  const reach = Math.floor(input.window_s);
  assertTime(expected_s);
  if (!(reach >= 0 && reach <= WINDOW_MAX_S)) {
    throw new RangeError(`A window is 0 to ${WINDOW_MAX_S} s wide, not ${input.window_s}`);
  }
  const centre = Math.floor(expected_s);
  // Exactly in the middle of a second both neighbours are as near; the earlier one goes first.
  const nearerSide = expected_s - centre > 0.5 ? 1 : -1;
  const candidates: number[] = [];
  const consider = (t_s: number) => {
    if (t_s < 0) return;
    if (input.hint !== undefined && t_s % 256 !== input.hint) return;
    candidates.push(t_s);
  };
  consider(centre);
  for (let distance = 1; distance <= reach; distance++) {
    consider(centre + nearerSide * distance);
    consider(centre - nearerSide * distance);
  }
  return candidates;
}
