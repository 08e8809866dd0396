/**
 * What the local clock is wrong by, from the samples of all servers, and how far to trust that.
 *
 * The local clock is a monotonic clock with a fixed start. It cannot jump, so an answer that says it
 * did is refused: that is how a lying or broken server is kept from walking the sealing keys into
 * the future. An estimate that no good answer renews ages until it is not good enough to seal by;
 * then, and only then, the next answers start it afresh.
 */
import type { ClockQuality } from "../messages/common.ts";
import { ClockFilter, type SourceEstimate } from "./clock_filter.ts";
import type { TimeSample } from "./exchange.ts";
import { selectSource } from "./select.ts";

export interface DisciplineOptions {
  /** Servers that are configured. Of three or more, a majority must agree. */
  readonly sources: number;
  /** Larger changes of the offset, in seconds, are refused. */
  readonly stepMax_s?: number;
  /** Worst drift of the local oscillator, in seconds a second. */
  readonly driftMax?: number;
  /** Without a good answer for this long the clock is in holdover. */
  readonly fresh_s?: number;
  /** With an error bound beyond this the clock counts as not synchronised. */
  readonly errorMax_s?: number;
}

/** What became of a sample. */
export type FeedOutcome =
  | { readonly outcome: "adopted" }
  /** Not enough servers, or servers that contradict each other. */
  | { readonly outcome: "no_majority"; readonly candidates: number }
  | { readonly outcome: "step_refused"; readonly step_s: number };

export interface ClockEstimate {
  /** To be added to the local clock, in seconds; 0 as long as nothing is known. */
  readonly offset_s: number;
  readonly delay_s: number | null;
  /** Error beyond half of the delay, in seconds, growing with age. */
  readonly dispersion_s: number | null;
  readonly quality: ClockQuality;
  readonly stratum: number | null;
  /** Name of the server that was chosen. */
  readonly source: string | null;
}

interface Adopted extends SourceEstimate {
  readonly source: string;
  /** When the last good answer came, monotonic seconds. */
  renewed_s: number;
}

/** Servers that are kept apart; more are refused by configuration, this is the last guard. */
const SOURCES_MAX = 16;

/** One clock's estimator. Times are monotonic seconds of that clock. */
export class Discipline {
  readonly #stepMax_s: number;
  readonly #driftMax: number;
  readonly #fresh_s: number;
  readonly #errorMax_s: number;
  readonly #agreeing_min: number;
  readonly #filters = new Map<string, ClockFilter>();
  #adopted: Adopted | undefined;

  constructor(options: DisciplineOptions) {
    this.#stepMax_s = options.stepMax_s ?? 2;
    this.#driftMax = options.driftMax ?? 100e-6;
    this.#fresh_s = options.fresh_s ?? 600;
    this.#errorMax_s = options.errorMax_s ?? 2;
    this.#agreeing_min = options.sources >= 3 ? Math.floor(options.sources / 2) + 1 : 1;
  }

  /** Takes a sample of `source` at `now_s`. */
  feed(source: string, sample: TimeSample, now_s: number): FeedOutcome {
    if (this.#adopted !== undefined && this.#error_s(this.#adopted, now_s) > this.#errorMax_s) {
      this.#adopted = undefined;
      this.#filters.clear();
    }
    const step_s = this.#unconfirmedStep_s(sample, now_s);
    if (step_s !== undefined) return { outcome: "step_refused", step_s };
    this.#filterOf(source).feed(sample, now_s);
    const candidates = this.#candidates(now_s);
    const chosen = selectSource(candidates, this.#agreeing_min);
    if (chosen === undefined) return { outcome: "no_majority", candidates: candidates.length };
    this.#adopted = { ...chosen, renewed_s: now_s };
    return { outcome: "adopted" };
  }

  /** What is known at `now_s`. */
  estimate(now_s: number): ClockEstimate {
    const adopted = this.#adopted;
    if (adopted === undefined) {
      return {
        offset_s: 0,
        delay_s: null,
        dispersion_s: null,
        quality: 0,
        stratum: null,
        source: null,
      };
    }
    const { sample } = adopted;
    return {
      offset_s: sample.offset_s,
      delay_s: sample.delay_s,
      dispersion_s: adopted.dispersion_s + this.#driftMax * (now_s - adopted.at_s),
      quality: this.#quality(adopted, now_s),
      stratum: sample.stratum,
      source: adopted.source,
    };
  }

  #quality(adopted: Adopted, now_s: number): ClockQuality {
    if (this.#error_s(adopted, now_s) > this.#errorMax_s) return 0;
    if (now_s - adopted.renewed_s > this.#fresh_s) return 1;
    return adopted.sample.authenticated ? 3 : 2;
  }

  /** Bound of the error at `now_s`, if the oscillator drifted as badly as it may. */
  #error_s(adopted: Adopted, now_s: number): number {
    return adopted.distance_s + this.#driftMax * (now_s - adopted.at_s);
  }

  /** By how much `sample` contradicts the monotonic clock, when that is more than it may. */
  #unconfirmedStep_s(sample: TimeSample, now_s: number): number | undefined {
    if (this.#adopted === undefined) return undefined;
    const step_s = sample.offset_s - this.#adopted.sample.offset_s;
    const allowed_s = this.#stepMax_s + this.#driftMax * (now_s - this.#adopted.at_s);
    return Math.abs(step_s) > allowed_s ? step_s : undefined;
  }

  #filterOf(source: string): ClockFilter {
    let filter = this.#filters.get(source);
    if (filter === undefined) {
      if (this.#filters.size >= SOURCES_MAX) {
        throw new RangeError(`More than ${SOURCES_MAX} time sources`);
      }
      this.#filters.set(source, filter = new ClockFilter());
    }
    return filter;
  }

  #candidates(now_s: number): (SourceEstimate & { source: string })[] {
    const fresh = [];
    for (const [source, filter] of this.#filters) {
      const estimate = filter.estimate(now_s);
      if (estimate !== undefined && now_s - estimate.at_s <= this.#fresh_s) {
        fresh.push({ ...estimate, source });
      }
    }
    return fresh;
  }
}
