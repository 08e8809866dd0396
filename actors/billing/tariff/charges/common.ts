/** What every kind of charge has: its code, its words, and when it applies. */
import { z } from "../../../../protocol/schema.ts";
import { scaledLimit } from "../months.ts";
import type { Usage } from "../usage.ts";

export const code = z.string().min(1).max(32);
export const description = z.string().min(1).max(80);

/** What units the charge counts; kWh unless it says otherwise. */
export const measure = z.enum(["kwh", "kvah"]).optional();

/** Months that the limits are stated for: 2 where an order states slabs of a two-month cycle. */
export const limitsForMonths = z.int().min(1).max(12).optional();

/** All that is said must hold. Nothing said: the charge always applies. */
export const when = z.strictObject({
  seasons: z.array(z.string()).min(1).max(12).optional(),
  phases: z.array(z.union([z.literal(1), z.literal(3)])).min(1).max(2).optional(),
  /** Only where the cycle's kWh are at most, or more than, so many a month. */
  units_to: z.int().positive().optional(),
  units_over: z.int().nonnegative().optional(),
}).optional();
export type When = z.infer<typeof when>;

/** Whether a charge with `condition` applies to this part of the cycle. */
export function applies(condition: When, usage: Usage): boolean {
  if (condition === undefined) return true;
  const { seasons, phases, units_to, units_over } = condition;
  const { energy, limit_months } = usage.cycle;
  const limit = (units: number) => scaledLimit(units, limit_months);
  return (seasons === undefined || (usage.season !== null && seasons.includes(usage.season))) &&
    (phases === undefined || phases.includes(usage.phase)) &&
    (units_to === undefined || energy.kwh <= limit(units_to)) &&
    (units_over === undefined || energy.kwh > limit(units_over));
}
