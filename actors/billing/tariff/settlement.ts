/**
 * What happens at payment: delayed payment charge, prompt payment discount, digital rebate. It is
 * data for the office and off unless a tariff switches it on; no bill carries it, because nobody
 * knows when a bill is issued how it will be paid.
 */
import { z } from "../../../protocol/schema.ts";
import { divideHalfUp } from "./rounding.ts";
import type { ChargeLine } from "./usage.ts";

const PER_CENT = 10_000;

export const settlement = z.strictObject({
  code: z.string().min(1).max(32),
  description: z.string().min(1).max(120),
  percent_hundredths: z.int().positive().max(PER_CENT),
  /** Codes of lines, or `total`. */
  of: z.array(z.string()).min(1),
  cap_paise: z.int().positive().nullable(),
  /** Late costs more, prompt and digital cost less. Needed where it is switched on. */
  when: z.enum(["paid_late", "paid_promptly", "paid_digitally"]).optional(),
  enabled: z.boolean(),
});
export type Settlement = z.infer<typeof settlement>;

export interface SettlementAmount {
  readonly code: string;
  readonly description: string;
  readonly when: NonNullable<Settlement["when"]>;
  /** Above zero: to be paid on top. Below: to be paid less. */
  readonly amount_paise: number;
}

/** What each rule that is switched on would add to, or take from, a bill of `lines` and `total`. */
export function settlementAmounts(
  rules: readonly Settlement[],
  lines: readonly Pick<ChargeLine, "code" | "amount_paise">[],
  total_paise: number,
): SettlementAmount[] {
  return rules.flatMap(({ enabled, when, of, percent_hundredths, cap_paise, ...rule }) => {
    if (!enabled || when === undefined) return [];
    const base_paise = of.includes("total")
      ? total_paise
      : lines.filter((line) => of.includes(line.code)).reduce((sum, l) => sum + l.amount_paise, 0);
    const exact = divideHalfUp(BigInt(base_paise) * BigInt(percent_hundredths), PER_CENT);
    const amount_paise = Math.min(exact, cap_paise ?? exact);
    const { code, description } = rule;
    return [{
      code,
      description,
      when,
      amount_paise: when === "paid_late" ? amount_paise : -amount_paise,
    }];
  });
}
