/** `samay account statement`: every entry of an account, with the balance after it. */
import type { Statement } from "../../accounts/statement.ts";
import { formatRupees } from "../../billing/money.ts";
import type { Command } from "../command.ts";
import { givenLimit } from "../given_amount.ts";
import { formatTable, terminalWidth } from "../table.ts";

export const command: Command = {
  name: "account statement",
  summary: "Shows an account: every entry, the balance after it, and what is open",
  positionals: { usage: "ACCOUNT", min: 1, max: 1 },
  options: {
    limit: { type: "string", placeholder: "N", help: "Newest entries, 1 to 500 (default 100)" },
    json: { type: "boolean", help: "One JSON document; amounts in paise" },
  },
  help: `Above zero the customer owes it, below zero it is the customer's.

  samay account statement A-1001`,
  async run({ values, positionals }) {
    const input = { account_id: positionals[0], limit: givenLimit(values.limit, 100) };
    const { askAsOperator } = await import("../../office/operator.ts");
    const statement = await askAsOperator("account-statement", input) as Statement;
    console.log(values.json === true ? JSON.stringify(statement) : toText(statement));
    return 0;
  },
};

function toText({ account_id, name, status, balance_paise, aging, open, entries }: Statement) {
  const standing = balance_paise > 0
    ? `owes Rs ${formatRupees(balance_paise)}`
    : balance_paise < 0
    ? `has Rs ${formatRupees(-balance_paise)} to its credit`
    : "owes nothing";
  const overdue = aging.overdue_paise === 0
    ? ""
    : `, of it Rs ${formatRupees(aging.overdue_paise)} overdue since ${aging.oldest_due_on}`;
  const head = `Account ${account_id} (${status}), ${name}: ${standing}${overdue}`;
  if (entries.length === 0) return `${head}\nNo entries`;
  const table = formatTable(
    [
      { title: "Date" },
      { title: "Entry" },
      { title: "Reference" },
      { title: "What", flexible: true },
      { title: "Rs", align: "right" },
      { title: "Balance", align: "right" },
    ],
    entries.map((entry) => [
      entry.value_date,
      entry.kind.replace("_", " "),
      entry.reference,
      entry.description,
      formatRupees(entry.amount_paise),
      formatRupees(entry.balance_paise),
    ]),
    { width: terminalWidth() },
  );
  const still = open.map(({ bill, kind, due_on, amount_paise, outstanding_paise }) =>
    `  ${bill ?? kind.replace("_", " ")}: Rs ${formatRupees(outstanding_paise)} of ` +
    `${formatRupees(amount_paise)}, due ${due_on}`
  );
  return [head, "", table, ...(still.length === 0 ? [] : ["", "Open:", ...still])].join("\n");
}
