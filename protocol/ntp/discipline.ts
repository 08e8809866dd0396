/**
 * What the local clock is wrong by, from the samples of all servers, and how far to trust that.
 *
 * The local clock is a monotonic clock with a fixed start. It cannot jump, so an answer that says it
 * did by more than the cap is refused, whoever and how many insist: that is how lying or broken
 * servers are kept from walking the sealing keys into the future. Meanwhile the clock runs on by its
 * offset and frequency, its error bound grows, and when that is no longer good enough to seal by,
 * then, and only then, the next answers start it afresh. A step below the cap is followed once several
 * samples of a majority confirm it.
 */
import type { ClockQuality } from "../messages/common.ts";
import { DELAY_MAX_S, delayTaken_s, type TimeSample } from "./exchange.ts";
import { type Leap, leapAtMonthEnd, leapByVote, type LeapKind, leapStep_s } from "./leap.ts";
import type { Advice } from "./pace.ts";
import { type Candidate, combine, type Combined, truechimers } from "./select.ts";
import { SourceFilter } from "./source_filter.ts";

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
  /** Cap on the round trip of an answer, up to 1 s: delays move the clock by no more than half. */
  readonly delayMax_s?: number;
}

/** What became of a sample. */
export type FeedOutcome =
  | { readonly outcome: "adopted" }
  /** Not enough servers, or servers that contradict each other. */
  | { readonly outcome: "no_majority"; readonly candidates: number }
  /** Most servers agree on another time than this one. */
  | { readonly outcome: "outvoted" }
  | { readonly outcome: "step_refused"; readonly step_s: number }
  /** The round trip is beyond the configured cap. */
  | { readonly outcome: "delay_too_long" }
  /** A packet that was held up on its way; the next such one is taken. */
  | { readonly outcome: "delay_outlier" }
  /** The server contradicts its past; it is believed when it keeps to that. */
  | { readonly outcome: "unconfirmed_step"; readonly step_s: number };

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
  /** By how much the local clock is slow, in millionths, as far as it is known. */
  readonly frequency_ppm: number | null;
  /** A leap second that is announced for the end of this month: 1 one more, 2 one less, 0 none. */
  readonly leap: 0 | LeapKind;
}

/** What was combined, and when. */
interface Adopted extends Combined {
  readonly at_s: number;
  /** By how much answers had moved the clock beside what the monotonic clock confirms, in seconds. */
  readonly moved_s: number;
}

/** Servers that are kept apart; more are refused by configuration, this is the last guard. */
const SOURCES_MAX = 16;
/** One of two servers starts the clock alone after so many answers: the other one is silent then. */
const ALONE_FROM = 4;
/** A server that contradicted the clock so many times in a row contests it. */
const CONTESTED_FROM = 2;

const UNKNOWN: ClockEstimate = {
  offset_s: 0,
  delay_s: null,
  dispersion_s: null,
  quality: 0,
  stratum: null,
  source: null,
  frequency_ppm: null,
  leap: 0,
};

interface Source {
  readonly filter: SourceFilter;
  /** Refused steps in a row. */
  refused: number;
  /** Samples that were taken with no long silence between them, and when the last one was. */
  taken: number;
  taken_s: number;
}

/** One clock's estimator. Times are monotonic seconds of that clock, and never go back. */
export class Discipline {
  readonly #stepMax_s: number;
  readonly #driftMax: number;
  readonly #fresh_s: number;
  readonly #errorMax_s: number;
  readonly #delayTaken_s: number;
  readonly #agreeing_min: number;
  readonly #alone_from: number;
  readonly #sources = new Map<string, Source>();
  #adopted: Adopted | undefined;
  /** Unix time of the local clock at monotonic zero, in seconds. */
  #epoch_s: number | undefined;
  #leap: Leap | undefined;
  /** Until then Unix time is not unique: the second that an inserted one repeats. */
  #ambiguousUntil_s = -Infinity;

  constructor(options: DisciplineOptions) {
    this.#stepMax_s = options.stepMax_s ?? 2;
    this.#driftMax = options.driftMax ?? 100e-6;
    this.#fresh_s = options.fresh_s ?? 600;
    this.#errorMax_s = options.errorMax_s ?? 2;
    this.#delayTaken_s = delayTaken_s(Math.min(options.delayMax_s ?? DELAY_MAX_S, DELAY_MAX_S));
    this.#alone_from = options.sources === 2 ? ALONE_FROM : 1;
    this.#agreeing_min = options.sources >= 3 ? Math.floor(options.sources / 2) + 1 : 1;
  }

  /** Takes a sample of `name` at `now_s`. */
  feed(name: string, sample: TimeSample, now_s: number): FeedOutcome {
    this.#leapIfDue(now_s);
    if (sample.delay_s > this.#delayTaken_s) return { outcome: "delay_too_long" };
    if (this.#adopted !== undefined && this.#error_s(this.#adopted, now_s) > this.#errorMax_s) {
      this.#adopted = undefined;
      this.#sources.clear();
    }
    const source = this.#sourceOf(name, now_s);
    const step_s = sample.offset_s - this.#offset_s(now_s);
    if (this.#isBeyondCap(step_s, now_s)) {
      source.refused++;
      return { outcome: "step_refused", step_s };
    }
    source.refused = 0;
    const outcome = source.filter.feed(sample, now_s);
    if (outcome === "delay_outlier") return { outcome };
    if (outcome === "unconfirmed_step") return { outcome, step_s };
    source.taken = now_s - source.taken_s > this.#fresh_s ? 1 : source.taken + 1;
    source.taken_s = now_s;
    return this.#adopt(name, sample, now_s);
  }

  /** What is known at `now_s`. */
  estimate(now_s: number): ClockEstimate {
    this.#leapIfDue(now_s);
    const adopted = this.#adopted;
    if (adopted === undefined) return UNKNOWN;
    const { nearest } = adopted;
    const error_s = this.#error_s(adopted, now_s);
    return {
      offset_s: this.#offset_s(now_s),
      delay_s: nearest.delay_s,
      dispersion_s: Math.max(0, error_s - nearest.delay_s / 2),
      quality: this.#quality(adopted, error_s, now_s),
      stratum: nearest.sample.stratum,
      source: nearest.source,
      frequency_ppm: adopted.frequency * 1e6,
      leap: this.#leap?.kind ?? 0,
    };
  }

  /** How the pauses between questions to `name` are to change. */
  advice(name: string): Advice {
    return this.#sources.get(name)?.filter.advice ?? "same";
  }

  /** Chooses and combines what the servers say now. */
  #adopt(name: string, sample: TimeSample, now_s: number): FeedOutcome {
    const candidates = this.#candidates(now_s);
    const expected_s = this.#adopted === undefined ? undefined : this.#offset_s(now_s);
    const group = this.#isHastyAlone(candidates)
      ? undefined
      : truechimers(candidates, this.#agreeing_min, expected_s);
    if (group === undefined) return { outcome: "no_majority", candidates: candidates.length };
    if (!group.some(({ source }) => source === name)) return { outcome: "outvoted" };
    const combined = combine(group);
    const beside_s = expected_s === undefined ? 0 : combined.offset_s - expected_s;
    this.#adopted = { ...combined, at_s: now_s, moved_s: this.#moved_s(now_s) + beside_s };
    if (sample.local_s !== undefined) {
      this.#epoch_s = sample.local_s - now_s;
      const kind = leapByVote(group.map((one) => one.sample.leap));
      this.#leap = kind === undefined ? undefined : leapAtMonthEnd(kind, this.#utc_s(now_s));
    }
    return { outcome: "adopted" };
  }

  /** Whether one of two servers would start the clock before the other had its say. */
  #isHastyAlone([first, ...others]: readonly Candidate[]): boolean {
    if (this.#adopted !== undefined || first === undefined || others.length > 0) return false;
    return (this.#sources.get(first.source)?.taken ?? 0) < this.#alone_from;
  }

  #offset_s(now_s: number): number {
    const adopted = this.#adopted;
    if (adopted === undefined) return 0;
    return adopted.offset_s + adopted.frequency * Math.max(0, now_s - adopted.at_s);
  }

  #utc_s(now_s: number): number {
    return (this.#epoch_s ?? 0) + now_s + this.#offset_s(now_s);
  }

  #quality(adopted: Adopted, error_s: number, now_s: number): ClockQuality {
    if (error_s > this.#errorMax_s || now_s < this.#ambiguousUntil_s) return 0;
    if (now_s - adopted.at_s > this.#fresh_s || this.#isContested()) return 1;
    return adopted.group.every((one) => one.sample.authenticated) ? 3 : 2;
  }

  /** Whether most servers that were heard contradict the clock now, so that none confirms it. */
  #isContested(): boolean {
    let contesting = 0;
    for (const { filter, refused } of this.#sources.values()) {
      if (Math.max(filter.doubts, refused) >= CONTESTED_FROM) contesting++;
    }
    return contesting * 2 > this.#sources.size;
  }

  /**
   * Bound of the error at `now_s`, if the oscillator has drifted since as badly as it may: its worst
   * drift, or what is not known of its frequency when that is more.
   */
  #error_s(adopted: Adopted, now_s: number): number {
    return adopted.distance_s + adopted.drift * Math.max(0, now_s - adopted.at_s);
  }

  /** Whether a sample contradicts the monotonic clock by more than it may. */
  #isBeyondCap(step_s: number, now_s: number): boolean {
    if (this.#adopted === undefined) return false;
    const allowed_s = this.#stepMax_s + this.#driftMax * (now_s - this.#adopted.at_s);
    return Math.abs(this.#moved_s(now_s) + step_s) > allowed_s;
  }

  /** What is not forgiven yet of all moves: many small steps go no farther than one large one may. */
  #moved_s(now_s: number): number {
    if (this.#adopted === undefined) return 0;
    const { moved_s, at_s } = this.#adopted;
    const left_s = Math.abs(moved_s) - this.#driftMax * Math.max(0, now_s - at_s);
    return Math.sign(moved_s) * Math.max(0, left_s);
  }

  /** Takes the announced leap second when its moment is past. */
  #leapIfDue(now_s: number): void {
    const [leap, adopted] = [this.#leap, this.#adopted];
    if (leap === undefined || adopted === undefined) return;
    const past_s = this.#utc_s(now_s) - leap.due_s;
    if (past_s < 0) return;
    const step_s = leapStep_s(leap.kind);
    this.#adopted = { ...adopted, offset_s: adopted.offset_s + step_s };
    for (const { filter } of this.#sources.values()) filter.shift(step_s);
    if (leap.kind === 1) this.#ambiguousUntil_s = now_s - past_s + 1;
    this.#leap = undefined;
  }

  #sourceOf(name: string, now_s: number): Source {
    let source = this.#sources.get(name);
    if (source === undefined) {
      if (this.#sources.size >= SOURCES_MAX) {
        throw new RangeError(`More than ${SOURCES_MAX} time sources`);
      }
      source = {
        filter: new SourceFilter(this.#driftMax, this.#delayTaken_s),
        refused: 0,
        taken: 0,
        taken_s: now_s,
      };
      this.#sources.set(name, source);
    }
    return source;
  }

  #candidates(now_s: number): Candidate[] {
    const fresh: Candidate[] = [];
    for (const [source, { filter }] of this.#sources) {
      const estimate = filter.estimate(now_s);
      if (estimate !== undefined && now_s - estimate.renewed_s <= this.#fresh_s) {
        fresh.push({ ...estimate, source });
      }
    }
    return fresh;
  }
}
