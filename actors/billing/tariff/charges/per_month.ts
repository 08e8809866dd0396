/** A charge a connection a month: the fixed charge, with the addition in municipal corporations. */
import { TerminalError } from "../../../../protocol/errors.ts";
import { z } from "../../../../protocol/schema.ts";
import { monthlyShare } from "../months.ts";
import { divideHalfUp } from "../rounding.ts";
import type { ChargeLine, Usage } from "../usage.ts";

const amount = z.int().nonnegative().nullable();

export const perMonthCharge = z.object({
  kind: z.literal("per_month"),
  code: z.string().min(1).max(32),
  description: z.string().min(1).max(80),
  /** Paise a month by phases of the connection; null where the order does not state it. */
  amount_paise: z.object({ "1": amount, "3": amount }),
  /** Paise a month on top, in a municipal corporation area. */
  municipal_paise: z.int().nonnegative(),
});
export type PerMonthCharge = z.infer<typeof perMonthCharge>;

/** Throws `TerminalError` when the order states no amount for this connection: nothing is guessed. */
export function perMonthLines(charge: PerMonthCharge, usage: Usage): ChargeLine[] {
  const stated = charge.amount_paise[usage.phase === 1 ? "1" : "3"];
  if (stated === null) {
    throw new TerminalError(
      `${charge.description} of a ${usage.phase}-phase connection: not stated in the order`,
    );
  }
  const monthly = stated + (usage.municipal ? charge.municipal_paise : 0);
  const share = monthlyShare(usage.days, usage.cycle_days);
  return [{
    code: charge.code,
    description: `${charge.description}, ${usage.phase}-phase${
      usage.municipal ? ", municipal area" : ""
    }`,
    units: null,
    rate: null,
    amount_paise: divideHalfUp(BigInt(monthly) * BigInt(share.numerator), share.denominator),
  }];
}
