/** One rate for every unit: the wheeling charge. */
import { z } from "../../../../protocol/schema.ts";
import { amountOf } from "../rounding.ts";
import type { ChargeLine, Usage } from "../usage.ts";

export const perUnitCharge = z.object({
  kind: z.literal("per_unit"),
  code: z.string().min(1).max(32),
  description: z.string().min(1).max(80),
  /** 1/10,000 rupee a unit. */
  rate: z.int().nonnegative(),
});
export type PerUnitCharge = z.infer<typeof perUnitCharge>;

export function perUnitLines(charge: PerUnitCharge, usage: Usage): ChargeLine[] {
  return [{
    code: charge.code,
    description: charge.description,
    units: usage.units,
    rate: charge.rate,
    amount_paise: amountOf(usage.units, charge.rate),
  }];
}
