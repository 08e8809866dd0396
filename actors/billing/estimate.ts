/** The use of a cycle without a usable reading, by the account's own earlier use. */
import type { Estimate, InvoiceInputs } from "../../protocol/messages/invoice_inputs.ts";
import { boundsOf } from "./calendar.ts";
import type { CycleFacts, HistoryFact } from "./facts.ts";
import { divideHalfUp } from "./tariff/rounding.ts";
import { shareByDays } from "./tariff/shares.ts";

/** The mean is of so many months: the last ones with actual use. */
const MONTHS_OF_MEAN = 3;
/** Bars on a bill. */
const HISTORY_MAX = 12;
const DAY_MS = 86_400_000;

type HistoryEntry = InvoiceInputs["history"][number];

/**
 * Earlier months with their use, oldest first. What a true-up found is shared by days to the months
 * whose estimates it replaced: an estimate stands there only until then.
 */
export function historyOf({ history }: CycleFacts): HistoryEntry[] {
  const entries: HistoryEntry[] = [];
  let open: HistoryFact[] = [];
  for (const month of history) {
    if (month.estimated) {
      open.push(month);
    } else {
      entries.push(...sharedOut(open, month));
      open = [];
    }
  }
  const still_open = open.map((month) => ({ ...entryOf(month, month.units_kwh), estimated: true }));
  return [...entries, ...still_open].slice(-HISTORY_MAX);
}

/** `actual` holds the use of its own days and of those of `estimated` before it. */
function sharedOut(estimated: readonly HistoryFact[], actual: HistoryFact): HistoryEntry[] {
  const before = estimated.map(daysOf);
  const own = daysOf(actual) - before.reduce((sum, days) => sum + days, 0);
  if (estimated.length === 0 || own <= 0) return [entryOf(actual, actual.units_kwh)];
  const shares = shareByDays(actual.units_kwh, [...before, own]);
  return [...estimated, { ...actual, days: own }].map((month, i) => entryOf(month, shares[i]!));
}

function entryOf(month: HistoryFact, units_kwh: number): HistoryEntry {
  const { period, days } = month;
  return days === null || days === 0 ? { period, units_kwh } : { period, units_kwh, days };
}

function daysOf({ period, days }: { period: string; days?: number | null | undefined }): number {
  if (days !== null && days !== undefined) return days;
  const { start_ms, end_ms } = boundsOf(period);
  return (end_ms - start_ms) / DAY_MS;
}

/**
 * The mean use a day of the last three months with actual use, times `days`; null where no actual
 * use is known.
 */
export function estimateOf(
  facts: CycleFacts,
  days: number,
): { units_kwh: number; months: Estimate["months"] } | null {
  const months = historyOf(facts).filter((month) => month.estimated !== true)
    .slice(-MONTHS_OF_MEAN)
    .map((month) => ({ ...month, days: daysOf(month) }));
  if (months.length === 0) return null;
  const units = months.reduce((sum, month) => sum + month.units_kwh, 0);
  const of_days = months.reduce((sum, month) => sum + month.days, 0);
  return { units_kwh: divideHalfUp(BigInt(units) * BigInt(days), of_days), months };
}
