/**
 * Energy by slabs. Telescopic: each slab's units at that slab's rate. Whole: a month that ends in
 * the slab costs all of its units at that one rate.
 */
import { z } from "../../../../protocol/schema.ts";
import { scaledLimit } from "../months.ts";
import { amountOf } from "../rounding.ts";
import { type ChargeLine, energyIn, unitKey, type Usage } from "../usage.ts";
import {
  code,
  description,
  limitsForMonths,
  measure,
  rate,
  units as limit,
  when,
} from "./common.ts";

export const slabsCharge = z.strictObject({
  kind: z.literal("slabs"),
  code,
  description,
  when,
  measure,
  /** False: every slab is whole. */
  telescopic: z.boolean(),
  limits_for_months: limitsForMonths,
  slabs: z.array(z.strictObject({
    /** Last unit of the slab in one month; null for the slab without an end. */
    to_units: limit.nullable(),
    /** 1/10,000 rupee a unit. */
    rate,
    /** All units of the month at this rate, where the month ends in this slab. */
    whole: z.boolean().optional(),
  })).min(1).max(16),
});
export type SlabsCharge = z.infer<typeof slabsCharge>;

/** The units of one slab, with its limits scaled to the period. */
export interface SlabUnits {
  readonly index: number;
  readonly rate: number;
  readonly units: number;
  /** For people: `units 1 to 100`, `units over 500`, `all units, being 251 to 300`. */
  readonly range: string;
}

/** The units of this part over the slabs. */
export function slabUnits(charge: SlabsCharge, usage: Usage): SlabUnits[] {
  const units = energyIn(charge.measure ?? "kwh", usage.energy);
  return wholeSlab(charge, usage, units) ?? telescopicSlabs(charge, usage, units);
}

/** The one slab at whose rate the whole cycle goes, where it ends in such a one. */
function wholeSlab(charge: SlabsCharge, usage: Usage, units: number): SlabUnits[] | null {
  if (charge.telescopic && !charge.slabs.some((slab) => slab.whole === true)) return null;
  const { energy, limit_months } = usage.cycle;
  const cycle_units = energyIn(charge.measure ?? "kwh", energy);
  const limits = charge.slabs.map(({ to_units }) =>
    to_units === null ? Infinity : scaledLimit(to_units, limit_months, charge.limits_for_months)
  );
  const index = limits.findIndex((limit) => cycle_units <= limit);
  const slab = charge.slabs[index]!;
  if (charge.telescopic && slab.whole !== true) return null;
  const below = limits[index - 1] ?? 0;
  const range = limits[index] === Infinity
    ? `all units, being over ${below}`
    : `all units, being ${below + 1} to ${limits[index]}`;
  return [{ index, rate: slab.rate, units, range }];
}

/**
 * `units` from the first slab upward. A slab that no unit reaches is left out, but for the first, so
 * that a bill for nothing still shows where its units would be.
 */
function telescopicSlabs(charge: SlabsCharge, usage: Usage, units: number): SlabUnits[] {
  const slabs = charge.slabs.filter((slab) => slab.whole !== true);
  const filled: SlabUnits[] = [];
  let below = 0;
  for (const [index, slab] of slabs.entries()) {
    if (filled.length > 0 && units <= below) break;
    const scaled = slab.to_units === null
      ? null
      : scaledLimit(slab.to_units, usage.limit_months, charge.limits_for_months);
    // Before whole slabs, what the rounding of a part's limit leaves over stays in the last slab.
    const limit = scaled !== null && index === slabs.length - 1 ? Math.max(scaled, units) : scaled;
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
  return slabUnits(charge, usage).map((slab) => ({
    code: charge.code,
    description: `${charge.description}, ${slab.range}`,
    units: slab.units,
    rate: slab.rate,
    amount_paise: amountOf(slab.units, slab.rate),
    ...unitKey(charge.measure ?? "kwh"),
  }));
}
