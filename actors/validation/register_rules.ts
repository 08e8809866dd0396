/** Whether the register moved as a register does: never back, unless it ran over. */
import { FLAG_WORDS } from "../../protocol/messages/journal.ts";
import type { ReadingFacts } from "./facts.ts";
import { failed, type Finding, kwh, lasting, notApplicable, passed, when } from "./finding.ts";
import type { ValidationRules } from "./rules.ts";
import { capacity_wh, isRollover, meanPerDay_kwh } from "./use.ts";

type Limits = ValidationRules["rules"];

const HOUR_MS = 3_600_000;
const FIRST = notApplicable("the first reading");
const FORWARD = notApplicable("the register did not go back");
const RAN_OVER = notApplicable("the register ran over");
const NO_INSTALLATION = notApplicable("the meter hung at no premises then");
const EXCHANGE = "note the final reading of the old meter and the start reading of the new one, " +
  "or have the meter looked at";

const digitsOf = ({ meter }: ReadingFacts) => meter?.register_digits ?? null;

/** Whether the register shows less than before because it ran over. */
export function ranOver(facts: ReadingFacts, { rollover }: Limits): boolean {
  const { previous, reading } = facts;
  return previous !== null &&
    isRollover(digitsOf(facts), previous, reading.value_wh, rollover.share_of_capacity);
}

export function rollover(facts: ReadingFacts, limits: Limits): Finding {
  const digits = digitsOf(facts);
  const { value_wh } = facts.reading;
  if (digits !== null && value_wh >= capacity_wh(digits)) {
    return failed(() => `${kwh(value_wh)} is more than a register of ${digits} digits shows`);
  }
  if (facts.previous === null || value_wh >= facts.previous.value_wh) return FORWARD;
  if (digits === null) return notApplicable("nobody has told how many digits the register has");
  const before = facts.previous.value_wh;
  return ranOver(facts, limits)
    ? passed(() => `the register of ${digits} digits ran over after ${kwh(before)}`)
    : notApplicable(
      `from ${kwh(before)} to ${kwh(value_wh)} is too far for a register running over`,
    );
}

export function registerReset(facts: ReadingFacts, limits: Limits): Finding {
  const { previous, reading } = facts;
  if (previous === null) return FIRST;
  if (reading.value_wh >= previous.value_wh || reading.value_wh < 0) return FORWARD;
  if (ranOver(facts, limits)) return RAN_OVER;
  const { below_kwh } = limits.register_reset;
  if (reading.value_wh >= below_kwh * 1000) {
    return notApplicable(`it shows ${kwh(reading.value_wh)}, no register that began anew`);
  }
  return failed(() =>
    `it shows ${kwh(reading.value_wh)}, less than ${kwh(previous.value_wh)} at ${
      when(previous.read_at_ms)
    }: the register was set back or the meter changed; ${EXCHANGE}`
  );
}

export function negative(facts: ReadingFacts, limits: Limits): Finding {
  const { previous, reading } = facts;
  if (reading.value_wh < 0) {
    return failed(() => `the register shows ${kwh(reading.value_wh)}: have the meter looked at`);
  }
  if (previous === null) return FIRST;
  if (reading.value_wh >= previous.value_wh) {
    return passed(() => `not below ${kwh(previous.value_wh)}, the reading before it`);
  }
  if (ranOver(facts, limits)) return RAN_OVER;
  if (reading.value_wh < limits.register_reset.below_kwh * 1000 && isOn(limits)) {
    return notApplicable("the rule of registers that began anew has it");
  }
  return failed(() =>
    `it shows ${kwh(reading.value_wh)}, less than ${kwh(previous.value_wh)} at ${
      when(previous.read_at_ms)
    }; have the meter looked at`
  );
}

/** Where the reset rule is off, its readings are negative ones. */
const isOn = ({ register_reset }: Limits) => register_reset.on_failure !== "off";

export function wentBack(facts: ReadingFacts, limits: Limits): Finding {
  const { reading, went_back_at_ms } = facts;
  const flagged = reading.flags.includes("register_went_back");
  if (!flagged && went_back_at_ms === null) return passed(() => "the register never went back");
  if (ranOver(facts, limits)) return RAN_OVER;
  return flagged
    ? failed(() => `${FLAG_WORDS.register_went_back}; have the meter looked at`)
    : failed(() =>
      `the register went back on ${when(went_back_at_ms!).slice(0, 10)}, within this cycle; have ` +
      "the meter looked at"
    );
}

export function outOfOrder(facts: ReadingFacts, { rollover }: Limits): Finding {
  const { reading, next } = facts;
  if (next === null) return notApplicable("no later reading came before it");
  const isFine = reading.value_wh <= next.value_wh || isRollover(
    digitsOf(facts),
    reading,
    next.value_wh,
    rollover.share_of_capacity,
  );
  return isFine
    ? passed(() => `it came late, and fits before ${kwh(next.value_wh)}`)
    : failed(() =>
      `it came late and shows ${kwh(reading.value_wh)}, more than ${kwh(next.value_wh)} at ${
        when(next.read_at_ms)
      }, which came before it`
    );
}

export function meterExchange(facts: ReadingFacts, limits: Limits): Finding {
  const { reading, previous, installation } = facts;
  if (installation === null) return NO_INSTALLATION;
  const { installed_at_ms, start_wh } = installation;
  if (previous !== null && previous.read_at_ms < installed_at_ms) {
    return failed(() =>
      `the reading before it is of ${when(previous.read_at_ms)}, before the meter was put up on ${
        when(installed_at_ms)
      }: use is counted from the start reading, never across an exchange`
    );
  }
  const start = { read_at_ms: installed_at_ms, value_wh: start_wh };
  const { share_of_capacity } = limits.rollover;
  // Behind the first reading of the installation the register may have run over since.
  const isFirst = previous === null || previous.read_at_ms === installed_at_ms;
  const isBelow = isFirst && reading.value_wh < start_wh &&
    !isRollover(digitsOf(facts), start, reading.value_wh, share_of_capacity);
  return isBelow
    ? failed(() =>
      `it shows ${kwh(reading.value_wh)}, less than the start reading ${kwh(start_wh)} noted on ${
        when(installed_at_ms)
      }; see which of the two is right`
    )
    : passed(() => `on this meter alone, put up on ${when(installed_at_ms)}`);
}

export function multiplyingFactor({ installation, factor_used }: ReadingFacts): Finding {
  if (installation === null) return NO_INSTALLATION;
  const { multiplying_factor } = installation;
  return factor_used !== null && factor_used !== multiplying_factor
    ? failed(() =>
      `the factor as of the reading is ${multiplying_factor}, but ${factor_used} would be billed`
    )
    : passed(() => `factor ${multiplying_factor} as of the reading`);
}

export function frozenRegister(
  { reading, previous, unchanged_since_ms, history }: ReadingFacts,
  { frozen_register: { hours, usual_kwh_per_day } }: Limits,
): Finding {
  if (unchanged_since_ms === null) return notApplicable("the register moved, or is not followed");
  const mean_kwh = meanPerDay_kwh(history);
  if (mean_kwh === null || mean_kwh < usual_kwh_per_day) {
    return notApplicable(`the account does not use ${usual_kwh_per_day} kWh a day as a rule`);
  }
  const still_ms = reading.read_at_ms - unchanged_since_ms;
  if (previous !== null && previous.read_at_ms - unchanged_since_ms >= hours * HOUR_MS) {
    return notApplicable("it stood too long at the reading before it already");
  }
  return still_ms >= hours * HOUR_MS
    ? failed(() =>
      `it stands at ${kwh(reading.value_wh)} for ${lasting(still_ms)}, where ${
        mean_kwh.toFixed(1)
      } kWh a day are usual; have the meter looked at`
    )
    : passed(() => `it stood for ${lasting(still_ms)} (${hours} hours are allowed)`);
}
