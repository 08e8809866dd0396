/**
 * An attacker on the way who holds packets back, on either way, by anything up to and beyond the cap.
 *
 * He sees everything, also how wrong the victim's clock is, and may stop all answers. What he cannot
 * do is to change packets or to deliver them before they are sent. A round trip of at most the cap
 * shifts a sample by at most half of it: that bounds the clock, however cleverly the delays follow
 * each other. A clock that gets no answers runs free; what it then states as its bound must hold.
 */
import { DELAY_MAX_S } from "../../../protocol/ntp/exchange.ts";
import { bound_s, DURATION_S, honest, type Outcome, type Scenario, start, way } from "./asked.ts";
import { BAR, type Figures, Gauge } from "./figures.ts";
import { Random } from "../random.ts";
import { type Moment, runClock } from "./run.ts";

/** Half of the cap, and what honest noise may add. */
const MOVED_MAX_S = DELAY_MAX_S / 2 + 1e-3;
/** About as much as can be held back so that the answer is still taken. */
const MOST_S = DELAY_MAX_S * 31 / 32 - 1e-3;
/** Held back by this much, an answer is refused. */
const BEYOND_S = DELAY_MAX_S + 0.5;
/** When the clock has settled before the attack. */
const AFTER_LOCK_S = 300;

/** Delay in seconds: above zero for packets to the server, below for those to the client. */
type Plan = (at_s: number, error_s: number) => number;

const plans: readonly ((random: Random, sign: number) => Plan)[] = [
  // All at once, from the start or later.
  (_random, sign) => () => sign * MOST_S,
  (_random, sign) => (at_s) => at_s < AFTER_LOCK_S ? 0 : sign * MOST_S,
  // A slope teaches a wrong frequency; then silence lets the clock run on by it.
  (random, sign) => {
    const slope = random.between(50e-6, 3e-3);
    return (at_s) => {
      const held_s = slope * Math.max(0, at_s - AFTER_LOCK_S);
      return sign * (held_s > MOST_S ? BEYOND_S : held_s);
    };
  },
  // The same downwards, from the start: each packet is quicker than all before it.
  (random, sign) => {
    const fall_s = random.between(200, 2_000);
    return (at_s) => sign * (at_s > fall_s ? BEYOND_S : MOST_S * (1 - at_s / fall_s));
  },
  (random, sign) => {
    const period_s = random.between(20, 800);
    return (at_s) => sign * MOST_S * ((at_s / period_s) % 1);
  },
  // Anything.
  (random) => () => random.between(-1.2, 1.2) * DELAY_MAX_S,
  // Pushes where the clock errs already.
  (_random, sign) => (_at_s, error_s) => (Math.sign(error_s) || sign) * MOST_S,
  // To and fro, to make the filter swing.
  (random, sign) => {
    const period_s = random.between(20, 600);
    return (at_s) => sign * MOST_S * (Math.floor(at_s / period_s) % 2 === 0 ? 1 : -1);
  },
  // Down a slope and then, with the frequency taught, all the way to the same side.
  (random, sign) => {
    const fall_s = random.between(200, 1_500);
    return (at_s) => at_s > fall_s ? -sign * MOST_S : sign * MOST_S * (1 - at_s / fall_s);
  },
  // Up a slope and then all the way at once.
  (random, sign) => {
    const slope = random.between(100e-6, 2e-3);
    const rise_s = random.between(100, 800);
    return (at_s) => sign * (at_s > rise_s ? MOST_S : Math.min(MOST_S, slope * at_s));
  },
];

/**
 * After the longest pause between two questions (64 s, and the way of the answer) the clock is not
 * only delayed, it is cut off: then it runs free, and the bar is that what it states as bound holds.
 */
const CUT_OFF_S = 66;
/** With a larger bound the clock does not count as synchronised, and seals nothing. */
const FREE_MAX_S = 2;

interface Attack {
  /** Servers, and on the ways of how many of them the attacker sits. */
  readonly servers: number;
  readonly attacked: number;
  readonly duration_s: number;
  /** As far as he may move the clock while he lets answers through, in seconds. */
  readonly movedMax_s: number;
}

function isAnswered({ at_s, adopted_s }: Moment): boolean {
  return adopted_s !== undefined && at_s - adopted_s <= CUT_OFF_S;
}

/** What a moment of an attacked clock does wrong. */
function faultOf(moment: Moment, movedMax_s: number): string | undefined {
  const { at_s, error_s, estimate } = moment;
  if (estimate.source === null) return undefined;
  if (Math.abs(error_s) > bound_s(moment)) {
    return `error of ${error_s} s beyond the bound of ${bound_s(moment)} s`;
  }
  if (estimate.quality > 0 && Math.abs(error_s) > FREE_MAX_S) {
    return `${error_s} s wrong while it counts as synchronised`;
  }
  const settled = movedMax_s >= MOVED_MAX_S || at_s >= BAR.settled_s;
  const moved = settled && isAnswered(moment) && Math.abs(error_s) > movedMax_s;
  return moved ? `moved by ${error_s} s at ${at_s} s` : undefined;
}

/** One attacked run. The figures are those of all moments that an answer came not long before. */
function attack(seed: number, { servers, attacked, duration_s, movedMax_s }: Attack): Outcome {
  const random = new Random(seed, "attack");
  const plan = plans[seed % plans.length]!(random, random.next() < 0.5 ? -1 : 1);
  const usual = way();
  let seen_s = 0;
  const held = (at_s: number, sign: number) => Math.max(0, sign * plan(at_s, seen_s));
  const ways = {
    toServer: (world: Random, at_s: number) => usual(world, at_s)! + held(at_s, 1),
    toClient: (world: Random, at_s: number) => usual(world, at_s)! + held(at_s, -1),
  };
  const gauge = new Gauge();
  const faults = new Set<string>();
  const { questions } = runClock({
    ...start(seed, {
      servers: Array.from({ length: servers }, (_, i) => honest(`${i}`, i < attacked ? ways : {})),
      duration_s,
    }),
    observe: (moment) => {
      seen_s = moment.error_s;
      const fault = faultOf(moment, movedMax_s);
      if (fault !== undefined && faults.size < 3) {
        faults.add(`plan ${seed % plans.length}: ${fault}`);
      }
      if (isAnswered(moment) && (movedMax_s >= MOVED_MAX_S || moment.at_s >= BAR.settled_s)) {
        gauge.add(moment.error_s, moment.frequencyError);
      }
    },
  });
  const figures: Figures = gauge.figures(questions);
  return { figures, faults: [...faults] };
}

const MOVED_TEXT =
  "while he lets answers through, never more than half of the delay cap (0.5 s) and " +
  "1 ms; cut off, never beyond the stated bound, 2 s at most as long as the clock vouches for itself";

const alone: Attack = { servers: 1, attacked: 1, duration_s: 2_400, movedMax_s: MOVED_MAX_S };

const ofThree = (attacked: number, bar: string, movedMax_s = MOVED_MAX_S): Scenario => ({
  name: `attacker on ${attacked} of three servers`,
  bar,
  seeds: 100,
  run: (seed) => attack(seed, { servers: 3, attacked, duration_s: DURATION_S, movedMax_s }),
});

export const attacked: readonly Scenario[] = [
  {
    name: "delaying attacker",
    bar: MOVED_TEXT,
    seeds: 1_000,
    run: (seed) => attack(seed, alone),
  },
  {
    name: "delaying attacker, then hours of silence",
    bar: MOVED_TEXT,
    seeds: 20,
    run: (seed) => attack(seed, { ...alone, duration_s: 15_000 }),
  },
  ofThree(1, "max <= 1 ms from 200 s on", BAR.errorMax_s),
  ofThree(2, MOVED_TEXT),
  ofThree(3, MOVED_TEXT),
];
