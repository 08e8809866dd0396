/** Whether a cycle can be closed at all: a wrong bill costs more than a late one. */
import { indianDateOf } from "../../protocol/indian_time.ts";
import type { CycleFacts, InstallationFacts } from "./facts.ts";
import { limitOf, metersOf } from "./segments.ts";

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
