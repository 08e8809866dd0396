/** Whether a cycle can be closed, and a reading billed: a wrong bill costs more than a late one. */
import { FLAG_WORDS } from "../../protocol/messages/journal.ts";
import { indianDateOf } from "../../protocol/indian_time.ts";
import type { CycleFacts, InstallationFacts } from "./facts.ts";
import { limitOf, metersOf, type Segment } from "./segments.ts";

/** A connection may for a while take more than it is sanctioned for, but not for a whole cycle. */
const LOAD_MARGIN = 2;
const HOUR_MS = 3_600_000;

/**
 * Why this account's cycle cannot be closed as asked at that moment, in words for people; null when
 * it can.
 */
export function obstacleOf(
  facts: CycleFacts,
  period: string,
  requested_at_ms: number,
): string | null {
  const { account, later_billed } = facts;
  const closed = closedBefore(account, period);
  if (closed !== null) return closed;
  if (account.opened_on.slice(0, 7) > period) {
    return `account ${account.id} was opened on ${account.opened_on}, after ${period}`;
  }
  if (later_billed !== null) {
    return `${later_billed} is billed already and holds the use of ${period}: void it first`;
  }
  return meterObstacle(facts, period, requested_at_ms);
}

function closedBefore(account: CycleFacts["account"], period: string): string | null {
  const { id, status, closed_on } = account;
  if (status === "active" && closed_on === null) return null;
  if (closed_on === null) return `account ${id} is closed`;
  return closed_on.slice(0, 7) < period ? `account ${id} was closed on ${closed_on}` : null;
}

function meterObstacle(
  facts: CycleFacts,
  period: string,
  requested_at_ms: number,
): string | null {
  const { account } = facts;
  const meters = metersOf(facts, period, requested_at_ms);
  const last = meters.at(-1);
  if (last === undefined) {
    return `account ${account.id} has no meter installed: install one, then run ${period} again`;
  }
  for (const [i, meter] of meters.entries()) {
    const next = meters[i + 1];
    if (next === undefined) break;
    if (meter.removed === null || meter.removed.at_ms > next.installed_at_ms) {
      return `use on two meters, ${meter.meter_id} and ${next.meter_id}, belongs to this cycle ` +
        "at the same time: settle it by hand";
    }
  }
  const unread = meters.find((one) =>
    isEnded(one, limitOf(period, requested_at_ms)) && one.removed?.final_reading_wh === null
  );
  if (unread !== undefined) {
    return `meter ${unread.meter_id} was taken down on ${
      indianDateOf(unread.removed!.at_ms)
    } and nobody noted its final reading: note it, then run ${period} again`;
  }
  if (isEnded(last, limitOf(period, requested_at_ms)) && !isFinal(facts, period)) {
    return `account ${account.id} has no meter installed since ${
      indianDateOf(last.removed!.at_ms)
    }: install one, then run ${period} again`;
  }
  return null;
}

/** Whether nothing more is to be read of it: it was taken down within the cycle. */
export function isEnded({ removed }: InstallationFacts, limit_ms: number): boolean {
  return removed !== null && removed.at_ms < limit_ms;
}

/** Whether the bill of `period` is the account's last one. */
export function isFinal({ account }: CycleFacts, period: string): boolean {
  return account.closed_on?.slice(0, 7) === period;
}

/** Why `segment` must not be billed, in words for people; null when it may. */
export function faultOf(account: CycleFacts["account"], segment: Segment): string | null {
  const { installation: { meter_id, opening }, candidate, rollover, units_kwh } = segment;
  const { reading, flags, went_back_at_ms } = candidate;
  const at = new Date(reading.read_at_ms).toISOString();
  const shown = `${reading.value_wh / 1000} kWh at ${at}`;
  if (candidate.decision?.status === "quarantined") {
    return `meter ${meter_id}, ${shown}: ${candidate.decision.detail}`;
  }
  // No candidate is searched among those; whoever brings one some day gets no bill of it either.
  if (flags.includes("time_uncertain")) {
    return `meter ${meter_id}, ${shown}: ${FLAG_WORDS.time_uncertain}; ask it again`;
  }
  // A register that began anew went back too, and is billed by its capacity. An error or an open
  // cover does not make the register wrong, and a meter may tell of it for the rest of its life:
  // those are told, and billed.
  if (rollover === undefined) {
    if (flags.includes("register_went_back")) {
      return `meter ${meter_id}, ${shown}: ${FLAG_WORDS.register_went_back}; ` +
        "have the meter looked at";
    }
    if (reading.value_wh < opening.value_wh) {
      return `meter ${meter_id} shows ${shown}, less than the opening ${
        opening.value_wh / 1000
      } kWh; have the meter looked at`;
    }
    if (went_back_at_ms !== null) {
      return `the register of meter ${meter_id} went back on ${
        indianDateOf(went_back_at_ms)
      }, within this cycle; have the meter looked at`;
    }
  }
  // A load of 0 is one that nobody has told: there is nothing to judge by.
  if (account.sanctioned_load_w === 0) return null;
  const hours = (reading.read_at_ms - opening.read_at_ms) / HOUR_MS;
  // One unit more, because both registers are cut to whole units.
  const limit = Math.ceil(account.sanctioned_load_w * LOAD_MARGIN * hours / 1000) + 1;
  if (units_kwh > limit) {
    return `${units_kwh} kWh in ${Math.round(hours)} hours are more than ${LOAD_MARGIN} times ` +
      `the sanctioned load of ${account.sanctioned_load_w} W (${limit} kWh); ` +
      "check reading and load";
  }
  return null;
}
