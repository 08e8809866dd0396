/** Whether a reading may be billed: a wrong bill costs more than a late one. */
import { FLAG_WORDS } from "../../protocol/messages/journal.ts";
import { indianDateOf } from "../../protocol/indian_time.ts";
import type { CandidateReading, CycleFacts, MeterFacts } from "./facts.ts";
import type { OpeningReading } from "../../protocol/messages/invoice_inputs.ts";

/** A connection may for a while take more than it is sanctioned for, but not for a whole cycle. */
const LOAD_MARGIN = 2;
const HOUR_MS = 3_600_000;

/** Why this account's cycle cannot begin to close, in words for people; null when it can. */
export function obstacleOf(facts: CycleFacts, period: string): string | null {
  const { account, meter, opening, later_billed, other_meter_id } = facts;
  if (account.status !== "active") return `account ${account.id} is closed`;
  if (account.opened_on.slice(0, 7) > period) {
    return `account ${account.id} was opened on ${account.opened_on}, after ${period}`;
  }
  if (later_billed !== null) {
    return `${later_billed} is billed already and holds the use of ${period}: void it first`;
  }
  if (meter === null || opening === null) {
    return `account ${account.id} has no meter installed: install one, then run ${period} again`;
  }
  if (other_meter_id !== null) {
    return `use on two meters, ${other_meter_id} and ${meter.meter_id}, belongs to this cycle: ` +
      "settle it by hand";
  }
  return null;
}

/** Why `candidate` must not be billed, in words for people; null when it may. */
export function faultOf(
  facts: CycleFacts & { readonly meter: MeterFacts; readonly opening: OpeningReading },
  candidate: CandidateReading,
): string | null {
  const { meter, opening, account } = facts;
  const { reading, flags, went_back_at_ms } = candidate;
  const at = new Date(reading.read_at_ms).toISOString();
  const shown = `${reading.value_wh / 1000} kWh at ${at}`;
  // An error or an open cover does not make the register wrong, and a meter may tell of it for the
  // rest of its life: those are told, and billed.
  if (flags.includes("register_went_back")) {
    return `meter ${meter.meter_id}, ${shown}: ${FLAG_WORDS.register_went_back}; ` +
      "have the meter looked at";
  }
  // No candidate is searched among those; whoever brings one some day gets no bill of it either.
  if (flags.includes("time_uncertain")) {
    return `meter ${meter.meter_id}, ${shown}: ${FLAG_WORDS.time_uncertain}; ask it again`;
  }
  if (reading.value_wh < opening.value_wh) {
    return `meter ${meter.meter_id} shows ${shown}, less than the opening ${
      opening.value_wh / 1000
    } kWh; have the meter looked at`;
  }
  if (went_back_at_ms !== null) {
    return `the register of meter ${meter.meter_id} went back on ${
      indianDateOf(went_back_at_ms)
    }, within this cycle; have the meter looked at`;
  }
  // A load of 0 is one that nobody has told: there is nothing to judge by.
  if (account.sanctioned_load_w === 0) return null;
  const hours = (reading.read_at_ms - opening.read_at_ms) / HOUR_MS;
  const units = unitsOf(opening.value_wh, reading.value_wh, meter.multiplying_factor);
  // One unit more, because both registers are cut to whole units.
  const limit = Math.ceil(account.sanctioned_load_w * LOAD_MARGIN * hours / 1000) + 1;
  if (units > limit) {
    return `${units} kWh in ${Math.round(hours)} hours are more than ${LOAD_MARGIN} times the ` +
      `sanctioned load of ${account.sanctioned_load_w} W (${limit} kWh); check reading and load`;
  }
  return null;
}

const FACTOR_SCALE = 1_000_000;

/**
 * Whole kWh between two registers: each is cut to whole units first, so that what is cut off today
 * is billed with the next reading, and no fraction is ever lost or billed twice.
 */
export function unitsOf(
  opening_wh: number,
  closing_wh: number,
  multiplying_factor: number,
): number {
  return energyOf(closing_wh, multiplying_factor) - energyOf(opening_wh, multiplying_factor);
}

/** A factor may have decimals (a ratio of 7.5): the product is cut too, each reading by itself. */
function energyOf(register_wh: number, multiplying_factor: number): number {
  const whole = BigInt(Math.floor(register_wh / 1000));
  const factor = BigInt(Math.round(multiplying_factor * FACTOR_SCALE));
  return Number(whole * factor / BigInt(FACTOR_SCALE));
}
