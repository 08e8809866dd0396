/**
 * What the head-end believes of one meter's clock: the offset between the second of sealing and the
 * broker's arrival stamp (clock error less delay), with its variance. A scalar Kalman filter: the
 * variance grows while nothing is heard and shrinks with each sample.
 */

/** Seconds; JSON-able, so that it can lie in a snapshot and be read by people. */
export interface MeterClock {
  /** Expected (sealed - arrival), in seconds. */
  offset_s: number;
  variance_s2: number;
  /** Arrival of the last sample; 0 before the first. */
  sampled_at_ms: number;
  samples: number;
}

/** Before the first sample anything inside the default window of ten seconds is plausible. */
const FIRST_VARIANCE_S2 = 25;
/** Jitter of the way from sealing to arrival: 50 ms. */
const SAMPLE_VARIANCE_S2 = 0.05 ** 2;
/** How fast trust is lost: a free-running crystal of 100 ppm, squared over the age. */
const DRIFT_MAX = 100e-6;

export function freshMeterClock(): MeterClock {
  return { offset_s: 0, variance_s2: FIRST_VARIANCE_S2, sampled_at_ms: 0, samples: 0 };
}

/** The variance at `now_ms`, grown by the drift that may have happened since the last sample. */
export function varianceAt(clock: MeterClock, now_ms: number): number {
  if (clock.samples === 0) return clock.variance_s2;
  const age_s = Math.max(0, now_ms - clock.sampled_at_ms) / 1_000;
  return Math.min(FIRST_VARIANCE_S2, clock.variance_s2 + (DRIFT_MAX * age_s) ** 2);
}

/** Folds in one sample: a frame sealed at `sealed_at_ms` that arrived at `arrival_ms`. */
export function sampleMeterClock(clock: MeterClock, sealed_at_ms: number, arrival_ms: number) {
  const sample_s = (sealed_at_ms - arrival_ms) / 1_000;
  const variance_s2 = varianceAt(clock, arrival_ms);
  const gain = variance_s2 / (variance_s2 + SAMPLE_VARIANCE_S2);
  clock.offset_s += gain * (sample_s - clock.offset_s);
  clock.variance_s2 = (1 - gain) * variance_s2;
  clock.sampled_at_ms = Math.max(clock.sampled_at_ms, arrival_ms);
  clock.samples += 1;
}
