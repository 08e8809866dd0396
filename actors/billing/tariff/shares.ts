/** What was used in a cycle, shared out to its parts by their days. */
import type { Part } from "./parts.ts";
import type { QuoteRequest } from "./request.ts";
import { divideHalfUp } from "./rounding.ts";
import type { Energy, Measure } from "./usage.ts";

/** The energy of one part, all of it and by the time of day. */
export interface Share {
  readonly energy: Energy;
  readonly bands: Readonly<Record<string, number>> | null;
}

/** What each of `parts` used. All shares together are what `request` has. */
export function sharesOf(parts: readonly Part[], request: QuoteRequest): Share[] {
  const days = parts.map((part) => part.days);
  const { bands } = request;
  const byBand = bands === undefined
    ? null
    : Object.entries(bands).map(([name, units]) => [name, shareByDays(units, days)] as const);
  const share = (measure: Measure, units: number) =>
    // Bands are shared each by itself, and what they measure is their sum: else a unit more in one
    // band could take one from another.
    byBand !== null && parts[0]!.version.time_of_day?.measure === measure
      ? days.map((_, i) => byBand.reduce((sum, [, shares]) => sum + shares[i]!, 0))
      : shareByDays(units, days);
  const kwh = share("kwh", request.units);
  const kvah = request.kvah === undefined ? null : share("kvah", request.kvah);
  return parts.map((_, i) => ({
    energy: { kwh: kwh[i]!, kvah: kvah?.[i] ?? null },
    bands: byBand === null
      ? null
      : Object.fromEntries(byBand.map(([name, shares]) => [name, shares[i]!])),
  }));
}

/**
 * Whole `units` over parts of so many days: the average a day times the days of each part.
 *
 * The last part is split off first, then the one before it, each time rounding what lies *before*
 * the cut, half up. The shares always add up to the whole, and one more unit in the whole never takes
 * a unit away from any part (which rounding each part by itself could do). Each cut rounds by half
 * a unit at most.
 */
export function shareByDays(units: number, days: readonly number[]): number[] {
  const shares = new Array<number>(days.length);
  let left = units;
  let days_left = days.reduce((sum, one) => sum + one, 0);
  for (let i = days.length - 1; i >= 0; i--) {
    const days_before = days_left - days[i]!;
    const before = divideHalfUp(BigInt(left) * BigInt(days_before), days_left);
    shares[i] = left - before;
    left = before;
    days_left = days_before;
  }
  return shares;
}
