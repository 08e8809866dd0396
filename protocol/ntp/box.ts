/**
 * What is certain about an offset: an interval, whatever the network does.
 *
 * A packet takes no negative time. So the true offset lies within half the round trip of the measured
 * one, even when somebody holds packets back on one of the ways. Two such intervals, the older one
 * widened by all that a bad oscillator can do meanwhile, must overlap; where they do not, the server
 * itself has changed its time.
 */

/** RFC 5905 appendix A.1.1, MAXFREQ: no oscillator in use is worse, in seconds a second. */
export const FREQUENCY_MAX = 500e-6;
/** Clocks are read to about this. */
const RESOLUTION_S = 1e-5;

/** The offset is between `low_s` and `high_s` at the moment `at_s` (monotonic seconds). */
export interface Box {
  readonly at_s: number;
  readonly low_s: number;
  readonly high_s: number;
}

/** What one sample alone makes certain. */
export function boxOf(offset_s: number, delay_s: number, at_s: number): Box {
  const half_s = delay_s / 2 + RESOLUTION_S;
  return { at_s, low_s: offset_s - half_s, high_s: offset_s + half_s };
}

/** What both say at the moment of `newer`; undefined when they contradict each other. */
export function overlap(older: Box, newer: Box): Box | undefined {
  const drift_s = FREQUENCY_MAX * Math.max(0, newer.at_s - older.at_s);
  const low_s = Math.max(older.low_s - drift_s, newer.low_s);
  const high_s = Math.min(older.high_s + drift_s, newer.high_s);
  return low_s > high_s ? undefined : { at_s: newer.at_s, low_s, high_s };
}

/**
 * `offset_s` moved into `box`, and so near to its middle that it is wrong by no more than half of
 * `delayMax_s`, wherever in the box the truth is. Half of the longest round trip is what a packet that is held back
 * may shift a single sample by; this is what keeps a clever series of them from doing more.
 */
export function within(box: Box, offset_s: number, delayMax_s: number): number {
  const middle_s = (box.low_s + box.high_s) / 2;
  const half_s = (box.high_s - box.low_s) / 2;
  const reach_s = Math.max(0, Math.min(half_s, delayMax_s / 2 - half_s));
  return Math.min(middle_s + reach_s, Math.max(middle_s - reach_s, offset_s));
}
