/**
 * All kinds of charges that a tariff can be made of. A new shape of tariff is a new kind: its schema
 * and its evaluator in one file of `charges/`, named in the union and in the switch here.
 */
import { z } from "../../../protocol/schema.ts";
import { bracketMonthCharge, bracketMonthLines } from "./charges/bracket_month.ts";
import { applies } from "./charges/common.ts";
import { demandCharge, demandLines } from "./charges/demand.ts";
import { minimumCharge, minimumLines } from "./charges/minimum.ts";
import { percentageCharge, percentageLines } from "./charges/percentage.ts";
import { perKwMonthCharge, perKwMonthLines } from "./charges/per_kw_month.ts";
import { perMonthCharge, perMonthLines } from "./charges/per_month.ts";
import { type PerUnitCharge, perUnitCharge, perUnitLines } from "./charges/per_unit.ts";
import { powerFactorCharge, powerFactorLines } from "./charges/power_factor.ts";
import { slabAdjustmentCharge, slabAdjustmentLines } from "./charges/slab_adjustment.ts";
import { type SlabsCharge, slabsCharge, slabsLines } from "./charges/slabs.ts";
import { timeOfDayCharge, timeOfDayLines } from "./charges/time_of_day.ts";
import type { ChargeLine, Usage } from "./usage.ts";

const KINDS = [
  slabsCharge,
  perUnitCharge,
  perMonthCharge,
  perKwMonthCharge,
  bracketMonthCharge,
  demandCharge,
  slabAdjustmentCharge,
  timeOfDayCharge,
  powerFactorCharge,
  percentageCharge,
  minimumCharge,
] as const;

/** The names of the kinds, for people. */
export const KIND_NAMES: readonly string[] = KINDS.map((kind) => kind.shape.kind.value);

export const charge = z.discriminatedUnion("kind", [...KINDS]);
export type Charge = z.infer<typeof charge>;

/**
 * All lines of `charges` for one part of a period, in the order of the tariff. A percentage sees the
 * lines before it. Throws `RangeError` for input that does not fit, `TerminalError` for a charge
 * that the tariff does not state.
 */
export function chargeLines(charges: readonly Charge[], usage: Usage): ChargeLine[] {
  const lines: ChargeLine[] = [];
  for (const one of charges) {
    if (applies(one.when, usage)) lines.push(...linesOf(one, charges, usage, lines));
  }
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
    case "per_kw_month":
      return perKwMonthLines(one, usage);
    case "bracket_month":
      return bracketMonthLines(one, usage);
    case "demand":
      return demandLines(one, usage);
    // The schema of the document has checked that the charge stands before.
    case "slab_adjustment":
      return slabAdjustmentLines(one, find(charges, one.slabs_of, "slabs", "per_unit"), usage);
    case "time_of_day":
      return timeOfDayLines(one, find(charges, one.of, "per_unit") as PerUnitCharge, usage);
    case "power_factor":
      return powerFactorLines(one, usage, before);
    case "percentage":
      return percentageLines(one, before);
    case "minimum":
      return minimumLines(one, usage, before);
  }
}

function find(
  charges: readonly Charge[],
  code: string,
  ...kinds: readonly ("slabs" | "per_unit")[]
): SlabsCharge | PerUnitCharge {
  const found = charges.find((one): one is SlabsCharge | PerUnitCharge =>
    one.code === code && (kinds as readonly string[]).includes(one.kind)
  );
  if (found === undefined) throw new TypeError(`No charge ${code} that others build upon`);
  return found;
}
