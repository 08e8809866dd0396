/** A rebate or surcharge by the power factor of the whole cycle. */
import { z } from "../../../../protocol/schema.ts";
import type { ChargeLine, Usage } from "../usage.ts";
import { code, description, when } from "./common.ts";
import { ofLines, percentOf } from "./percentage.ts";

export const powerFactorCharge = z.strictObject({
  kind: z.literal("power_factor"),
  code,
  description,
  when,
  /** Codes of the charges it is taken of. */
  of: z.array(z.string()).min(1),
  brackets: z.array(z.strictObject({
    /** Thousandths: 900 is every power factor below 0.9; null for what is above all limits. */
    below: z.int().positive().max(1_000).nullable(),
    /** Hundredths of a per cent: 100 is a surcharge of 1 %, -100 a rebate of 1 %. */
    percent_hundredths: z.int().min(-10_000).max(10_000),
  })).min(1).max(64),
});
export type PowerFactorCharge = z.infer<typeof powerFactorCharge>;

/** One line where there is a rebate or a surcharge, none where there is neither. */
export function powerFactorLines(
  charge: PowerFactorCharge,
  usage: Usage,
  before: readonly ChargeLine[],
): ChargeLine[] {
  const thousandths = usage.power_factor_thousandths!; // The quote has asked for it.
  const { percent_hundredths } = charge.brackets.find(({ below }) =>
    below === null || thousandths < below
  )!;
  if (percent_hundredths === 0) return [];
  const word = percent_hundredths < 0 ? "rebate" : "surcharge";
  return [{
    code: charge.code,
    description: `${charge.description} ${(thousandths / 1_000).toFixed(3)}, ${word} ${
      Math.abs(percent_hundredths) / 100
    } %`,
    units: null,
    rate: null,
    amount_paise: percentOf(before, charge.of, percent_hundredths),
    how: ofLines(charge.of),
  }];
}
