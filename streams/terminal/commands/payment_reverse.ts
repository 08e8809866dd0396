/** `samay payment reverse`: a payment that was none. */
import { formatRupees } from "../../billing/money.ts";
import type { Command } from "../command.ts";
import { givenDeed } from "../given_deed.ts";

interface Reversed {
  readonly payment_id: number;
  readonly account_id: string;
  readonly amount_paise: number;
}

export const command: Command = {
  name: "payment reverse",
  summary: "Reverses a payment that was none, with a reason",
  positionals: { usage: "PAYMENT", min: 1, max: 1 },
  options: {
    reason: { type: "string", placeholder: "TEXT", help: "Why: kept in the account" },
    json: { type: "boolean", help: "One JSON document; amounts in paise" },
  },
  help:
    `A cheque that came back, or the wrong account. The payment stays in the account, with an entry
that undoes it: its bill counts as never paid by it. Once a payment. To record it anew for another
account, give it another reference.

  samay payment reverse 17 --reason "cheque returned unpaid"
  samay payment reverse "hdfc UTR4711" --reason "wrong account"`,
  async run({ values, positionals }) {
    const deed = givenDeed(values.reason);
    const { askAsOperator } = await import("../../office/operator.ts");
    const done = await askAsOperator("payment-reverse", {
      payment: positionals[0],
      ...deed,
    }) as Reversed;
    const text = `Payment ${done.payment_id} of Rs ${formatRupees(done.amount_paise)} of account ` +
      `${done.account_id} is reversed`;
    console.log(values.json === true ? JSON.stringify(done) : text);
    return 0;
  },
};
