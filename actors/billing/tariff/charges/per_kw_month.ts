/** A charge a kW of sanctioned load a month. */
import { TerminalError } from "../../../../protocol/errors.ts";
import { z } from "../../../../protocol/schema.ts";
import { divideHalfUp } from "../rounding.ts";
import type { ChargeLine, Usage } from "../usage.ts";
import { code, description, paise, when } from "./common.ts";

const W_A_KW = 1_000;

export const perKwMonthCharge = z.strictObject({
  kind: z.literal("per_kw_month"),
  code,
  description,
  when,
  paise_a_kw: paise,
  /** How a part of a kW counts: as it is, or as a whole one; null where the order does not state it. */
  part_of_kw: z.enum(["exact", "next_whole"]).nullable(),
});
export type PerKwMonthCharge = z.infer<typeof perKwMonthCharge>;

/** Throws `TerminalError` for a part of a kW where the order does not say how it counts. */
export function perKwMonthLines(charge: PerKwMonthCharge, usage: Usage): ChargeLine[] {
  const sanctioned_w = usage.sanctioned_w!; // The quote has asked for it.
  const whole = sanctioned_w % W_A_KW === 0;
  if (!whole && charge.part_of_kw === null) {
    throw new TerminalError(
      `${charge.description} of a load of ${sanctioned_w / W_A_KW} kW: how a part of a kW counts ` +
        "is not stated in the order",
    );
  }
  const billed_w = whole || charge.part_of_kw === "exact"
    ? sanctioned_w
    : Math.ceil(sanctioned_w / W_A_KW) * W_A_KW;
  // One rounding for kW and months together.
  const { numerator, denominator } = usage.charge_months;
  return [{
    code: charge.code,
    description: `${charge.description}, ${billed_w / W_A_KW} kW`,
    units: null,
    rate: null,
    amount_paise: divideHalfUp(
      BigInt(charge.paise_a_kw) * BigInt(billed_w) * BigInt(numerator),
      BigInt(denominator) * BigInt(W_A_KW),
    ),
  }];
}
