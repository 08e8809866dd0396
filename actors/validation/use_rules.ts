/** Whether the use is one that this connection can have, and is used to. */
import type { ReadingFacts } from "./facts.ts";
import { failed, type Finding, notApplicable, passed } from "./finding.ts";
import type { ValidationRules } from "./rules.ts";
import { meanPerDay_kwh, unitsSince } from "./use.ts";

type Limits = ValidationRules["rules"];

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A month of 30 days: what a usual use is told by. */
const MONTH_DAYS = 30;
/** In less time than this little use is nothing unusual. */
const LOW_USE_DAYS_MIN = 7;

const NOTHING_BEFORE = notApplicable("there is no use that can be told from before it to it");
const NO_CYCLE = notApplicable("for readings that close a cycle");
const NO_LOAD = notApplicable("nobody has told the sanctioned load");

export function spike(facts: ReadingFacts, limits: Limits): Finding {
  const { reading, previous, installation } = facts;
  const units = unitsSince(facts, limits.rollover.share_of_capacity);
  if (units === null || previous === null) return NOTHING_BEFORE;
  const load_w = installation?.sanctioned_load_w ?? 0;
  // A load of 0 is one that nobody has told: there is nothing to judge by.
  if (load_w === 0) return NO_LOAD;
  const { load_margin } = limits.spike;
  const hours = (reading.read_at_ms - previous.read_at_ms) / HOUR_MS;
  // One unit more, because both registers are cut to whole units; with a factor as many more.
  const cut = Math.max(1, Math.ceil(installation?.multiplying_factor ?? 1));
  const limit = Math.ceil(load_w * load_margin * hours / 1000) + cut;
  const span = hours >= 2 ? `${Math.round(hours)} hours` : `${Math.round(hours * 60)} minutes`;
  return units > limit
    ? failed(() =>
      `${units} kWh in ${span} are more than ${load_margin} times the sanctioned load of ` +
      `${load_w} W (${limit} kWh); check reading and load`
    )
    : passed(() => `${units} kWh in ${span}, of ${limit} kWh that the load allows`);
}

interface Usual {
  readonly units: number;
  readonly days: number;
  readonly per_day_kwh: number;
}

/** The use that is to be billed, and what is usual; or why the rule does not apply. */
function usualOf(facts: ReadingFacts, limits: Limits, cycles_min: number): Usual | Finding {
  const { reading, previous, boundary_ms, history } = facts;
  if (boundary_ms === null) return NO_CYCLE;
  const units = unitsSince(facts, limits.rollover.share_of_capacity);
  if (units === null || previous === null) return NOTHING_BEFORE;
  const per_day_kwh = meanPerDay_kwh(history);
  if (history.length < cycles_min || per_day_kwh === null) {
    return notApplicable(`fewer than ${cycles_min} cycles are known to compare with`);
  }
  return { units, days: (reading.read_at_ms - previous.read_at_ms) / DAY_MS, per_day_kwh };
}

/** `270 kWh in 31 days, where 254 are usual`. */
const compared = ({ units, days, per_day_kwh }: Usual) =>
  `${units} kWh in ${Math.round(days)} days, where ${Math.round(per_day_kwh * days)} are usual`;

export function highUse(facts: ReadingFacts, limits: Limits): Finding {
  const { times, above_kwh, cycles_min } = limits.high_use;
  const use = usualOf(facts, limits, cycles_min);
  if ("outcome" in use) return use;
  return use.units > above_kwh && use.units > times * use.per_day_kwh * use.days
    ? failed(() => `${compared(use)}: more than ${times} times; check the reading`)
    : passed(() => compared(use));
}

export function lowUse(facts: ReadingFacts, limits: Limits): Finding {
  const { share, usual_kwh, cycles_min } = limits.low_use;
  const use = usualOf(facts, limits, cycles_min);
  if ("outcome" in use) return use;
  if (use.days < LOW_USE_DAYS_MIN || use.per_day_kwh * MONTH_DAYS < usual_kwh) {
    return notApplicable("too short, or little is usual");
  }
  return use.units < share * use.per_day_kwh * use.days
    ? failed(() => `${compared(use)}: less than ${share * 100} %; have the meter looked at`)
    : passed(() => compared(use));
}

export function zeroUse(facts: ReadingFacts, limits: Limits): Finding {
  if (facts.boundary_ms === null) return NO_CYCLE;
  const units = unitsSince(facts, limits.rollover.share_of_capacity);
  if (units === null) return NOTHING_BEFORE;
  const { cycles } = limits.zero_use;
  if (units !== 0) return passed(() => `${units} kWh were used`);
  const before = cycles === 1 ? [] : facts.history.slice(1 - cycles);
  const isZero = before.length === cycles - 1 && before.every((one) => one.units_kwh === 0);
  return isZero
    ? failed(() =>
      `no use, for ${
        cycles === 1 ? "a cycle" : `${cycles} cycles`
      } now: see whether the premises ` +
      "are empty or the meter stands"
    )
    : passed(() => `no use, but not for ${cycles} cycles`);
}
