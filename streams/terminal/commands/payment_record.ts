/** `samay payment record`: one payment, as it is taken at the desk. */
import { indianDateOf } from "../../../protocol/indian_time.ts";
import { formatRupees } from "../../billing/money.ts";
import { type Command, UsageError } from "../command.ts";
import { givenRupees } from "../given_amount.ts";

interface Recorded {
  readonly payment_id: number;
  readonly account_id: string;
  readonly amount_paise: number;
  readonly recorded: boolean;
  readonly balance_paise: number;
}

export const command: Command = {
  name: "payment record",
  summary: "Records a payment, once",
  options: {
    account: { type: "string", placeholder: "ID", help: "Whose; or --bill" },
    bill: { type: "string", placeholder: "NUMBER", help: "A bill of the account that paid" },
    amount: { type: "string", placeholder: "RUPEES", help: "Such as 1250.50" },
    reference: { type: "string", placeholder: "TEXT", help: "Receipt number: names the payment" },
    source: { type: "string", placeholder: "NAME", help: "Who took it (default counter)" },
    method: { type: "string", placeholder: "HOW", help: "cash, cheque, card, upi, bank, ..." },
    "paid-on": { type: "string", placeholder: "DATE", help: "Default today, in India" },
    note: { type: "string", placeholder: "TEXT", help: "Kept with it" },
    json: { type: "boolean", help: "One JSON document; amounts in paise" },
  },
  help: `The source and its reference name the payment: recorded again with the same content nothing
happens, with another amount, date or account it is refused. What is paid settles the bills that fell
due first; what is paid too much stands for the next one.

  samay payment record --account A-1001 --amount 2950 --reference R-4711 --method cash`,
  async run({ values }) {
    const { account, bill, reference } = values;
    if (account === undefined && bill === undefined) {
      throw new UsageError("Say whose payment it is: --account ID, or --bill NUMBER");
    }
    if (reference === undefined) {
      throw new UsageError("Say what names the payment: --reference R-4711, the receipt's number");
    }
    const input = {
      ...(account === undefined ? {} : { account_id: account }),
      ...(bill === undefined ? {} : { bill }),
      amount_paise: givenRupees("--amount", values.amount),
      reference,
      source: values.source ?? "counter",
      method: values.method ?? "cash",
      paid_on: values["paid-on"] ?? indianDateOf(Date.now()),
      note: values.note ?? null,
      actor: Deno.env.get("USER")?.slice(0, 64) || "operator",
    };
    const { askAsOperator } = await import("../../office/operator.ts");
    const done = await askAsOperator("payment-record", input) as Recorded;
    const { payment_id, account_id, amount_paise, recorded, balance_paise } = done;
    const what = `Payment ${payment_id} of Rs ${formatRupees(amount_paise)}`;
    const text = `${what} of account ${account_id} ${
      recorded ? "is recorded" : "was recorded already, nothing changed"
    }; balance Rs ${formatRupees(balance_paise)}`;
    console.log(values.json === true ? JSON.stringify(done) : text);
    return 0;
  },
};
