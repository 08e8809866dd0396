/**
 * Whether a count that was measured agrees with a probability that was predicted, judged exactly.
 *
 * Hundreds of comparisons are made in one experiment, so each alone must be judged less strictly: with
 * `FAMILY_ALPHA / comparisons` a right prediction fails somewhere in one experiment of a thousand.
 */
import { Phi } from "./distribution.ts";

/** The probability that chance alone makes an experiment disagree anywhere. */
export const FAMILY_ALPHA = 1e-3;

/** Sums of logarithms, so that factorials need not be computed: `lnFactorial[n]` = ln n!. */
const lnFactorials: number[] = [0];

function lnFactorial(n: number): number {
  for (let i = lnFactorials.length; i <= n; i++) {
    lnFactorials.push(lnFactorials[i - 1]! + Math.log(i));
  }
  return lnFactorials[n]!;
}

/** The probability of exactly `k` of `n` when each happens with probability `p`. */
function binomialPmf(k: number, n: number, p: number): number {
  if (p <= 0) return k === 0 ? 1 : 0;
  if (p >= 1) return k === n ? 1 : 0;
  const lnWays = lnFactorial(n) - lnFactorial(k) - lnFactorial(n - k);
  return Math.exp(lnWays + k * Math.log(p) + (n - k) * Math.log1p(-p));
}

/**
 * The two-sided exact binomial test: how probable a count at least as far out as `hits` of `n` is when
 * the probability really is `p`. 1 is perfect agreement, 1e-9 is a wrong prediction.
 */
export function binomialPValue(hits: number, n: number, p: number): number {
  const tail = (step: 1 | -1) => {
    let sum = 0;
    for (let k = hits; k >= 0 && k <= n; k += step) {
      const term = binomialPmf(k, n, p);
      sum += term;
      // Beyond the mean the terms only fall.
      if (term < sum * 1e-17 && (k - n * p) * step > 0) break;
    }
    return sum;
  };
  return Math.min(1, 2 * Math.min(tail(1), tail(-1)));
}

/** The two-sided normal test of a mean of `n` values that are expected to have mean and deviation. */
export function meanPValue(
  measured: number,
  expected: { readonly mean: number; readonly standardDeviation: number },
  n: number,
): number {
  if (n === 0) return 1;
  const error = expected.standardDeviation / Math.sqrt(n);
  if (error === 0) return Math.abs(measured - expected.mean) < 1e-9 ? 1 : 0;
  return 2 * Phi(-Math.abs(measured - expected.mean) / error);
}

/** The difference of a share of `n` from `p` in standard errors, for a `p` that is neither 0 nor 1. */
export function standardErrors(share: number, n: number, p: number): number {
  return (share - p) / Math.sqrt(p * (1 - p) / n);
}
