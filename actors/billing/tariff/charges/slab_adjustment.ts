/** Fuel adjustment charge (FAC): published each month, one rate a slab of the energy charge. */
import { z } from "../../../../protocol/schema.ts";
import { amountOf } from "../rounding.ts";
import { type ChargeLine, energyIn, unitKey, type Usage } from "../usage.ts";
import { code, description, when } from "./common.ts";
import type { PerUnitCharge } from "./per_unit.ts";
import { type SlabsCharge, slabUnits } from "./slabs.ts";

export const slabAdjustmentCharge = z.strictObject({
  kind: z.literal("slab_adjustment"),
  code,
  description,
  when,
  /** Code of the charge whose slabs it follows; one of a single rate is one slab. */
  slabs_of: z.string().min(1).max(32),
});
export type SlabAdjustmentCharge = z.infer<typeof slabAdjustmentCharge>;

/**
 * One line a slab. No rate given means 0; one rate serves every slab; otherwise there is one a slab.
 * Throws `RangeError` for a list of any other length.
 */
export function slabAdjustmentLines(
  charge: SlabAdjustmentCharge,
  base: SlabsCharge | PerUnitCharge,
  usage: Usage,
): ChargeLine[] {
  const rates = usage.fac_rates;
  const slabs = base.kind === "slabs" ? base.slabs.length : 1;
  if (rates.length > 1 && rates.length !== slabs) {
    const fit = slabs === 1 ? "give one" : `give one for all, or ${slabs} in their order`;
    const word = slabs === 1 ? "slab" : "slabs";
    throw new RangeError(`${rates.length} FAC rates for ${slabs} ${word}: ${fit}`);
  }
  const measure = base.measure ?? "kwh";
  const parts = base.kind === "slabs"
    ? slabUnits(base, usage)
    : [{ index: 0, units: energyIn(measure, usage.energy), range: "all units" }];
  return parts.map((slab) => {
    const rate = (rates.length === 1 ? rates[0] : rates[slab.index]) ?? 0;
    return {
      code: charge.code,
      description: `${charge.description}, ${slab.range}`,
      units: slab.units,
      rate,
      amount_paise: amountOf(slab.units, rate),
      ...unitKey(measure),
    };
  });
}
