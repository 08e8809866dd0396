/**
 * Consumption an interval, as ESPI wants it, from a register that only ever counts up. Pure.
 *
 * An interval is what lies between two readings that follow one another. What cannot be told is left
 * out, as a missing interval, and never made up: where a reading is missing, where the register went
 * back, where a reading may not be used.
 */

/** One reading of a register, as it may be exported. */
export interface RegisterReading {
  readonly read_at_ms: number;
  /** Before the multiplying factor; null where the reading may not be used. */
  readonly value_wh: number | null;
  /** Code of ESPI's QualityOfReading, see `quality.ts`. */
  readonly quality: number;
}

export interface Interval {
  readonly start_s: number;
  readonly duration_s: number;
  /** Energy: register x factor, whole watt-hours. */
  readonly value_wh: number;
  readonly quality: number;
}

/** Readings farther apart than this many usual spacings have one missing between them. */
const GAP = 1.5;
/** ESPI's Int48. */
const VALUE_MAX = 2 ** 47 - 1;

/** The spacing that readings usually have, in whole seconds: the median; null for fewer than two. */
export function usualSpacing_s(readings: readonly { readonly read_at_ms: number }[]) {
  const spacings = readings.slice(1)
    .map(({ read_at_ms }, i) => Math.round((read_at_ms - readings[i]!.read_at_ms) / 1_000))
    .filter((spacing) => spacing > 0).sort((a, b) => a - b);
  return spacings.length === 0 ? null : spacings[Math.floor((spacings.length - 1) / 2)]!;
}

/**
 * What was used between two readings that follow one another; null where it is not known. `worse`
 * chooses of two qualities the one that the interval has.
 */
export function intervalBetween(
  before: RegisterReading,
  after: RegisterReading,
  given: { readonly factor: number; readonly usual_s: number },
  worse: (a: number, b: number) => number,
): Interval | null {
  const { factor, usual_s } = given;
  const [start_s, end_s] = [before, after].map(({ read_at_ms }) => Math.round(read_at_ms / 1_000));
  const duration_s = end_s! - start_s!;
  if (before.value_wh === null || after.value_wh === null) return null;
  if (duration_s <= 0 || duration_s > GAP * usual_s) return null;
  // Each end is rounded by itself: what one interval loses, the next one has, and the sum is right.
  const value_wh = Math.round(after.value_wh * factor) - Math.round(before.value_wh * factor);
  if (value_wh < 0 || value_wh > VALUE_MAX) return null;
  return {
    start_s: start_s!,
    duration_s,
    value_wh,
    quality: worse(before.quality, after.quality),
  };
}
