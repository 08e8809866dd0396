/** What a bill comes to, and with what was owed and paid before it. */
import { TerminalError } from "../../../protocol/errors.ts";
import { type BillDocument, standingBefore } from "../bill_document.ts";
import { rupees } from "../format.ts";
import type { Labels } from "../labels.ts";

/** Throws `TerminalError` where what was owed and the bill are not what is due in all. */
export function checkBalance({ number, balance, payable_paise }: BillDocument) {
  if (balance === undefined) return;
  const { before_paise, payments_paise, amount_due_paise } = balance;
  if (before_paise - payments_paise + payable_paise === amount_due_paise) return;
  throw new TerminalError(
    `Bill ${number} does not add up and is not printed: ${
      rupees(before_paise - payments_paise)
    } from before and ` +
      `${rupees(payable_paise)} of its own are not ${rupees(amount_due_paise)}`,
  );
}

/** What the charges come to, then what was owed and paid before, where there is any of it. */
export function sumsOf(bill: BillDocument, words: Labels) {
  const { total_paise, rounding_paise, payable_paise, amount_due_paise, balance } = bill;
  const sum = (label: string, amount: string, kind: "part" | "sum" | "due" = "part") => ({
    ...{ label, amount, kind },
  });
  const kept = `${words.credit}: ${words.credit_kept}`;
  const asked = amount_due_paise > 0 ? words.payable : words.nothing_due;
  const due = sum(
    amount_due_paise < 0 ? kept : asked,
    `₹ ${rupees(Math.abs(amount_due_paise))}`,
    "due",
  );
  const own = [
    sum(words.total, rupees(total_paise), "sum"),
    sum(words.rounding, rupees(rounding_paise)),
  ];
  const { before_paise, received_paise } = standingBefore(balance);
  const { credited_paise = 0 } = bill;
  const credited = credited_paise === 0 ? [] : [sum(words.credited, rupees(-credited_paise))];
  if (before_paise === 0 && received_paise === 0) {
    const whole = credited_paise === 0
      ? []
      : [sum(words.of_this_bill, rupees(payable_paise), "sum" as const)];
    return [...own, ...whole, ...credited, due];
  }
  return [
    ...own,
    sum(words.of_this_bill, rupees(payable_paise), "sum"),
    sum(before_paise < 0 ? words.credit_before : words.arrears, rupees(before_paise)),
    ...(received_paise === 0 ? [] : [sum(words.received, rupees(-received_paise))]),
    ...credited,
    due,
  ];
}
