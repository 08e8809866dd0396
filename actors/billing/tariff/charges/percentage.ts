/** A percentage of other charges: the electricity duty. */
import { z } from "../../../../protocol/schema.ts";
import { divideHalfUp } from "../rounding.ts";
import type { ChargeLine } from "../usage.ts";

export const percentageCharge = z.object({
  kind: z.literal("percentage"),
  code: z.string().min(1).max(32),
  description: z.string().min(1).max(80),
  /** Hundredths of a per cent: 1600 is 16 %. */
  percent_hundredths: z.int().nonnegative().max(10_000),
  /** Codes of the charges it is taken of. */
  of: z.array(z.string()).min(1),
});
export type PercentageCharge = z.infer<typeof percentageCharge>;

/** One line, of the rounded amounts that the customer sees, so that anybody can check it. */
export function percentageLines(
  charge: PercentageCharge,
  before: readonly ChargeLine[],
): ChargeLine[] {
  const base_paise = before
    .filter((line) => charge.of.includes(line.code))
    .reduce((sum, line) => sum + line.amount_paise, 0);
  return [{
    code: charge.code,
    description: `${charge.description}, ${charge.percent_hundredths / 100} %`,
    units: null,
    rate: null,
    amount_paise: divideHalfUp(BigInt(base_paise) * BigInt(charge.percent_hundredths), 10_000),
  }];
}
