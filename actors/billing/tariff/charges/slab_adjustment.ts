/** Fuel adjustment charge (FAC): published each month, one rate a slab of the energy charge. */
import { z } from "../../../../protocol/schema.ts";
import { amountOf } from "../rounding.ts";
import type { ChargeLine, Usage } from "../usage.ts";
import { type SlabsCharge, slabUnits } from "./slabs.ts";

export const slabAdjustmentCharge = z.object({
  kind: z.literal("slab_adjustment"),
  code: z.string().min(1).max(32),
  description: z.string().min(1).max(80),
  /** Code of the charge whose slabs it follows. */
  slabs_of: z.string().min(1).max(32),
});
export type SlabAdjustmentCharge = z.infer<typeof slabAdjustmentCharge>;

/**
 * One line a slab. No rate given means 0; one rate serves every slab; otherwise there is one a slab.
 * Throws `RangeError` for a list of any other length.
 */
export function slabAdjustmentLines(
  charge: SlabAdjustmentCharge,
  base: SlabsCharge,
  usage: Usage,
): ChargeLine[] {
  const rates = usage.fac_rates;
  const slabs = base.slabs.length;
  if (rates.length > 1 && rates.length !== slabs) {
    throw new RangeError(
      `${rates.length} FAC rates for ${slabs} slabs: give one for all, or ${slabs} in their order`,
    );
  }
  return slabUnits(base, usage.months_hundredths, usage.units).map((slab) => {
    const rate = (rates.length === 1 ? rates[0] : rates[slab.index]) ?? 0;
    return {
      code: charge.code,
      description: `${charge.description}, ${slab.range}`,
      units: slab.units,
      rate,
      amount_paise: amountOf(slab.units, rate),
    };
  });
}
