/**
 * Which of several servers to believe: the intersection of their confidence intervals
 * (RFC 5905 §11.2.1, Marzullo's algorithm).
 */
import type { SourceEstimate } from "./clock_filter.ts";

/**
 * The source nearest to its reference among the largest group whose intervals share a moment;
 * undefined when that group is smaller than `agreeing_min` or no majority of `candidates`.
 */
export function selectSource<T extends SourceEstimate>(
  candidates: readonly T[],
  agreeing_min: number,
): T | undefined {
  let truechimers: T[] = [];
  for (const candidate of candidates) {
    // The largest intersection always begins at the lower end of some interval.
    const point_s = candidate.sample.offset_s - candidate.distance_s;
    const holding = candidates.filter((other) =>
      Math.abs(other.sample.offset_s - point_s) <= other.distance_s + 1e-9
    );
    if (holding.length > truechimers.length) truechimers = holding;
  }
  if (truechimers.length < agreeing_min || truechimers.length * 2 <= candidates.length) {
    return undefined;
  }
  return truechimers.reduce((best, next) => next.distance_s < best.distance_s ? next : best);
}
