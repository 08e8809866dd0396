/**
 * What the head-end believes of one meter's clock: its offset and its drift, with their covariance. A
 * two-state Kalman filter over (sealed - arrival), fed by nothing but journaled facts, so that the
 * same journal gives the same state to the last bit: it adds, multiplies and takes square roots, and
 * uses no function that may differ between two machines.
 */

/** A sample far from what was expected: a frame that stalled, or a clock that was set anew. */
export interface ApartSample {
  /** Sealed less arrival, in seconds. */
  readonly offset_s: number;
  readonly at_ms: number;
}

/** JSON-able, rounded to what matters: about 200 bytes in a snapshot, and readable by people. */
export interface MeterClock {
  /** Expected (sealed - arrival) at `sampled_at_ms`, in seconds: clock error less delay. */
  offset_s: number;
  /** How fast the clock gains, in parts per million (microseconds a second). */
  drift_ppm: number;
  variance_s2: number;
  /** Covariance of offset and drift, in s ppm. */
  covariance_s_ppm: number;
  drift_variance_ppm2: number;
  /** Variance of the way from sealing to arrival, as learned from this meter's frames. */
  jitter_s2: number;
  /** Arrival of the last sample that was folded in; 0 before the first. */
  sampled_at_ms: number;
  /** Samples that were folded in. */
  samples: number;
  /** The last sample, where it was apart from the model and was not confirmed yet. */
  apart: ApartSample | null;
}

/** The sealing time less the arrival that the model expects, with its standard deviation. */
export interface ClockExpectation {
  readonly offset_s: number;
  readonly deviation_s: number;
}

/** Before the first sample anything inside the default window of ten seconds is plausible. */
export const FIRST_VARIANCE_S2 = 25;
/** With a deviation above ten seconds nothing is known that a window of ten seconds could use. */
const VARIANCE_MAX_S2 = 100;
/** A free-running crystal of 100 ppm lies well inside of two deviations of this, 60 ppm. */
export const FIRST_DRIFT_VARIANCE_PPM2 = 60 ** 2;
/** Jitter of the way that is assumed until it is learned: 50 ms. */
export const FIRST_JITTER_S2 = 0.05 ** 2;
/** The learned jitter stays between 5 ms and 2 s. */
const JITTER_MIN_S2 = 0.005 ** 2;
const JITTER_MAX_S2 = 2 ** 2;
/** Weight of one sample in the learned jitter. */
const JITTER_WEIGHT = 1 / 32;
/** Most by which one sample may speak for jitter, in variances of what was expected. */
const JITTER_SAMPLE_MAX = 9;
/** Wander of frequency with temperature and age: 1.5 ppm in an hour. In ppm squared a second. */
const DRIFT_WANDER_PPM2_PER_S = 1.5 ** 2 / 3_600;
/** Wander of phase, of clocks that are steered: 1 ms in a quarter of an hour. In s squared a second. */
const PHASE_WANDER_S2_PER_S = 0.001 ** 2 / 900;
/** No clock that still works drifts more. */
const DRIFT_MAX_PPM = 500;
/** Silence beyond this says no more than this does: 90 days. */
const AGE_MAX_S = 90 * 86_400;
/** An arrival that lies further back means that the broker's clock was set; less is disorder. */
const BACK_MAX_MS = 3_600_000;
/** How far a sample may lie from what was expected, in deviations, and at least in seconds. */
const GATE_DEVIATIONS = 4;
const GATE_MIN_S = 0.5;
/**
 * A sample apart is confirmed by another that agrees and came at least so much later: frames that
 * waited in one stall of the network arrive together.
 */
const CONFIRM_AFTER_MS = 10_000;
/** After a clock was set anew its drift is doubted by so much: 10 ppm. */
const RESET_DRIFT_VARIANCE_PPM2 = 10 ** 2;
/** A whole day of error is none that a frame was opened with. */
const SAMPLE_MAX_S = 86_400;
const PPM = 1e-6;

export function freshMeterClock(): MeterClock {
  return {
    offset_s: 0,
    drift_ppm: 0,
    variance_s2: FIRST_VARIANCE_S2,
    covariance_s_ppm: 0,
    drift_variance_ppm2: FIRST_DRIFT_VARIANCE_PPM2,
    jitter_s2: FIRST_JITTER_S2,
    sampled_at_ms: 0,
    samples: 0,
    apart: null,
  };
}

/** Offset and covariance some time after the last sample. */
interface Prediction {
  readonly offset_s: number;
  readonly variance_s2: number;
  readonly covariance_s_ppm: number;
  readonly drift_variance_ppm2: number;
}

/**
 * What to expect of a frame that arrives at `at_ms`: where its second lies and how sure that is. The
 * deviation grows while nothing is heard, and includes the jitter of the way.
 */
export function expectedOf(clock: MeterClock, at_ms: number): ClockExpectation {
  const { offset_s, variance_s2 } = predict(clock, at_ms);
  return { offset_s, deviation_s: Math.sqrt(variance_s2 + clock.jitter_s2) };
}

/** Variance of the offset alone at `at_ms`, in seconds squared. */
export function varianceAt(clock: MeterClock, at_ms: number): number {
  return predict(clock, at_ms).variance_s2;
}

function predict(clock: MeterClock, at_ms: number): Prediction {
  const age_s = clock.samples === 0 ? 0 : ageOf(clock, at_ms);
  const { drift_ppm, drift_variance_ppm2: drift_variance, covariance_s_ppm: covariance } = clock;
  const step = age_s * PPM;
  const wander_ppm2 = DRIFT_WANDER_PPM2_PER_S * age_s;
  const drift_variance_ppm2 = Math.min(FIRST_DRIFT_VARIANCE_PPM2, drift_variance + wander_ppm2);
  const variance_s2 = clock.variance_s2 + 2 * step * covariance + step * step * drift_variance +
    PHASE_WANDER_S2_PER_S * age_s + wander_ppm2 * step * step / 3;
  const offset_s = clock.offset_s + drift_ppm * step;
  if (variance_s2 > VARIANCE_MAX_S2) {
    // After a silence this long an error says nothing sure of the drift: it may have been set.
    return { offset_s, variance_s2: VARIANCE_MAX_S2, covariance_s_ppm: 0, drift_variance_ppm2 };
  }
  // Where the drift's variance was cut to its limit, the covariance must not say more than the two.
  const most = Math.sqrt(variance_s2 * drift_variance_ppm2);
  const grown = covariance + step * drift_variance + wander_ppm2 * step / 2;
  const covariance_s_ppm = Math.min(most, Math.max(-most, grown));
  return { offset_s, variance_s2, covariance_s_ppm, drift_variance_ppm2 };
}

function ageOf(clock: MeterClock, at_ms: number): number {
  const age_s = (at_ms - clock.sampled_at_ms) / 1_000;
  return age_s > 0 ? Math.min(age_s, AGE_MAX_S) : 0;
}

/**
 * Folds in one sample: a frame sealed at `sealed_at_ms` that arrived at `arrival_ms`. A sample far
 * from what was expected is set aside once, since a network that stalls makes one frame late and says
 * nothing of the clock; when a later one agrees with it, the clock was set anew and is followed. Times
 * that are no times change nothing.
 */
export function sampleMeterClock(clock: MeterClock, sealed_at_ms: number, arrival_ms: number) {
  const sample_s = (sealed_at_ms - arrival_ms) / 1_000;
  if (!Number.isSafeInteger(arrival_ms) || !(Math.abs(sample_s) <= SAMPLE_MAX_S)) return;
  const expected = predict(clock, arrival_ms);
  const innovation_s = sample_s - expected.offset_s;
  const spread_s2 = expected.variance_s2 + clock.jitter_s2;
  const gate_s = Math.max(GATE_DEVIATIONS * Math.sqrt(spread_s2), GATE_MIN_S);
  if (expected.variance_s2 <= clock.jitter_s2) learnJitter(clock, innovation_s, expected);
  if (Math.abs(innovation_s) <= gate_s) {
    update(clock, expected, innovation_s, spread_s2);
  } else if (confirms(clock, sample_s, arrival_ms)) {
    clock.offset_s = round6(sample_s);
    clock.variance_s2 = clock.jitter_s2;
    clock.covariance_s_ppm = 0;
    clock.drift_variance_ppm2 = Math.max(expected.drift_variance_ppm2, RESET_DRIFT_VARIANCE_PPM2);
  } else {
    // The first of several that agree is kept: it has waited longest for its confirmation.
    // One that lies ahead was stamped before the broker's clock was set back: it would wait for ever.
    const isAhead = clock.apart !== null && clock.apart.at_ms - arrival_ms > BACK_MAX_MS;
    if (isAhead || !agrees(clock, sample_s, arrival_ms)) {
      clock.apart = { offset_s: round6(sample_s), at_ms: arrival_ms };
    }
    return;
  }
  clock.apart = null;
  clock.samples += 1;
  const back_ms = clock.sampled_at_ms - arrival_ms;
  if (back_ms < 0 || back_ms > BACK_MAX_MS) clock.sampled_at_ms = arrival_ms;
}

/** The Kalman update (offset is what is seen; drift follows by the covariance). */
function update(clock: MeterClock, before: Prediction, innovation_s: number, spread_s2: number) {
  const gain = before.variance_s2 / spread_s2;
  const driftGain = before.covariance_s_ppm / spread_s2;
  const drift_ppm = clock.drift_ppm + driftGain * innovation_s;
  clock.offset_s = round6(before.offset_s + gain * innovation_s);
  clock.drift_ppm = round6(Math.min(DRIFT_MAX_PPM, Math.max(-DRIFT_MAX_PPM, drift_ppm)));
  clock.variance_s2 = round9((1 - gain) * before.variance_s2);
  clock.covariance_s_ppm = round6((1 - gain) * before.covariance_s_ppm);
  clock.drift_variance_ppm2 = round6(
    before.drift_variance_ppm2 - driftGain * before.covariance_s_ppm,
  );
}

/** What a sample says beyond the model's own doubt is the way's jitter; a stall says little. */
function learnJitter(clock: MeterClock, innovation_s: number, { variance_s2 }: Prediction) {
  const most_s2 = JITTER_SAMPLE_MAX * (variance_s2 + clock.jitter_s2);
  const seen_s2 = Math.min(innovation_s * innovation_s, most_s2) - variance_s2;
  const learned_s2 = clock.jitter_s2 + JITTER_WEIGHT * (seen_s2 - clock.jitter_s2);
  clock.jitter_s2 = round9(Math.min(JITTER_MAX_S2, Math.max(JITTER_MIN_S2, learned_s2)));
}

/** Whether the sample that was set aside and this one tell of one and the same clock. */
function agrees({ apart, ...clock }: MeterClock, sample_s: number, arrival_ms: number): boolean {
  if (apart === null) return false;
  const step = Math.min(AGE_MAX_S, Math.abs(arrival_ms - apart.at_ms) / 1_000) * PPM;
  const spread_s2 = 2 * clock.jitter_s2 + step * step * clock.drift_variance_ppm2;
  const moved_s = sample_s - apart.offset_s - clock.drift_ppm * step;
  return Math.abs(moved_s) <= Math.max(GATE_DEVIATIONS * Math.sqrt(spread_s2), GATE_MIN_S);
}

function confirms(clock: MeterClock, sample_s: number, arrival_ms: number): boolean {
  return clock.apart !== null && arrival_ms - clock.apart.at_ms >= CONFIRM_AFTER_MS &&
    agrees(clock, sample_s, arrival_ms);
}

/** Six places: a microsecond, a millionth of a ppm. */
function round6(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

function round9(value: number): number {
  return Math.round(value * 1e9) / 1e9;
}
