/** What a unit costs more or less by the time of day, and by season. */
import { z } from "../../../../protocol/schema.ts";
import { amountOf, divideHalfUp } from "../rounding.ts";
import { type ChargeLine, unitKey, type Usage } from "../usage.ts";
import { code, description, signedRate, when } from "./common.ts";
import type { PerUnitCharge } from "./per_unit.ts";

export const timeOfDayCharge = z.strictObject({
  kind: z.literal("time_of_day"),
  code,
  description,
  when,
  /** Code of the charge a unit that the percentages are of. */
  of: z.string().min(1).max(32),
  /** A band that is not named in a season costs nothing more or less in it. */
  rates: z.array(z.strictObject({
    band: z.string(),
    /** In every season, where it is left out. */
    season: z.string().optional(),
    /** Hundredths of a per cent of the rate: -1500 is 15 % less; or 1/10,000 rupee a unit. */
    percent_hundredths: z.int().min(-10_000).max(100_000).optional(),
    rate: signedRate.optional(),
  })).min(1).max(64),
});
export type TimeOfDayCharge = z.infer<typeof timeOfDayCharge>;

/** One line for each band that costs more or less in this season. */
export function timeOfDayLines(
  charge: TimeOfDayCharge,
  base: PerUnitCharge,
  usage: Usage,
): ChargeLine[] {
  const bands = usage.bands!; // The quote has asked for them.
  return charge.rates
    .filter(({ season }) => season === undefined || season === usage.season)
    .map(({ band, percent_hundredths = 0, rate }) => {
      const units = bands[band]!;
      const line = { code: charge.code, units, ...unitKey(base.measure ?? "kwh") };
      if (rate !== undefined) {
        const description = `${charge.description}, ${band}`;
        return { ...line, description, rate, amount_paise: amountOf(units, rate) };
      }
      const sign = percent_hundredths > 0 ? "+" : "";
      return {
        ...line,
        description: `${charge.description}, ${band}, ${sign}${percent_hundredths / 100} %`,
        rate: null,
        // One rounding: a percentage of a rate need not be a whole 1/10,000 rupee.
        amount_paise: divideHalfUp(
          BigInt(units) * BigInt(base.rate) * BigInt(percent_hundredths),
          1_000_000,
        ),
        how: `of its units at the rate of ${base.code}`,
      };
    });
}
