/**
 * The last eight samples of one server and the best of them (RFC 5905 §10).
 *
 * A packet that was quick on its way was hardly held up in a queue, so its offset is the least wrong.
 * An older sample loses against a newer one as the local clock drifts away from it.
 */
import type { TimeSample } from "./exchange.ts";

/** RFC 5905 §10, NSTAGE. */
const STAGES = 8;
/** RFC 5905 appendix A.1.1, PHI: how fast a clock may run away, in seconds a second. */
const DRIFT_USUAL = 15e-6;

interface Stage {
  readonly sample: TimeSample;
  readonly at_s: number;
}

/** What one server says, by its best sample. */
export interface SourceEstimate {
  readonly sample: TimeSample;
  /** When the sample was taken, monotonic seconds. */
  readonly at_s: number;
  /** Root dispersion, drift since the sample and the spread of the offsets, in seconds. */
  readonly dispersion_s: number;
  /** Bound of the error, in seconds: half of all delay and the dispersion. */
  readonly distance_s: number;
}

/** The clock filter of one server. Times are monotonic seconds. */
export class ClockFilter {
  readonly #stages: Stage[] = [];

  /** Takes `sample`, measured at `now_s`. */
  feed(sample: TimeSample, now_s: number): void {
    this.#stages.push({ sample, at_s: now_s });
    if (this.#stages.length > STAGES) this.#stages.shift();
  }

  /** The best sample as it stands at `now_s`, or undefined when there is none. */
  estimate(now_s: number): SourceEstimate | undefined {
    const rank = (stage: Stage) => stage.sample.delay_s / 2 + DRIFT_USUAL * (now_s - stage.at_s);
    let best = this.#stages[0];
    for (const stage of this.#stages) if (best && rank(stage) <= rank(best)) best = stage;
    if (best === undefined) return undefined;
    const { sample, at_s } = best;
    const dispersion_s = sample.rootDispersion_s + DRIFT_USUAL * (now_s - at_s) +
      this.#jitter(sample.offset_s);
    const distance_s = (sample.rootDelay_s + sample.delay_s) / 2 + dispersion_s;
    return { sample, at_s, dispersion_s, distance_s };
  }

  /** Root mean square of the differences from the best offset (RFC 5905 §10). */
  #jitter(best_s: number): number {
    if (this.#stages.length < 2) return 0;
    const squares = this.#stages.map((stage) => (stage.sample.offset_s - best_s) ** 2);
    return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / (squares.length - 1));
  }
}
