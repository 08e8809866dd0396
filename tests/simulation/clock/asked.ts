/**
 * What a scenario begins with and how its clock is held against the bar. Starting values as in
 * chrony's simulated acceptance tests: 0.1 s wrong, 100 ppm fast or slow, each way 0.1 ms and an
 * exponential jitter of 0.1 ms, a frequency that wanders by 1e-9 in a second.
 */
import { BAR, type Figures, Gauge } from "./figures.ts";
import { type Moment, runClock, type RunOptions, type RunSummary } from "./run.ts";
import type { ServerOptions, Way } from "./world.ts";

/** True time of one run. */
export const DURATION_S = 1_500;
const START_UNIX_S = Date.UTC(2026, 10, 22, 10) / 1_000;
export const WAY_S = 1e-4;
export const JITTER_S = 1e-4;

export interface Outcome {
  readonly figures: Figures;
  /** What was broken; empty when the run was good. */
  readonly faults: readonly string[];
}

export interface Scenario {
  readonly name: string;
  /** What is asked, in words. */
  readonly bar: string;
  /** So many seeds in the tests; the report has up to ten times as many. */
  readonly seeds: number;
  readonly run: (seed: number) => Outcome;
}

/** A way through a network: base delay, exponential jitter, loss; seconds and a probability. */
export const way = (jitter_s = JITTER_S, loss = 0, base_s = WAY_S): Way => (random) =>
  random.next() < loss ? undefined : base_s + random.exponential(jitter_s);

export const honest = (name: string, changes: Partial<ServerOptions> = {}): ServerOptions => ({
  name,
  toServer: way(),
  toClient: way(),
  ...changes,
});

/** The starting values; the sign of the drift is the seed's. */
export function start(seed: number, changes: Partial<RunOptions>): Omit<RunOptions, "observe"> {
  return {
    seed,
    duration_s: DURATION_S,
    start_unix_s: START_UNIX_S,
    oscillator: { frequency: seed % 2 === 0 ? 100e-6 : -100e-6, wander: 1e-9 },
    initialError_s: 0.1,
    servers: [honest("a")],
    ...changes,
  };
}

export interface Asked {
  /** Moments at which neither bar nor bound need hold besides the first 200 s: from, until. */
  readonly except?: readonly (readonly [number, number])[];
  /** Moments without answers: the clock runs free, and within the bound that it states. */
  readonly free?: readonly (readonly [number, number])[];
  /** A floor that physics sets, added to the bars of the error. */
  readonly floor_s?: number;
  readonly faultOf?: (moment: Moment) => string | undefined;
  readonly faultAfter?: (summary: RunSummary) => string | undefined;
}

/** What the clock itself states as the most that it can be wrong by, in seconds. */
export function bound_s({ estimate }: Moment): number {
  return estimate.source === null ? Infinity : estimate.delay_s! / 2 + estimate.dispersion_s!;
}

/** Runs and holds the figures against the bar. */
export function judged(options: Omit<RunOptions, "observe">, asked: Asked = {}): Outcome {
  const gauge = new Gauge();
  const faults = new Set<string>();
  const floor_s = asked.floor_s ?? 0;
  const isIn = (at_s: number, spans: Asked["except"] = []) =>
    spans.some(([from, to]) => at_s >= from && at_s < to);
  const summary = runClock({
    ...options,
    observe: (moment) => {
      const { at_s, error_s, frequencyError } = moment;
      const fault = asked.faultOf?.(moment);
      if (fault !== undefined) faults.add(fault);
      if (isIn(at_s, asked.except)) return;
      if (Math.abs(error_s) > bound_s(moment)) faults.add(`error of ${error_s} s beyond its bound`);
      if (isIn(at_s, asked.free)) return;
      gauge.watch(at_s, error_s, BAR.errorMax_s + floor_s);
      if (at_s >= BAR.settled_s) gauge.add(error_s, frequencyError);
    },
  });
  const figures = gauge.figures(summary.questions);
  const { errorMax_s, errorRms_s, frequencyRms } = figures;
  if (!(errorMax_s <= BAR.errorMax_s + floor_s)) faults.add(`error of ${errorMax_s} s`);
  if (!(errorRms_s <= BAR.errorRms_s + floor_s)) faults.add(`RMS of ${errorRms_s} s`);
  if (!(frequencyRms <= BAR.frequencyRms)) faults.add(`frequency RMS of ${frequencyRms}`);
  const last = asked.faultAfter?.(summary);
  if (last !== undefined) faults.add(last);
  return { figures, faults: [...faults] };
}

export const BAR_TEXT = "max <= 1 ms, RMS <= 0.3 ms, frequency RMS <= 10 ppm from 200 s on";

/** A smaller lie is within the error that honest servers state of themselves. */
export const LIE_MIN_S = 0.02;
