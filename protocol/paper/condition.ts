/** The decryption condition in closed form, and what follows from it for the order of the search. */
import type { Distribution } from "./distribution.ts";

/**
 * The probability that a frame arrives and its second lies in the window T - W, ..., T + W:
 * (1 - loss) (G(W+1) - G(W) - G(-W) + G(-W-1)), for a sealing moment anywhere in its second.
 */
export function openProbability(x: Distribution, window_s: number, loss = 0): number {
  const g = (at: number) => x.integral(at);
  const inWindow = g(window_s + 1) - g(window_s) - g(-window_s) + g(-window_s - 1);
  return (1 - loss) * Math.min(1, Math.max(0, inWindow));
}

/**
 * The probability that the expected second is the right one (W = 0, no loss) for small sigma and no
 * bias: 1 - 2 sigma / sqrt(2 pi), the 0.798 sigma of the text.
 */
export function firstRightApproximation(sigma: number): number {
  return 1 - Math.sqrt(2 / Math.PI) * sigma;
}

/** Place of a candidate in the search: `distance` seconds from the expected one, 1 = tried first. */
export type SearchOrder = (distance: number, phase: number, window_s: number) => number;

/** T - W first, T + W last. */
export const linearOrder: SearchOrder = (distance, _phase, window_s) => distance + window_s + 1;

/** The expected second first, then outward, the side first whose edge is nearer. */
export const nearestOrder: SearchOrder = (distance, phase) => {
  if (distance === 0) return 1;
  const nearerSide = phase > 0.5 ? 1 : -1;
  return 2 * Math.abs(distance) + (Math.sign(distance) === nearerSide ? 0 : 1);
};

export interface TrialsExpected {
  /** Mean number of trials of the frames that open. */
  readonly mean: number;
  readonly standardDeviation: number;
  /** The share of them that needs one trial only. */
  readonly first: number;
}

/** Slices of the expected second, over which the trials are averaged by the midpoint rule. */
const PHASES = 400;

/**
 * Trials of the frames that open within `window_s`. The expected moment lies at a phase v of its
 * second, uniform and independent of X; the sealing second is then k away with probability
 * F(v - k) - F(v - k - 1).
 */
export function expectedTrials(
  x: Distribution,
  window_s: number,
  order: SearchOrder,
): TrialsExpected {
  let weight = 0, sum = 0, squares = 0, first = 0;
  for (let i = 0; i < PHASES; i++) {
    const v = (i + 0.5) / PHASES;
    for (let k = -window_s; k <= window_s; k++) {
      const probability = x.cdf(v - k) - x.cdf(v - k - 1);
      const trials = order(k, v, window_s);
      weight += probability;
      sum += probability * trials;
      squares += probability * trials * trials;
      if (trials === 1) first += probability;
    }
  }
  const mean = sum / weight;
  const standardDeviation = Math.sqrt(Math.max(0, squares / weight - mean * mean));
  return { mean, standardDeviation, first: first / weight };
}

/**
 * The probability that at least one of `forgeries` random frames passes a check of `bits` when each
 * is tried with `candidates` keys: 1 - (1 - 2^-b)^(q N).
 */
export function forgeryProbability(bits: number, candidates: number, forgeries = 1): number {
  // Through logarithms, since 1 - 2^-128 is 1 in a double.
  return -Math.expm1(candidates * forgeries * Math.log1p(-(2 ** -bits)));
}
