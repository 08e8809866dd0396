/** A charge a connection a month: the fixed charge, with the addition in municipal corporations. */
import { TerminalError } from "../../../../protocol/errors.ts";
import { z } from "../../../../protocol/schema.ts";
import { amountOfMonths } from "../months.ts";
import type { ChargeLine, Usage } from "../usage.ts";
import { code, description, paise, signedPaise, when } from "./common.ts";

const amount = paise.nullable();

export const perMonthCharge = z.strictObject({
  kind: z.literal("per_month"),
  code,
  description,
  when,
  /**
   * Paise a month: one amount for every connection (below zero, a rebate), or one by its phases; null
   * where the order does not state it.
   */
  amount_paise: z.union([signedPaise, z.strictObject({ "1": amount, "3": amount })]),
  /** Paise a month on top, in a municipal corporation area. */
  municipal_paise: paise.optional(),
});
export type PerMonthCharge = z.infer<typeof perMonthCharge>;

/** Throws `TerminalError` when the order states no amount for this connection: nothing is guessed. */
export function perMonthLines(charge: PerMonthCharge, usage: Usage): ChargeLine[] {
  const { amount_paise, municipal_paise = 0 } = charge;
  const flat = typeof amount_paise === "number";
  const stated = flat ? amount_paise : amount_paise[usage.phase === 1 ? "1" : "3"];
  if (stated === null) {
    throw new TerminalError(
      `${charge.description} of a ${usage.phase}-phase connection: not stated in the order`,
    );
  }
  const municipal = usage.municipal && (!flat || municipal_paise > 0);
  return [{
    code: charge.code,
    description: `${charge.description}${flat ? "" : `, ${usage.phase}-phase`}${
      municipal ? ", municipal area" : ""
    }`,
    units: null,
    rate: null,
    amount_paise: amountOfMonths(stated + (municipal ? municipal_paise : 0), usage.charge_months),
  }];
}
