/**
 * The two-state Kalman filter of a clock: its offset, and how fast that changes.
 *
 * The local clock is a monotonic clock that nobody steers, so its offset from a server is a straight
 * line that bends a little: the frequency of a quartz wanders like a drunkard with temperature. That
 * wander is all the process noise there is, and one number (`wander`) says how strong it is.
 */

/** Offset and frequency at a moment, with their covariance. Values are never changed in place. */
export interface ClockState {
  /** Monotonic seconds. */
  readonly at_s: number;
  /** Server minus local clock. */
  readonly offset_s: number;
  /** Growth of the offset, in seconds a second. */
  readonly frequency: number;
  /** Variance of the offset (s²), covariance (s), variance of the frequency. */
  readonly offsetVariance: number;
  readonly covariance: number;
  readonly frequencyVariance: number;
}

/**
 * The state as it is expected at `at_s`. `wander` is the standard deviation by which the frequency
 * changes in one second, in 1/sqrt(s): the offset is that noise integrated twice.
 */
export function extrapolate(state: ClockState, at_s: number, wander: number): ClockState {
  const age_s = Math.max(0, at_s - state.at_s);
  const { frequency, covariance, frequencyVariance } = state;
  const noise = wander * wander;
  return {
    at_s,
    offset_s: state.offset_s + frequency * age_s,
    frequency,
    offsetVariance: state.offsetVariance + 2 * covariance * age_s +
      frequencyVariance * age_s ** 2 + noise * age_s ** 3 / 3,
    covariance: covariance + frequencyVariance * age_s + noise * age_s ** 2 / 2,
    frequencyVariance: frequencyVariance + noise * age_s,
  };
}

/** `state` after a measurement of the offset at its own moment, with the variance of its noise. */
export function correct(state: ClockState, measured_s: number, variance: number): ClockState {
  const { offsetVariance, covariance } = state;
  const total = offsetVariance + variance;
  const offsetGain = offsetVariance / total;
  const frequencyGain = covariance / total;
  const innovation_s = measured_s - state.offset_s;
  return {
    at_s: state.at_s,
    offset_s: state.offset_s + offsetGain * innovation_s,
    frequency: state.frequency + frequencyGain * innovation_s,
    offsetVariance: offsetGain * variance,
    covariance: (1 - offsetGain) * covariance,
    frequencyVariance: Math.max(0, state.frequencyVariance - frequencyGain * covariance),
  };
}

/** `state` with its offset put to `offset_s`, and the frequency to what that lets one expect. */
export function pullTo(state: ClockState, offset_s: number): ClockState {
  const slope = state.offsetVariance > 0 ? state.covariance / state.offsetVariance : 0;
  const frequency = state.frequency + slope * (offset_s - state.offset_s);
  return { ...state, offset_s, frequency };
}
