/** Scenarios beyond the usual ones, over fewer seeds: what goes wrong for long, or for good. */
import { Random } from "../random.ts";
import {
  BAR_TEXT,
  honest,
  judged,
  LIE_MIN_S,
  type Outcome,
  type Scenario,
  start,
} from "./asked.ts";
import { BAR } from "./figures.ts";
import type { Moment } from "./run.ts";
import type { Way } from "./world.ts";

const DAY_S = 86_400;
/**
 * After 600 s without a good answer the clock is in holdover, and so long the past of a server that
 * contradicts itself counts. Before that come two minutes at most until the contradiction is sure.
 */
const EXPIRED_S = 750;
const SEEDS = 100;

/** A server goes wrong at some moment, by 20 ms to 1.5 s or by a drift, and stays so. */
function fallsIll(seed: number): { from_s: number; error_s: (at_s: number) => number } {
  const random = new Random(seed, "ill");
  const from_s = random.between(300, 700);
  const size_s = random.between(LIE_MIN_S, 1.5) * (random.next() < 0.5 ? -1 : 1);
  const drift = random.between(200e-6, 2e-3) * Math.sign(size_s);
  const lie = (age_s: number) => seed % 2 === 0 ? size_s : drift * age_s;
  return { from_s, error_s: (at_s) => at_s < from_s ? 0 : lie(at_s - from_s) };
}

function turnsBad(seed: number): Outcome {
  const { from_s, error_s } = fallsIll(seed);
  const servers = [honest("bad", { error_s }), honest("b"), honest("c")];
  return judged(start(seed, { servers, duration_s: 2_400 }), {
    faultOf: ({ at_s, estimate }) =>
      at_s > from_s + EXPIRED_S && estimate.source === "bad"
        ? "the bad server is still the source"
        : undefined,
  });
}

/** Nobody can tell which of two is right: the clock trusts neither, runs on and says so. */
function oneOfTwo(seed: number): Outcome {
  const { from_s, error_s } = fallsIll(2 * seed);
  const duration_s = 2_400;
  const servers = [honest("a"), honest("bad", { error_s })];
  const isTrusted = ({ at_s, estimate }: Moment) =>
    at_s > from_s + EXPIRED_S && estimate.quality >= 2;
  return judged(start(seed, { servers, duration_s }), {
    free: [[from_s, duration_s]],
    faultOf: (moment) => isTrusted(moment) ? "a contradicted clock vouches for itself" : undefined,
  });
}

/** No packet gets through for some minutes or hours, then all do again. */
function outage(seed: number): Outcome {
  const random = new Random(seed, "outage");
  const from_s = random.between(300, 600);
  const until_s = from_s + random.between(60, 7_200);
  const { toServer } = honest("a");
  const cut: Way = (world, at_s) =>
    at_s >= from_s && at_s < until_s ? undefined : toServer(world, at_s);
  const duration_s = Math.ceil(until_s) + 900;
  return judged(start(seed, { servers: [honest("a", { toServer: cut })], duration_s }), {
    free: [[from_s, until_s + BAR.settled_s]],
    faultOf: ({ at_s, estimate }) =>
      at_s > from_s + EXPIRED_S && at_s < until_s && estimate.quality !== 1
        ? `quality ${estimate.quality} without answers`
        : undefined,
  });
}

/** One of two servers sends DENY from some moment on: it is left alone, the other one followed. */
function denied(seed: number): Outcome {
  const from_s = new Random(seed, "deny").between(0, 700);
  let last = 0;
  const denies = (at_s: number) => at_s >= from_s && ++last > 0;
  const servers = [honest("a"), honest("denies", { denies })];
  return judged(start(seed, { servers }), {
    faultAfter: () => last === 1 ? undefined : `asked ${last} times after DENY`,
  });
}

export const more: readonly Scenario[] = [
  {
    name: "two servers",
    bar: BAR_TEXT,
    seeds: SEEDS,
    run: (seed) => judged(start(seed, { servers: [honest("a"), honest("b")] })),
  },
  {
    name: "one of two servers turns bad",
    bar: "the same until then; holdover within 750 s of it, and always within the stated bound",
    seeds: SEEDS,
    run: oneOfTwo,
  },
  {
    name: "one of three servers turns bad for good",
    bar: `${BAR_TEXT}; it is not the source 750 s later`,
    seeds: SEEDS,
    run: turnsBad,
  },
  {
    name: "one of two servers sends DENY",
    bar: `${BAR_TEXT}; it is never asked again`,
    seeds: SEEDS,
    run: denied,
  },
  {
    name: "no answers for up to two hours",
    bar: "the same again 200 s after the return; within the stated bound until then",
    seeds: SEEDS,
    run: outage,
  },
  {
    name: "a day",
    bar: BAR_TEXT,
    seeds: 5,
    run: (seed) => judged(start(seed, { duration_s: DAY_S })),
  },
];
