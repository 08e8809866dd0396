/** What every kind of charge has: its code, its words, and when it applies. */
import { z } from "../../../../protocol/schema.ts";
import { scaledLimit } from "../months.ts";
import type { Usage } from "../usage.ts";

export const code = z.string().min(1).max(32);
export const description = z.string().min(1).max(80);

/** More than these is a slip of the pen: 1,000 rupees a unit, ten million rupees a month. */
const RATE_MAX = 10_000_000;
const PAISE_MAX = 1_000_000_000;
const UNITS_MAX = 1_000_000_000;

/** 1/10,000 rupee a unit; and one that may be a rebate. */
export const rate = z.int().nonnegative().max(RATE_MAX);
export const signedRate = z.int().min(-RATE_MAX).max(RATE_MAX);

/** Paise a month, a kW or a kVA; and an amount that may be a rebate. */
export const paise = z.int().nonnegative().max(PAISE_MAX);
export const signedPaise = z.int().min(-PAISE_MAX).max(PAISE_MAX);

/** A limit in units a month. */
export const units = z.int().positive().max(UNITS_MAX);

/** What units the charge counts; kWh unless it says otherwise. */
export const measure = z.enum(["kwh", "kvah"]).optional();

/** Months that the limits are stated for: 2 where an order states slabs of a two-month cycle. */
export const limitsForMonths = z.int().min(1).max(12).optional();

/** All that is said must hold. Nothing said: the charge always applies. */
export const when = z.strictObject({
  seasons: z.array(z.string()).min(1).max(12).optional(),
  phases: z.array(z.union([z.literal(1), z.literal(3)])).min(1).max(2).optional(),
  /** Only where the cycle's kWh are at most, or more than, so many a month. */
  units_to: units.optional(),
  units_over: z.int().nonnegative().max(UNITS_MAX).optional(),
}).optional();
export type When = z.infer<typeof when>;

/** Whether a charge with `condition` applies to this part of the cycle. */
export function applies(condition: When, usage: Usage): boolean {
  if (condition === undefined) return true;
  const { seasons, phases, units_to, units_over } = condition;
  const { energy, limit_months } = usage.cycle;
  const limit = (a_month: number) => scaledLimit(a_month, limit_months);
  return (seasons === undefined || (usage.season !== null && seasons.includes(usage.season))) &&
    (phases === undefined || phases.includes(usage.phase)) &&
    (units_to === undefined || energy.kwh <= limit(units_to)) &&
    (units_over === undefined || energy.kwh > limit(units_over));
}
