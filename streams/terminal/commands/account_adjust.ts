/** `samay account adjust`: an opening balance, or a correction by hand. */
import { formatRupees } from "../../billing/money.ts";
import type { Command } from "../command.ts";
import { givenSignedRupees } from "../given_amount.ts";
import { givenDeed } from "../given_deed.ts";

export const command: Command = {
  name: "account adjust",
  summary: "Books an opening balance or a correction, with a reason",
  positionals: { usage: "ACCOUNT", min: 1, max: 1 },
  options: {
    amount: { type: "string", placeholder: "RUPEES", help: "Owed; with - before it, given back" },
    opening: { type: "boolean", help: "The balance that the account came with: once" },
    reason: { type: "string", placeholder: "TEXT", help: "Why: kept in the account" },
    json: { type: "boolean", help: "One JSON document; amounts in paise" },
  },
  help: `An entry is never changed; another one corrects it.

  samay account adjust A-1001 --amount 1200 --opening --reason "balance of the old system"
  samay account adjust A-1001 --amount -36.92 --reason "late charge waived"`,
  async run({ values, positionals }) {
    const amount_paise = givenSignedRupees("--amount", values.amount);
    const deed = givenDeed(values.reason);
    const { askAsOperator } = await import("../../office/operator.ts");
    const done = await askAsOperator("account-adjust", {
      ...{ account_id: positionals[0], amount_paise, opening: values.opening === true },
      ...deed,
    }) as { readonly account_id: string; readonly kind: string };
    const text = `Account ${done.account_id}: ${done.kind} of Rs ${formatRupees(amount_paise)}`;
    console.log(values.json === true ? JSON.stringify(done) : text);
    return 0;
  },
};
