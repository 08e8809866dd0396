/** A charge a month whose amount hangs on how much was used: the fixed charge by brackets. */
import { TerminalError } from "../../../../protocol/errors.ts";
import { z } from "../../../../protocol/schema.ts";
import { amountOfMonths, scaledLimit } from "../months.ts";
import { type ChargeLine, energyIn, UNIT_OF, type Usage } from "../usage.ts";
import {
  code,
  description,
  limitsForMonths,
  measure,
  paise,
  units as limit,
  when,
} from "./common.ts";

export const bracketMonthCharge = z.strictObject({
  kind: z.literal("bracket_month"),
  code,
  description,
  when,
  measure,
  limits_for_months: limitsForMonths,
  brackets: z.array(z.strictObject({
    /** Last unit of the bracket in one month; null for the bracket without an end. */
    to_units: limit.nullable(),
    /** Paise a month; null where the order does not state it. */
    amount_paise: paise.nullable(),
  })).min(1).max(16),
});
export type BracketMonthCharge = z.infer<typeof bracketMonthCharge>;

/** Throws `TerminalError` when the order states no amount for this bracket. */
export function bracketMonthLines(charge: BracketMonthCharge, usage: Usage): ChargeLine[] {
  const measure = charge.measure ?? "kwh";
  const { energy, limit_months } = usage.cycle;
  const units = energyIn(measure, energy);
  const limits = charge.brackets.map(({ to_units }) =>
    to_units === null ? Infinity : scaledLimit(to_units, limit_months, charge.limits_for_months)
  );
  const index = limits.findIndex((limit) => units <= limit);
  const below = limits[index - 1];
  const range = limits[index] === Infinity
    ? `over ${below ?? 0} ${UNIT_OF[measure]}`
    : `${below === undefined ? 0 : below + 1} to ${limits[index]} ${UNIT_OF[measure]}`;
  const { amount_paise } = charge.brackets[index]!;
  if (amount_paise === null) {
    throw new TerminalError(`${charge.description}, ${range}: not stated in the order`);
  }
  return [{
    code: charge.code,
    description: `${charge.description}, ${range}`,
    units: null,
    rate: null,
    amount_paise: amountOfMonths(amount_paise, usage.charge_months),
  }];
}
