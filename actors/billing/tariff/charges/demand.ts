/** A charge a kVA of maximum demand a month, with a floor and an excess by the contract demand. */
import { z } from "../../../../protocol/schema.ts";
import { divideHalfUp } from "../rounding.ts";
import type { ChargeLine, Usage } from "../usage.ts";
import { register } from "../calendar.ts";
import { code, description, paise, when } from "./common.ts";

const VA_A_KVA = 1_000;
const PER_CENT = 10_000;

export const demandCharge = z.strictObject({
  kind: z.literal("demand"),
  code,
  description,
  when,
  paise_a_kva: paise,
  /** That holds the demand; 1-0:9.6.0 where it is left out. */
  register: register.optional(),
  /** At least this part of the contract demand is billed: 7500 is 75 %. */
  contract_floor_hundredths: z.int().positive().max(PER_CENT).optional(),
  /** What is above the contract demand costs this much more: 5000 is half the rate on top. */
  excess_surcharge_hundredths: z.int().positive().max(100_000).optional(),
});
export type DemandCharge = z.infer<typeof demandCharge>;

/** Whether the charge cannot be computed without the contract demand. */
export function needsContract(charge: DemandCharge): boolean {
  return charge.contract_floor_hundredths !== undefined ||
    charge.excess_surcharge_hundredths !== undefined;
}

/** The demand that is billed; and what lies above the contract, where that costs more. */
export function demandLines(charge: DemandCharge, usage: Usage): ChargeLine[] {
  const demand_va = usage.demand_va!; // The quote has asked for what the charge needs.
  const contract_va = usage.contract_va ?? 0;
  const floor_va = divideHalfUp(
    BigInt(contract_va) * BigInt(charge.contract_floor_hundredths ?? 0),
    PER_CENT,
  );
  const billed_va = Math.max(demand_va, floor_va);
  const why = billed_va > demand_va
    ? ` (${charge.contract_floor_hundredths! / 100} % of the contract)`
    : "";
  const lines = [lineOf(charge, usage, billed_va, PER_CENT, `${shown(billed_va)}${why}`)];
  const surcharge = charge.excess_surcharge_hundredths;
  const excess_va = demand_va - contract_va;
  if (surcharge !== undefined && excess_va > 0) {
    const words = `${shown(excess_va)} above the contract, ${surcharge / 100} % more`;
    lines.push(lineOf(charge, usage, excess_va, surcharge, words));
  }
  return lines;
}

const shown = (va: number) => `${va / VA_A_KVA} kVA`;

function lineOf(
  charge: DemandCharge,
  usage: Usage,
  va: number,
  hundredths: number,
  words: string,
): ChargeLine {
  const { numerator, denominator } = usage.charge_months;
  return {
    code: charge.code,
    description: `${charge.description}, ${words}`,
    units: null,
    rate: null,
    amount_paise: divideHalfUp(
      BigInt(charge.paise_a_kva) * BigInt(va) * BigInt(hundredths) * BigInt(numerator),
      BigInt(denominator) * BigInt(VA_A_KVA * PER_CENT),
    ),
  };
}
