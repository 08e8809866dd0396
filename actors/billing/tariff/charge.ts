/**
 * All kinds of charges that a tariff can be made of. A new shape of tariff is a new kind: its schema
 * and its evaluator in one file of `charges/`, named in the union and in the switch here.
 */
import { z } from "../../../protocol/schema.ts";
import { perMonthCharge, perMonthLines } from "./charges/per_month.ts";
import { perUnitCharge, perUnitLines } from "./charges/per_unit.ts";
import { percentageCharge, percentageLines } from "./charges/percentage.ts";
import { slabAdjustmentCharge, slabAdjustmentLines } from "./charges/slab_adjustment.ts";
import { type SlabsCharge, slabsCharge, slabsLines } from "./charges/slabs.ts";
import type { ChargeLine, Usage } from "./usage.ts";

export const charge = z.discriminatedUnion("kind", [
  slabsCharge,
  perUnitCharge,
  perMonthCharge,
  slabAdjustmentCharge,
  percentageCharge,
]);
export type Charge = z.infer<typeof charge>;

/** The slab charge with `code` among `charges`, or undefined. */
export function slabsChargeOf(charges: readonly Charge[], code: string): SlabsCharge | undefined {
  return charges.find((one): one is SlabsCharge => one.kind === "slabs" && one.code === code);
}

/**
 * All lines of `charges` for one part of a period, in the order of the tariff. A percentage sees the
 * lines before it. Throws `RangeError` for input that does not fit, `TerminalError` for a charge
 * that the tariff does not state.
 */
export function chargeLines(charges: readonly Charge[], usage: Usage): ChargeLine[] {
  const lines: ChargeLine[] = [];
  for (const one of charges) lines.push(...linesOf(one, charges, usage, lines));
  return lines;
}

function linesOf(
  one: Charge,
  charges: readonly Charge[],
  usage: Usage,
  before: readonly ChargeLine[],
): ChargeLine[] {
  switch (one.kind) {
    case "slabs":
      return slabsLines(one, usage);
    case "per_unit":
      return perUnitLines(one, usage);
    case "per_month":
      return perMonthLines(one, usage);
    case "slab_adjustment":
      // The schema of the document has checked that the slabs stand before.
      return slabAdjustmentLines(one, slabsChargeOf(charges, one.slabs_of)!, usage);
    case "percentage":
      return percentageLines(one, before);
  }
}
