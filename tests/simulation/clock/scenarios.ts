/**
 * The scenarios and what is asked of the clock in each. Starting values as in chrony's simulated
 * acceptance tests: 0.1 s wrong, 100 ppm fast or slow, each way 0.1 ms and an exponential jitter of
 * 0.1 ms, a frequency that wanders by 1e-9 in a second.
 */
import { attacks } from "./attacks.ts";
import { BAR, type Figures, Gauge } from "./figures.ts";
import { Random } from "./random.ts";
import { type Moment, runClock, type RunOptions, type RunSummary } from "./run.ts";
import type { ServerOptions, Way } from "./world.ts";

export const DURATION_S = 2_400;
const START_UNIX_S = Date.UTC(2026, 10, 22, 10) / 1_000;
const WAY_S = 1e-4;
const JITTER_S = 1e-4;

export interface Outcome {
  readonly figures: Figures;
  /** What was broken; empty when the run was good. */
  readonly faults: readonly string[];
}

export interface Scenario {
  readonly name: string;
  /** What is asked, in words. */
  readonly bar: string;
  readonly run: (seed: number) => Outcome;
}

/** A way through a network: base delay, exponential jitter, loss; seconds and a probability. */
export const way = (jitter_s = JITTER_S, loss = 0, base_s = WAY_S): Way => (random) =>
  random.uniform() < loss ? undefined : base_s + random.exponential(jitter_s);

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

interface Asked {
  /** Moments at which the bar need not hold besides the first 200 s: from, until. */
  readonly except?: readonly (readonly [number, number])[];
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
function judged(options: Omit<RunOptions, "observe">, asked: Asked = {}): Outcome {
  const gauge = new Gauge();
  const faults = new Set<string>();
  const floor_s = asked.floor_s ?? 0;
  const spared = (at_s: number) => asked.except?.some(([from, to]) => at_s >= from && at_s < to);
  const summary = runClock({
    ...options,
    observe: (moment) => {
      const { at_s, error_s, frequencyError } = moment;
      const fault = asked.faultOf?.(moment);
      if (fault !== undefined) faults.add(fault);
      if (spared(at_s)) return;
      if (Math.abs(error_s) > bound_s(moment)) faults.add(`error of ${error_s} s beyond its bound`);
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

const BAR_TEXT = "max <= 1 ms, RMS <= 0.3 ms, frequency RMS <= 10 ppm from 200 s on";

/** A smaller lie is within the error that honest servers state of themselves. */
const LIE_MIN_S = 0.02;

/** Ways in which the third server is false, by the seed: its error at a moment, in seconds. */
function lie(seed: number): (at_s: number) => number {
  const random = new Random(seed + 1e6);
  const size_s = random.between(LIE_MIN_S, 1.5) * (random.uniform() < 0.5 ? -1 : 1);
  const drift = random.between(20e-6, 400e-6) * Math.sign(size_s);
  const from_s = random.between(0, 1_000);
  const kinds = [
    () => size_s,
    (at_s: number) => drift * at_s,
    (at_s: number) => at_s < from_s ? 0 : size_s,
    () => size_s * random.uniform(),
  ];
  return kinds[seed % kinds.length]!;
}

function falseSource(seed: number): Outcome {
  const error_s = lie(seed);
  const servers = [honest("a"), honest("b"), honest("false", { error_s })];
  const lies = (at_s: number) => Math.abs(error_s(at_s)) > LIE_MIN_S;
  return judged(start(seed, { servers }), {
    faultOf: ({ at_s, estimate }) =>
      estimate.source === "false" && lies(at_s) && lies(at_s - BAR.settled_s)
        ? "the false source won"
        : undefined,
  });
}

function serverStep(seed: number): Outcome {
  const random = new Random(seed + 2e6);
  const at_s = random.between(600, 1_400);
  const step_s = random.between(0.02, 1.5) * (random.uniform() < 0.5 ? -1 : 1);
  const error_s = (now_s: number) => now_s < at_s ? 0 : step_s;
  // The server's time is the truth here: what it steps to is right.
  return judged(start(seed, { servers: [honest("a", { error_s })], utc_s: error_s }), {
    except: [[at_s, at_s + BAR.settled_s]],
  });
}

function eraRollover(seed: number): Outcome {
  // 2036-02-07T06:28:16Z comes 496 s after the start; every second clock begins at 1970-01-01.
  const start_unix_s = Date.UTC(2036, 1, 7, 6, 20) / 1_000;
  const initialError_s = seed % 2 === 0 ? 0.1 : -start_unix_s;
  return judged(start(seed, { start_unix_s, initialError_s }));
}

/** 2026-12-31T23:40:00Z and the moment at which Unix time changes. */
const LEAP_START_S = Date.UTC(2026, 11, 31, 23, 40) / 1_000;
const LEAP_AT_S = 1_200;

function leapSecond(seed: number): Outcome {
  const inserted = seed % 4 !== 3;
  const change_s = inserted ? LEAP_AT_S : LEAP_AT_S - 1;
  const utc_s = (at_s: number) => at_s < change_s ? 0 : inserted ? -1 : 1;
  const leap = (at_s: number) => at_s < change_s ? (inserted ? 1 : 2) : 0;
  const servers = [honest("a", { error_s: utc_s, leap })];
  return judged(start(seed, { start_unix_s: LEAP_START_S, servers, utc_s }), {
    // The second that is there twice: whoever seals must not.
    except: inserted ? [[change_s, change_s + 1]] : [],
    faultOf: ({ at_s, estimate }) =>
      inserted && at_s > change_s && at_s < change_s + 1 && estimate.quality !== 0
        ? "a second that is there twice was not told"
        : undefined,
  });
}

function leapUnannounced(seed: number): Outcome {
  const utc_s = (at_s: number) => at_s < LEAP_AT_S ? 0 : -1;
  const servers = [honest("a", { error_s: utc_s })];
  return judged(start(seed, { start_unix_s: LEAP_START_S, servers, utc_s }), {
    except: [[LEAP_AT_S, LEAP_AT_S + BAR.settled_s]],
  });
}

function leapLie(seed: number): Outcome {
  const servers = [honest("a"), honest("b"), honest("c", { leap: () => 1 + seed % 2 })];
  return judged(start(seed, { start_unix_s: LEAP_START_S, servers }));
}

const KISSES_MAX = 6;

function rateLimited(seed: number): Outcome {
  const rate = { burst: 4, rate_hz: 1 / 30 };
  return judged(start(seed, { servers: [honest("a", { rate })] }), {
    faultAfter: ({ outcomes }) => {
      const kisses = outcomes.get("kiss_rate") ?? 0;
      if (kisses === 0) return "the server never asked to slow down";
      return kisses > KISSES_MAX ? `${kisses} kisses until the client obeyed` : undefined;
    },
  });
}

/** Half of the difference of the ways cannot be seen by anybody who only has packets. */
const ASYMMETRY_S = 4e-4;

export const scenarios: readonly Scenario[] = [
  { name: "steady", bar: BAR_TEXT, run: (seed) => judged(start(seed, {})) },
  {
    name: "asymmetric jitter",
    bar: `${BAR_TEXT}, with 0.5 ms jitter one way and 0.1 ms back`,
    run: (seed) => judged(start(seed, { servers: [honest("a", { toServer: way(5e-4) })] })),
  },
  {
    name: "asymmetric path",
    bar: "the same, plus 0.2 ms: half of the 0.4 ms by which one way is always longer",
    run: (seed) => {
      const servers = [honest("a", { toClient: way(JITTER_S, 0, WAY_S + ASYMMETRY_S) })];
      return judged(start(seed, { servers }), { floor_s: ASYMMETRY_S / 2 });
    },
  },
  {
    name: "30 % packet loss",
    bar: `${BAR_TEXT}, with 30 % lost on each way, so 51 % of the exchanges`,
    run: (seed) => {
      const lossy = way(JITTER_S, 0.3);
      return judged(start(seed, { servers: [honest("a", { toServer: lossy, toClient: lossy })] }));
    },
  },
  {
    name: "wandering frequency",
    bar: `${BAR_TEXT}, with a wander of 1e-7 in a second, a hundred times the usual`,
    run: (seed) => {
      const { frequency } = start(seed, {}).oscillator;
      return judged(start(seed, { oscillator: { frequency, wander: 1e-7 } }));
    },
  },
  {
    name: "false source of three",
    bar: `${BAR_TEXT}; the false one is never the source 200 s after a lie of 20 ms or more`,
    run: falseSource,
  },
  {
    name: "server step",
    bar: "the same, except for 200 s after a step of 20 ms to 1.5 s",
    run: serverStep,
  },
  {
    name: "era roll-over",
    bar: `${BAR_TEXT}, across 2036-02-07, half of the clocks starting at 1970`,
    run: eraRollover,
  },
  {
    name: "leap second",
    bar: "the same, except for the second that is there twice, which has quality 0",
    run: leapSecond,
  },
  {
    name: "leap second without notice",
    bar: "the same, except for 200 s after it",
    run: leapUnannounced,
  },
  { name: "leap second that one of three makes up", bar: BAR_TEXT, run: leapLie },
  {
    name: "rate limiting",
    bar: `${BAR_TEXT}, at one answer in 30 s; at most ${KISSES_MAX} kisses`,
    run: rateLimited,
  },
  {
    name: "delaying attacker",
    bar: "never more than half of the delay cap (0.5 s) and 1 ms; the stated bound always holds",
    run: attacks,
  },
];
