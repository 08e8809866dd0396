/**
 * The series of seconds that the head-end tries for a frame: the paper's T ± 10, best first.
 *
 * A frame tells nothing of its time, so the order of the search is a bet: the more probable second
 * goes first. What may have happened is a mixture of four stories. The clock is where it was learned
 * (a normal distribution around the expected moment); the frame stalled on its way (a tail towards
 * earlier seconds); the clock was moved a little (a thinner tail to both sides); or it was set right
 * again (a peak around the arrival itself). A fifth joins when the last frame was apart from the
 * model: the clock may stand where that one said. The probability of a second is that of the whole
 * stretch [t, t + 1), under all stories.
 */

/** Tolerance that a meter starts with, in seconds. */
export const WINDOW_DEFAULT_S = 10;
/** Widest search, for explaining a frame that did not open: a day to either side. */
export const WINDOW_MAX_S = 86_400;
/** Most candidates that `bestFirst` gives: both windows whole. */
export const CANDIDATES_MAX = 2 * (2 * WINDOW_DEFAULT_S + 1);

/** How probable each other story is than that the clock is where it was learned. */
const STALLED = 0.01;
const MOVED = 0.002;
const SET_RIGHT = 0.005;
const APART = 0.3;
/** Mean of what a stall takes and of what a clock is moved by, in seconds. */
const TAIL_S = 3;
/** How far from the arrival a clock is that was set right, delay included, in seconds. */
const SET_RIGHT_S = 1;
/** Below this deviation the second that holds the expected moment is the best under all stories. */
const SURE_S = 0.5;
/** A neighbour whose edge is nearer than this many deviations is better than any other story. */
const NEAR_DEVIATIONS = 2;
const DEVIATION_MIN_S = 0.001;

export interface BestFirstInput {
  /** The broker's stamp of the frame, Unix time in seconds with its fraction. */
  readonly arrival_s: number;
  /** Learned expectation of sealing time less arrival, in seconds, and its standard deviation. */
  readonly offset_s: number;
  readonly deviation_s: number;
  /** Sealing time less arrival of the last frame, where that one was apart from the model. */
  readonly apart_s?: number | undefined;
  /** `t mod 256` of a frame that gives it. */
  readonly hint?: number | undefined;
}

/**
 * The seconds within ten of the expected one and within ten of the arrival, most probable first, each
 * once: at most `CANDIDATES_MAX`, and only those that match a hint. Lazy: nearly every frame needs
 * the first alone, and the ranking is not made for those. Throws `RangeError` when the first is asked
 * of numbers that are no numbers.
 *
 * The window around the arrival is there because a meter that drifted far, or sent over a slow way,
 * and was then set right would otherwise lie outside of its own window for ever.
 */
export function* bestFirst(input: BestFirstInput): Generator<number, void, undefined> {
  const { arrival_s, offset_s, deviation_s, hint } = input;
  const expected_s = arrival_s + offset_s;
  assertTime(expected_s);
  assertTime(arrival_s);
  if (!(deviation_s >= 0)) throw new RangeError(`No deviation of a clock: ${deviation_s}`);
  const centre = Math.floor(expected_s);
  const sure = deviation_s < SURE_S && fits(centre, hint);
  if (sure) yield centre;
  const neighbour = sure ? nearNeighbour(input, expected_s) : undefined;
  if (neighbour !== undefined) yield neighbour;
  for (const t_s of ranked(input, expected_s)) {
    if (t_s !== neighbour && !(sure && t_s === centre)) yield t_s;
  }
}

/** The second best where that is sure without a ranking: nearly always, when the first was wrong. */
function nearNeighbour(input: BestFirstInput, expected_s: number): number | undefined {
  const { deviation_s, apart_s, hint } = input;
  const phase = expected_s - Math.floor(expected_s);
  const [edge_s, side] = phase > 0.5 ? [1 - phase, 1] : [phase, -1];
  if (apart_s !== undefined || edge_s > NEAR_DEVIATIONS * deviation_s) return undefined;
  const t_s = Math.floor(expected_s) + side;
  return fits(t_s, hint) ? t_s : undefined;
}

/**
 * All candidates in the order of their probability. Each is looked for when it is asked for: of a
 * meter that is heard for the first time the best of some twenty is nearly always the right one.
 */
function* ranked(input: BestFirstInput, expected_s: number): Generator<number, void, undefined> {
  const seconds = secondsAround(Math.floor(expected_s), Math.floor(input.arrival_s), input.hint);
  let [edge, upToEdge] = [NaN, NaN];
  const odds = seconds.map((t_s) => {
    const before = t_s === edge ? upToEdge : probabilityBefore(t_s, input, expected_s);
    edge = t_s + 1; // Where the next second begins, nearly always.
    upToEdge = probabilityBefore(edge, input, expected_s);
    return upToEdge - before;
  });
  for (let left = seconds.length; left > 0; left--) {
    let best = 0;
    for (let i = 1; i < odds.length; i++) if (odds[i]! > odds[best]!) best = i;
    odds[best] = -Infinity;
    yield seconds[best]!;
  }
}

/** The seconds of both windows that match the hint, each once; those of the learned one in order. */
function secondsAround(learned: number, arrived: number, hint: number | undefined): number[] {
  const seconds: number[] = [];
  const W = WINDOW_DEFAULT_S;
  for (let t_s = learned - W; t_s <= learned + W; t_s++) if (fits(t_s, hint)) seconds.push(t_s);
  for (let t_s = arrived - W; t_s <= arrived + W; t_s++) {
    if (Math.abs(t_s - learned) > W && fits(t_s, hint)) seconds.push(t_s);
  }
  return seconds;
}

function fits(t_s: number, hint: number | undefined): boolean {
  return t_s >= 0 && (hint === undefined || t_s % 256 === hint);
}

/**
 * The probability of all that lies before `t_s`, under all stories, up to a factor that is the same for
 * every `t_s`.
 */
function probabilityBefore(t_s: number, input: BestFirstInput, expected_s: number): number {
  const { arrival_s, apart_s } = input;
  const deviation_s = Math.max(input.deviation_s, DEVIATION_MIN_S);
  const late_s = t_s - expected_s;
  const right_s = t_s - arrival_s;
  return normal(late_s / deviation_s) +
    STALLED * 2 * laplace(Math.min(0, late_s) / TAIL_S) +
    MOVED * laplace(late_s / TAIL_S) +
    SET_RIGHT * laplace(right_s / SET_RIGHT_S) +
    (apart_s === undefined ? 0 : APART * normal((right_s - apart_s) / deviation_s));
}

/** Distribution function of the Laplace distribution, scale 1. */
function laplace(x: number): number {
  return x < 0 ? Math.exp(x) / 2 : 1 - Math.exp(-x) / 2;
}

/** Distribution function of the normal distribution; error below 1e-7 (Abramowitz, Stegun 26.2.17). */
function normal(x: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(x));
  const series = t *
    (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const tail = Math.exp(-x * x / 2) * series / Math.sqrt(2 * Math.PI);
  return x < 0 ? tail : 1 - tail;
}

/** Throws `RangeError` for what is no time of sealing. */
export function assertTime(value_s: number): void {
  if (!Number.isFinite(value_s) || Math.abs(value_s) > Number.MAX_SAFE_INTEGER / 2) {
    throw new RangeError(`The expected time of sealing is no time: ${value_s}`);
  }
}
