/** Energy by slabs: the first units of a month are the cheapest, and each slab has its own rate. */
import { z } from "../../../../protocol/schema.ts";
import { scaledLimit } from "../months.ts";
import { amountOf } from "../rounding.ts";
import type { ChargeLine, Usage } from "../usage.ts";

export const slabsCharge = z.object({
  kind: z.literal("slabs"),
  code: z.string().min(1).max(32),
  description: z.string().min(1).max(80),
  /** Each slab's units at that slab's rate. (The other way, all units at one rate, is not yet said.) */
  telescopic: z.literal(true),
  slabs: z.array(z.object({
    /** Last unit of the slab in one month; null for the slab without an end. */
    to_units: z.int().positive().nullable(),
    /** 1/10,000 rupee a unit. */
    rate: z.int().nonnegative(),
  })).min(1).max(16),
}).superRefine(({ slabs }, context) => {
  slabs.forEach((slab, i) => {
    const last = i === slabs.length - 1;
    const rises = last || (slab.to_units !== null && slab.to_units > (slabs[i - 1]?.to_units ?? 0));
    if (last !== (slab.to_units === null) || !rises) {
      context.addIssue({
        code: "custom",
        path: ["slabs", i, "to_units"],
        message: "limits must rise, and the last slab alone has none (null)",
      });
    }
  });
});
export type SlabsCharge = z.infer<typeof slabsCharge>;

/** The units of one slab, with its limits scaled to the period. */
export interface SlabUnits {
  readonly index: number;
  readonly rate: number;
  readonly units: number;
  /** For people: `units 1 to 100`, `units over 500`. */
  readonly range: string;
}

/**
 * `units` over the slabs of a period. A slab that no unit reaches is left out, but for the first, so
 * that a bill for nothing still shows where its units would be.
 */
export function slabUnits(
  charge: SlabsCharge,
  months_hundredths: number,
  units: number,
): SlabUnits[] {
  const filled: SlabUnits[] = [];
  let below = 0;
  for (const [index, slab] of charge.slabs.entries()) {
    if (filled.length > 0 && units <= below) break;
    const limit = slab.to_units === null ? null : scaledLimit(slab.to_units, months_hundredths);
    const top = limit ?? units;
    const range = limit === null ? `units over ${below}` : `units ${below + 1} to ${limit}`;
    // A period of a few days may round a limit to the one before it: the slab is empty and unsaid.
    if (limit === null || limit > below) {
      filled.push({
        index,
        rate: slab.rate,
        units: Math.max(0, Math.min(units, top) - below),
        range,
      });
    }
    below = Math.max(below, top);
  }
  return filled;
}

/** One line a slab. */
export function slabsLines(charge: SlabsCharge, usage: Usage): ChargeLine[] {
  return slabUnits(charge, usage.months_hundredths, usage.units).map((slab) => ({
    code: charge.code,
    description: `${charge.description}, ${slab.range}`,
    units: slab.units,
    rate: slab.rate,
    amount_paise: amountOf(slab.units, slab.rate),
  }));
}
