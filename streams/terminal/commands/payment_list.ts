/** `samay payment list`: payments, newest first. */
import { formatRupees } from "../../billing/money.ts";
import type { Command } from "../command.ts";
import { givenLimit } from "../given_amount.ts";
import { formatTable, terminalWidth } from "../table.ts";

interface Row {
  readonly payment_id: number;
  readonly account_id: string;
  readonly source: string;
  readonly reference: string;
  readonly amount_paise: number;
  readonly paid_on: string;
  readonly method: string;
  readonly reversed_on: string | null;
}

export const command: Command = {
  name: "payment list",
  summary: "Lists the payments that were recorded",
  options: {
    account: { type: "string", placeholder: "ID", help: "Of one account" },
    source: { type: "string", placeholder: "NAME", help: "Of one source" },
    limit: { type: "string", placeholder: "N", help: "At most so many, 1 to 500 (default 50)" },
    json: { type: "boolean", help: "One JSON document; amounts in paise" },
  },
  help: `Newest first.

  samay payment list --account A-1001`,
  async run({ values }) {
    const limit = givenLimit(values.limit, 50);
    const { askAsOperator } = await import("../../office/operator.ts");
    const rows = await askAsOperator("payment-list", {
      ...(values.account === undefined ? {} : { account_id: values.account }),
      ...(values.source === undefined ? {} : { source: values.source }),
      limit,
    }) as Row[];
    console.log(values.json === true ? JSON.stringify(rows) : toText(rows));
    return 0;
  },
};

function toText(rows: readonly Row[]): string {
  if (rows.length === 0) return "No payments";
  return formatTable(
    [
      { title: "Payment", align: "right" },
      { title: "Account" },
      { title: "Paid on" },
      { title: "Source" },
      { title: "Reference", flexible: true },
      { title: "By" },
      { title: "Rs", align: "right" },
      { title: "" },
    ],
    rows.map((row) => [
      String(row.payment_id),
      row.account_id,
      row.paid_on,
      row.source,
      row.reference,
      row.method,
      formatRupees(row.amount_paise),
      row.reversed_on === null ? "" : `reversed ${row.reversed_on}`,
    ]),
    { width: terminalWidth() },
  );
}
