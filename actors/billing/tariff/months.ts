/**
 * How a period becomes months. The tariff states slabs and fixed charges a month; meters are read
 * when they are read.
 */
import { divideHalfUp } from "./rounding.ts";

/** Days of a month, for scaling: months = days / 30, rounded to two decimals. */
const DAYS_A_MONTH = 30;

/** A cycle of this many days is one normal monthly cycle for a charge stated a month. */
export const NORMAL_CYCLE_DAYS = { min: 28, max: 32 } as const;

/** Months of `days`, in hundredths of a month: 31 days are 103. */
export function monthsHundredths(days: number): number {
  return divideHalfUp(days * 100, DAYS_A_MONTH);
}

/** A monthly slab limit over a period, in whole units: 100 units in 1.03 months are 103. */
export function scaledLimit(limit_units: number, months_hundredths: number): number {
  return divideHalfUp(BigInt(limit_units) * BigInt(months_hundredths), 100);
}

/**
 * The share of a monthly charge that falls on `days` of a cycle of `cycle_days`, as a fraction.
 *
 * A normal cycle costs one month, whatever its days; a rate change inside it divides that one month
 * by days, so that the parts still make one month. Any other cycle pays by its parts' months.
 */
export function monthlyShare(
  days: number,
  cycle_days: number,
): { numerator: number; denominator: number } {
  const normal = cycle_days >= NORMAL_CYCLE_DAYS.min && cycle_days <= NORMAL_CYCLE_DAYS.max;
  return normal
    ? { numerator: days, denominator: cycle_days }
    : { numerator: monthsHundredths(days), denominator: 100 };
}
