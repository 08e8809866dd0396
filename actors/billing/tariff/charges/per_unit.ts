/** One rate for every unit: energy at one price, wheeling, tax on sale; below zero, a rebate. */
import { z } from "../../../../protocol/schema.ts";
import { amountOf } from "../rounding.ts";
import { type ChargeLine, energyIn, unitKey, type Usage } from "../usage.ts";
import { code, description, measure, signedRate, when } from "./common.ts";

export const perUnitCharge = z.strictObject({
  kind: z.literal("per_unit"),
  code,
  description,
  when,
  measure,
  /** 1/10,000 rupee a unit. */
  rate: signedRate,
});
export type PerUnitCharge = z.infer<typeof perUnitCharge>;

export function perUnitLines(charge: PerUnitCharge, usage: Usage): ChargeLine[] {
  const measure = charge.measure ?? "kwh";
  const units = energyIn(measure, usage.energy);
  return [{
    code: charge.code,
    description: charge.description,
    units,
    rate: charge.rate,
    amount_paise: amountOf(units, charge.rate),
    ...unitKey(measure),
  }];
}
