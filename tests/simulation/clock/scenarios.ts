/** The scenarios and what is asked of the clock in each. */
import { Random } from "../random.ts";
import {
  BAR_TEXT,
  honest,
  JITTER_S,
  judged,
  LIE_MIN_S,
  type Outcome,
  type Scenario,
  start,
  way,
  WAY_S,
} from "./asked.ts";
import { attacked } from "./attacks.ts";
import { BAR } from "./figures.ts";
import { more } from "./more.ts";

/** Ways in which the third server is false, by the seed: its error at a moment, in seconds. */
function lie(seed: number): (at_s: number) => number {
  const random = new Random(seed, "lie");
  const size_s = random.between(LIE_MIN_S, 1.5) * (random.next() < 0.5 ? -1 : 1);
  const drift = random.between(20e-6, 400e-6) * Math.sign(size_s);
  const from_s = random.between(0, 700);
  const kinds = [
    () => size_s,
    (at_s: number) => drift * at_s,
    (at_s: number) => at_s < from_s ? 0 : size_s,
    () => size_s * random.next(),
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
  const random = new Random(seed, "step");
  const at_s = random.between(500, 900);
  const step_s = random.between(0.02, 1.5) * (random.next() < 0.5 ? -1 : 1);
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

/** 2026-12-31T23:46:00Z and the moment at which Unix time changes. */
const LEAP_START_S = Date.UTC(2026, 11, 31, 23, 46) / 1_000;
const LEAP_AT_S = 840;

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

/** The bar is asked over so many. */
const SEEDS = 1_000;

export const scenarios: readonly Scenario[] = [
  { name: "steady", bar: BAR_TEXT, seeds: SEEDS, run: (seed) => judged(start(seed, {})) },
  {
    name: "asymmetric jitter",
    bar: `${BAR_TEXT}, with 0.5 ms jitter one way and 0.1 ms back`,
    seeds: SEEDS,
    run: (seed) => judged(start(seed, { servers: [honest("a", { toServer: way(5e-4) })] })),
  },
  {
    name: "asymmetric path",
    bar: "the same, plus 0.2 ms: half of the 0.4 ms by which one way is always longer",
    seeds: SEEDS,
    run: (seed) => {
      const servers = [honest("a", { toClient: way(JITTER_S, 0, WAY_S + ASYMMETRY_S) })];
      return judged(start(seed, { servers }), { floor_s: ASYMMETRY_S / 2 });
    },
  },
  {
    name: "30 % packet loss",
    bar: `${BAR_TEXT}, with 30 % lost on each way, so 51 % of the exchanges`,
    seeds: SEEDS,
    run: (seed) => {
      const lossy = way(JITTER_S, 0.3);
      return judged(start(seed, { servers: [honest("a", { toServer: lossy, toClient: lossy })] }));
    },
  },
  {
    name: "wandering frequency",
    bar: `${BAR_TEXT}, with a wander of 1e-7 in a second, a hundred times the usual`,
    seeds: SEEDS,
    run: (seed) => {
      const { frequency } = start(seed, {}).oscillator;
      return judged(start(seed, { oscillator: { frequency, wander: 1e-7 } }));
    },
  },
  {
    name: "false source of three",
    bar: `${BAR_TEXT}; the false one is never the source 200 s after a lie of 20 ms or more`,
    seeds: SEEDS,
    run: falseSource,
  },
  {
    name: "server step",
    bar: "the same, except for 200 s after a step of 20 ms to 1.5 s",
    seeds: SEEDS,
    run: serverStep,
  },
  {
    name: "era roll-over",
    bar: `${BAR_TEXT}, across 2036-02-07, half of the clocks starting at 1970`,
    seeds: SEEDS,
    run: eraRollover,
  },
  {
    name: "leap second",
    bar: "the same, except for the second that is there twice, which has quality 0",
    seeds: SEEDS,
    run: leapSecond,
  },
  {
    name: "leap second without notice",
    bar: "the same, except for 200 s after it",
    seeds: SEEDS,
    run: leapUnannounced,
  },
  { name: "leap second that one of three makes up", bar: BAR_TEXT, seeds: SEEDS, run: leapLie },
  {
    name: "rate limiting",
    bar: `${BAR_TEXT}, at one answer in 30 s; at most ${KISSES_MAX} kisses`,
    seeds: SEEDS,
    run: rateLimited,
  },
  ...attacked,
  ...more,
];
