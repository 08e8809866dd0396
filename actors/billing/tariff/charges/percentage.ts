/** A percentage of other charges: the electricity duty, a surcharge; below zero, a rebate. */
import { z } from "../../../../protocol/schema.ts";
import { divideHalfUp } from "../rounding.ts";
import type { ChargeLine } from "../usage.ts";
import { code, description, when } from "./common.ts";

const PER_CENT = 10_000;

export const percentageCharge = z.strictObject({
  kind: z.literal("percentage"),
  code,
  description,
  when,
  /** Hundredths of a per cent: 1600 is 16 %. */
  percent_hundredths: z.int().min(-PER_CENT).max(PER_CENT),
  /** Codes of the charges it is taken of. */
  of: z.array(z.string()).min(1),
});
export type PercentageCharge = z.infer<typeof percentageCharge>;

/** One line, of the rounded amounts that the customer sees, so that anybody can check it. */
export function percentageLines(
  charge: PercentageCharge,
  before: readonly ChargeLine[],
): ChargeLine[] {
  return [{
    code: charge.code,
    description: `${charge.description}, ${charge.percent_hundredths / 100} %`,
    units: null,
    rate: null,
    amount_paise: percentOf(before, charge.of, charge.percent_hundredths),
    how: ofLines(charge.of),
  }];
}

/** `percent_hundredths` of the lines of `codes`, rounded once, half up. */
export function percentOf(
  before: readonly ChargeLine[],
  codes: readonly string[],
  percent_hundredths: number,
): number {
  return divideHalfUp(BigInt(sumOf(before, codes)) * BigInt(percent_hundredths), PER_CENT);
}

/** Paise of the lines of `codes`. */
export function sumOf(before: readonly ChargeLine[], codes: readonly string[]): number {
  return before.filter((line) => codes.includes(line.code))
    .reduce((sum, line) => sum + line.amount_paise, 0);
}

/** `of the lines fixed, energy and fac`, for people. */
export function ofLines(codes: readonly string[]): string {
  const [last, ...others] = [...codes].reverse();
  return others.length === 0
    ? `of the line ${last}`
    : `of the lines ${others.reverse().join(", ")} and ${last}`;
}
