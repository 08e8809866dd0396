/** The least that is to be paid for some charges together. */
import { z } from "../../../../protocol/schema.ts";
import { divideHalfUp } from "../rounding.ts";
import type { ChargeLine, Usage } from "../usage.ts";
import { code, description, paise, when } from "./common.ts";
import { ofLines, sumOf } from "./percentage.ts";

export const minimumCharge = z.strictObject({
  kind: z.literal("minimum"),
  code,
  description,
  when,
  /** Paise a month; and paise a month for each kW of sanctioned load. The two add up. */
  amount_paise: paise.optional(),
  paise_a_kw: paise.optional(),
  /** Codes of the charges that count towards it. */
  of: z.array(z.string()).min(1),
});
export type MinimumCharge = z.infer<typeof minimumCharge>;

/** One line with what is missing to the minimum; none where nothing is. */
export function minimumLines(
  charge: MinimumCharge,
  usage: Usage,
  before: readonly ChargeLine[],
): ChargeLine[] {
  const { numerator, denominator } = usage.charge_months;
  const { amount_paise = 0, paise_a_kw } = charge;
  // The quote has asked for the load where there is an amount a kW.
  const by_load = paise_a_kw === undefined ? 0n : BigInt(paise_a_kw) * BigInt(usage.sanctioned_w!);
  const least_paise = divideHalfUp(
    (BigInt(amount_paise) * 1_000n + by_load) * BigInt(numerator),
    BigInt(denominator) * 1_000n,
  );
  const missing_paise = least_paise - sumOf(before, charge.of);
  if (missing_paise <= 0) return [];
  return [{
    code: charge.code,
    description: charge.description,
    units: null,
    rate: null,
    amount_paise: missing_paise,
    how: `what is missing ${ofLines(charge.of)} to the minimum`,
  }];
}
