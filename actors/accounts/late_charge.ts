/**
 * The charge for paying late, as the tariff of the bill has it (`settlement`, off unless the tariff
 * switches it on). Once a bill, on no more than what was left of it when its due date was over.
 */
import { CREDIT_ESTIMATED } from "../billing/bill_quote.ts";
import { type Settlement, settlementAmounts } from "../billing/tariff/settlement.ts";
import type { ChargeLine } from "../billing/tariff/usage.ts";
import type { OwedItem } from "./allocate.ts";

export interface BilledUnder {
  /** Of the tariff version that closed the bill. */
  readonly settlement: readonly Settlement[];
  readonly lines: readonly Pick<ChargeLine, "code" | "amount_paise">[];
  readonly total_paise: number;
}

export interface LateCharge {
  readonly amount_paise: number;
  readonly description: string;
}

/** What is charged on a bill that was not paid in time; null where it was, or nothing is charged. */
export function lateChargeOf(item: OwedItem, bill: BilledUnder): LateCharge | null {
  const { outstanding_at_due_paise: left, amount_paise } = item;
  if (left <= 0) return null;
  // A part that was paid in time is charged nothing: each line counts by what was left of the bill.
  const share = (paise: number, of_paise: number) =>
    Number(BigInt(paise) * BigInt(left) / BigInt(of_paise));
  // The lines of a true-up are of its whole span: what estimated bills asked for is not owed by it.
  const credited_paise = bill.lines.filter(({ code }) => code === CREDIT_ESTIMATED)
    .reduce((sum, line) => sum - line.amount_paise, 0);
  const charges = settlementAmounts(
    bill.settlement,
    bill.lines.map(({ code, amount_paise: paise }) => ({
      code,
      amount_paise: share(paise, amount_paise + credited_paise),
    })),
    share(bill.total_paise, amount_paise),
  ).filter(({ when, amount_paise }) => when === "paid_late" && amount_paise > 0);
  if (charges.length === 0) return null;
  return {
    amount_paise: charges.reduce((sum, charge) => sum + charge.amount_paise, 0),
    description: charges.map(({ description }) => description).join(", "),
  };
}
