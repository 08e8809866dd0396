/**
 * Which of several servers to believe, and what they say together: the intersection of their
 * confidence intervals (RFC 5905 §11.2.1, Marzullo's algorithm), then the median.
 *
 * The median and not the mean: a false server whose wide interval overlaps the others' gets into the
 * group, but as long as it is outnumbered it cannot pull the result beyond an honest one.
 */
import type { SourceEstimate } from "./source_filter.ts";

/** A server with its name, as it stands at one moment for all. */
export interface Candidate extends SourceEstimate {
  readonly source: string;
}

/** What the chosen servers say together. */
export interface Combined {
  readonly offset_s: number;
  readonly frequency: number;
  /** By how much that may be wrong, and what the oscillator may drift, in s/s. */
  readonly drift: number;
  /** The server whose offset is nearest to the combined one. */
  readonly nearest: Candidate;
  /** Bound of the error, in seconds. */
  readonly distance_s: number;
  readonly group: readonly Candidate[];
}

/**
 * The largest group of `candidates` whose intervals share a moment; undefined when it is smaller than
 * `agreeing_min` or no majority. Of two groups of one size, the one that `expected_s` lies next to.
 */
export function truechimers(
  candidates: readonly Candidate[],
  agreeing_min: number,
  expected_s: number | undefined,
): readonly Candidate[] | undefined {
  let best: readonly Candidate[] = [];
  for (const candidate of candidates) {
    // The largest intersection always begins at the lower end of some interval.
    const point_s = candidate.state.offset_s - candidate.distance_s;
    const group = candidates.filter((other) =>
      Math.abs(other.state.offset_s - point_s) <= other.distance_s + 1e-9
    );
    if (group.length > best.length) best = group;
    else if (
      group.length === best.length && strangeness(group, expected_s) < strangeness(best, expected_s)
    ) {
      best = group;
    }
  }
  return best.length < agreeing_min || best.length * 2 <= candidates.length ? undefined : best;
}

/** How far a group is from what was expected; without expectation, how little it knows. */
function strangeness(group: readonly Candidate[], expected_s: number | undefined): number {
  const far = (one: Candidate) =>
    expected_s === undefined ? one.distance_s : Math.abs(one.state.offset_s - expected_s);
  return Math.max(...group.map(far));
}

/** What `group`, which must not be empty, says together. */
export function combine(group: readonly Candidate[]): Combined {
  const certainty = (one: Candidate) => 1 / (one.state.offsetVariance + one.distance_s ** 2);
  const offset_s = middle(group, (one) => one.state.offset_s, certainty);
  const frequency = middle(group, (one) => one.state.frequency, certainty);
  const off = (one: Candidate) => Math.abs(one.state.offset_s - offset_s);
  // Each honest server is a bound by itself. As many as can be false may state too small a one.
  const bounds = group.map((one) => one.distance_s + off(one)).sort((a, b) => a - b);
  const nearest = group.reduce((best, next) => off(next) < off(best) ? next : best);
  return {
    offset_s,
    frequency,
    drift: nearest.drift + Math.abs(nearest.state.frequency - frequency),
    nearest,
    distance_s: bounds[(group.length - 1) >> 1]!,
    group,
  };
}

/** The median of three or more; of two, the mean by `weight`. */
function middle(
  group: readonly Candidate[],
  value: (one: Candidate) => number,
  weight: (one: Candidate) => number,
): number {
  const [only] = group;
  if (only !== undefined && group.length === 1) return value(only);
  if (group.length === 2) {
    const total = group.reduce((sum, one) => sum + weight(one), 0);
    return group.reduce((sum, one) => sum + value(one) * weight(one), 0) / total;
  }
  const sorted = group.map(value).sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
