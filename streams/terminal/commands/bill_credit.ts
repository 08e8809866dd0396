/** `samay bill credit`: gives part of a bill back, by a credit note. */
import type { CreditNote } from "../../accounts/credit.ts";
import { formatRupees } from "../../billing/money.ts";
import type { Command } from "../command.ts";
import { givenRupees } from "../given_amount.ts";
import { givenDeed } from "../given_deed.ts";

export const command: Command = {
  name: "bill credit",
  summary: "Gives part of a bill back, by a credit note with a reason",
  positionals: { usage: "NUMBER", min: 1, max: 1 },
  options: {
    amount: { type: "string", placeholder: "RUPEES", help: "Such as 250.00" },
    reason: { type: "string", placeholder: "TEXT", help: "Why: kept with the note" },
    json: { type: "boolean", help: "One JSON document; amounts in paise" },
  },
  help: `The bill stays as it was issued. The note has its own number, is booked in the account, and
settles its bill before anything else. All notes of a bill together give back no more than it asks for.

  samay bill credit MH/2026-27/000001 --amount 250 --reason "three days without supply"`,
  async run({ values, positionals }) {
    const amount_paise = givenRupees("--amount", values.amount);
    const deed = givenDeed(values.reason);
    const { askAsOperator } = await import("../../office/operator.ts");
    const input = { bill: positionals[0], amount_paise, ...deed };
    const note = await askAsOperator("bill-credit", input) as CreditNote;
    const text = `Credit note ${note.number} of Rs ${formatRupees(note.amount_paise)} on bill ` +
      `${note.bill}, account ${note.account_id}`;
    console.log(values.json === true ? JSON.stringify(note) : text);
    return 0;
  },
};
