/**
 * How a period becomes months. The tariff states slabs and fixed charges a month; meters are read
 * when they are read.
 */
import { divideHalfUp } from "./rounding.ts";

/** Days of a month, for scaling: months = days / 30, rounded to two decimals. */
const DAYS_A_MONTH = 30;

/** A cycle of this many days is one normal monthly cycle for a charge stated a month. */
export const NORMAL_CYCLE_DAYS = { min: 28, max: 32 } as const;

/** What a tariff takes for a normal cycle, and what its slab limits do in one. */
export interface CycleRule {
  /** Months of a normal cycle: 2 where bills go out every two months. */
  readonly months: number;
  readonly days: { readonly min: number; readonly max: number };
  /** `by_days`: limits scale in a normal cycle too. `whole`: they are the limit times its months. */
  readonly limits: "by_days" | "whole";
}

/** The rule of a tariff that says nothing else. */
export const MONTHLY: CycleRule = { months: 1, days: NORMAL_CYCLE_DAYS, limits: "by_days" };

/** An exact number of months. */
export interface Months {
  readonly numerator: number;
  readonly denominator: number;
}

/** Months of `days`, in hundredths of a month: 31 days are 103. */
export function monthsHundredths(days: number): number {
  return divideHalfUp(days * 100, DAYS_A_MONTH);
}

/** A slab limit over a period, in whole units: 100 units in 1.03 months are 103. */
export function scaledLimit(limit_units: number, months: Months, stated_for_months = 1): number {
  return divideHalfUp(
    BigInt(limit_units) * BigInt(months.numerator),
    BigInt(months.denominator) * BigInt(stated_for_months),
  );
}

/** The months by which slab limits grow in `days` of a cycle of `cycle_days`. */
export function limitMonths(days: number, cycle_days: number, rule: CycleRule = MONTHLY): Months {
  return rule.limits === "whole"
    ? monthlyShare(days, cycle_days, rule)
    : { numerator: monthsHundredths(days), denominator: 100 };
}

/**
 * The months of a monthly charge that fall on `days` of a cycle of `cycle_days`.
 *
 * A normal cycle costs its months, whatever its days; a rate change inside it divides them by days,
 * so that the parts still make the whole. Any other cycle pays by its parts' months.
 */
export function monthlyShare(days: number, cycle_days: number, rule: CycleRule = MONTHLY): Months {
  const normal = cycle_days >= rule.days.min && cycle_days <= rule.days.max;
  return normal
    ? { numerator: days * rule.months, denominator: cycle_days }
    : { numerator: monthsHundredths(days), denominator: 100 };
}

/** Paise of a charge of `paise_a_month` over `months`, rounded once, half up. */
export function amountOfMonths(paise_a_month: number | bigint, months: Months): number {
  return divideHalfUp(BigInt(paise_a_month) * BigInt(months.numerator), months.denominator);
}
