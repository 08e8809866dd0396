/**
 * What one server says about the local clock: a Kalman filter over its samples, kept within what the
 * round trips make certain, and with the doubts that a single strange sample deserves.
 */
import { type Box, boxOf, FREQUENCY_MAX, overlap, within } from "./box.ts";
import { Delays } from "./delays.ts";
import type { TimeSample } from "./exchange.ts";
import { type ClockState, correct, extrapolate, pullTo } from "./kalman.ts";
import type { Advice } from "./pace.ts";
import { Slopes } from "./slopes.ts";
import { Wander } from "./wander.ts";

/** A sample this many standard deviations beside its prediction is not believed at once. */
const SURPRISE_SIGMAS = 5;
/** So many of them in a row that agree with each other are the truth. */
const CONFIRMATIONS = 4;
/** After a step of the server the frequency is known less well, seconds a second. */
const FREQUENCY_DOUBT = 20e-6;

/** What became of a sample. */
export type FilterOutcome = "taken" | "delay_outlier" | "unconfirmed_step";

/** What one server says at a moment. */
export interface SourceEstimate {
  readonly state: ClockState;
  /** The last sample that was taken. */
  readonly sample: TimeSample;
  /** When it was taken, monotonic seconds. */
  readonly renewed_s: number;
  /** The quickest of the last round trips, in seconds. */
  readonly delay_s: number;
  /** Bound of the error, in seconds: half of all delay and the server's own error. */
  readonly distance_s: number;
  /** By how much the frequency may be wrong, and what the oscillator may drift, in s/s. */
  readonly drift: number;
}

interface Doubted {
  readonly sample: TimeSample;
  readonly at_s: number;
}

/** The filter of one server. Times are monotonic seconds. */
export class SourceFilter {
  readonly #delays = new Delays();
  readonly #wander = new Wander();
  readonly #slopes = new Slopes();
  readonly #driftMax: number;
  readonly #delayMax_s: number;
  #state: ClockState | undefined;
  #box: Box | undefined;
  #sample: TimeSample | undefined;
  /** Samples that contradict the state and each other not, with the box that they make. */
  #doubted: Doubted[] = [];
  #doubtedBox: Box | undefined;
  #advice: Advice = "same";

  /** `driftMax`: worst drift of the local oscillator, s/s; `delayMax_s`: the longest round trip taken. */
  constructor(driftMax: number, delayMax_s: number) {
    this.#driftMax = driftMax;
    this.#delayMax_s = delayMax_s;
  }

  /** How the pauses between questions are to change. */
  get advice(): Advice {
    return this.#advice;
  }

  /** Samples in a row that contradict what was known. */
  get doubts(): number {
    return this.#doubted.length;
  }

  /** Takes `sample`, measured at `now_s`. */
  feed(sample: TimeSample, now_s: number): FilterOutcome {
    if (this.#delays.isOutlier(sample.delay_s)) return "delay_outlier";
    this.#delays.add(sample.delay_s);
    if (this.#state === undefined) {
      this.#start(sample, now_s);
    } else if (this.#surprises(this.#state, sample, now_s)) {
      this.#doubt(sample, now_s);
      if (this.#doubted.length < CONFIRMATIONS) return "unconfirmed_step";
      this.#followStep();
    } else {
      this.#doubted = [];
      this.#update(this.#state, sample, now_s);
    }
    return "taken";
  }

  /** What is known at `now_s`, or undefined before the first sample. */
  estimate(now_s: number): SourceEstimate | undefined {
    const [state, box, sample] = [this.#state, this.#box, this.#sample];
    if (state === undefined || box === undefined || sample === undefined) return undefined;
    const certain_s = Math.max(box.high_s - state.offset_s, state.offset_s - box.low_s);
    const { low, high } = this.#slopes.range(this.#driftMax);
    const drift = Math.max(this.#driftMax, high - state.frequency, state.frequency - low);
    return {
      state: extrapolate(state, now_s, this.#wander.value),
      sample,
      renewed_s: state.at_s,
      delay_s: this.#delays.least_s,
      distance_s: certain_s + sample.rootDelay_s / 2 + sample.rootDispersion_s +
        drift * Math.max(0, now_s - state.at_s),
      drift,
    };
  }

  /** All that is known moves by `step_s`: a leap second of UTC, which the local clock has not. */
  shift(step_s: number): void {
    const [state, box] = [this.#state, this.#box];
    if (state === undefined || box === undefined) return;
    this.#state = { ...state, offset_s: state.offset_s + step_s };
    this.#box = { at_s: box.at_s, low_s: box.low_s + step_s, high_s: box.high_s + step_s };
    this.#slopes.shift(step_s);
    this.#doubted = [];
  }

  #start(sample: TimeSample, at_s: number): void {
    this.#state = {
      at_s,
      offset_s: sample.offset_s,
      frequency: 0,
      offsetVariance: this.#delays.noise(sample.delay_s),
      covariance: 0,
      frequencyVariance: this.#driftMax ** 2,
    };
    this.#box = boxOf(sample.offset_s, sample.delay_s, at_s);
    this.#slopes.clear();
    this.#slopes.add(this.#box);
    this.#sample = sample;
  }

  /** Whether `sample` is impossible, or very improbable, if nothing but the clock has drifted. */
  #surprises(state: ClockState, sample: TimeSample, at_s: number): boolean {
    const box = boxOf(sample.offset_s, sample.delay_s, at_s);
    if (this.#box !== undefined && overlap(this.#box, box) === undefined) return true;
    const expected = extrapolate(state, at_s, this.#wander.value);
    const variance = expected.offsetVariance + this.#delays.noise(sample.delay_s);
    return (sample.offset_s - expected.offset_s) ** 2 > SURPRISE_SIGMAS ** 2 * variance;
  }

  #doubt(sample: TimeSample, at_s: number): void {
    const box = boxOf(sample.offset_s, sample.delay_s, at_s);
    const common = this.#doubted.length === 0 || this.#doubtedBox === undefined
      ? box
      : overlap(this.#doubtedBox, box);
    if (common === undefined) this.#doubted = [];
    this.#doubtedBox = common ?? box;
    this.#doubted.push({ sample, at_s });
    this.#advice = "shortest";
  }

  /** The server, or the way to it, has changed for good: the offset begins anew. */
  #followStep(): void {
    const [first, ...rest] = this.#doubted;
    const before = this.#state;
    if (first === undefined || before === undefined) return;
    this.#doubted = [];
    this.#wander.forget();
    const { frequency } = before;
    this.#start(first.sample, first.at_s);
    const frequencyVariance = before.frequencyVariance + FREQUENCY_DOUBT ** 2;
    this.#state = { ...this.#state!, frequency, frequencyVariance };
    for (const { sample, at_s } of rest) this.#update(this.#state, sample, at_s);
    this.#advice = "shortest";
  }

  #update(state: ClockState, sample: TimeSample, at_s: number): void {
    const expected = extrapolate(state, at_s, this.#wander.value);
    const noise = this.#delays.noise(sample.delay_s);
    const innovation_s = sample.offset_s - expected.offset_s;
    const variance = expected.offsetVariance + noise;
    this.#wander.learn(innovation_s, variance);
    const box = boxOf(sample.offset_s, sample.delay_s, at_s);
    this.#box = this.#box === undefined ? box : overlap(this.#box, box) ?? box;
    this.#slopes.add(box);
    this.#state = this.#bounded(correct(expected, sample.offset_s, noise), this.#box);
    this.#sample = sample;
    this.#advice = this.#adviceAfter(innovation_s ** 2 / variance, at_s - state.at_s);
  }

  #bounded(state: ClockState, box: Box): ClockState {
    const offset_s = within(box, state.offset_s, this.#delayMax_s);
    const pulled = offset_s === state.offset_s ? state : pullTo(state, offset_s);
    const { low, high } = this.#slopes.range(this.#driftMax);
    const possible = Math.min(high, Math.max(low, pulled.frequency));
    const frequency = Math.min(FREQUENCY_MAX, Math.max(-FREQUENCY_MAX, possible));
    return { ...pulled, frequency };
  }

  /** Ask less often while the prediction for twice the pause is as good as a sample would be. */
  #adviceAfter(surprise: number, pause_s: number): Advice {
    if (surprise > 9) return "shorter";
    const state = this.#state!;
    const usual = this.#delays.usualNoise;
    const uncertainty = (ahead_s: number) =>
      extrapolate(state, state.at_s + ahead_s, this.#wander.value).offsetVariance;
    if (surprise <= 4 && uncertainty(2 * pause_s) <= 4 * usual) return "longer";
    return uncertainty(pause_s) > 16 * usual ? "shorter" : "same";
  }
}
