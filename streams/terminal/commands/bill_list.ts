/** `samay bill list`: bills, newest first. */
import { formatRupees } from "../../billing/money.ts";
import { checkPeriodOption } from "../../billing/period_option.ts";
import { type Command, UsageError } from "../command.ts";
import { formatTable, terminalWidth } from "../table.ts";

interface Row {
  readonly number: string;
  readonly account_id: string;
  readonly period: string;
  readonly state: string;
  readonly due_on: string;
  readonly payable_paise: number;
}

const LIMIT = /^[1-9]\d{0,2}$/;

export const command: Command = {
  name: "bill list",
  summary: "Lists the bills that were issued",
  options: {
    period: { type: "string", placeholder: "YYYY-MM", help: "Of one month" },
    account: { type: "string", placeholder: "ID", help: "Of one account" },
    limit: { type: "string", placeholder: "N", help: "At most so many, 1 to 500 (default 50)" },
    json: { type: "boolean", help: "One JSON document; amounts in paise" },
  },
  help: `Asks the running head-end. Newest first.

  samay bill list --period 2026-04`,
  async run({ values }) {
    const period = checkPeriodOption(values.period);
    const limit = String(values.limit ?? "50");
    if (!LIMIT.test(limit) || Number(limit) > 500) {
      throw new UsageError(`--limit "${limit.slice(0, 24)}": a number from 1 to 500`);
    }
    const { askAsOperator } = await import("../../office/operator.ts");
    const rows = await askAsOperator("bill-list", {
      ...(period === undefined ? {} : { period }),
      ...(typeof values.account === "string" ? { account_id: values.account } : {}),
      limit: Number(limit),
    }) as Row[];
    console.log(values.json === true ? JSON.stringify(rows) : toText(rows));
    return 0;
  },
};

function toText(rows: readonly Row[]): string {
  if (rows.length === 0) return "No bills";
  return formatTable(
    [
      { title: "Number" },
      { title: "Account" },
      { title: "Month" },
      { title: "State" },
      { title: "Due" },
      { title: "Rs", align: "right" },
    ],
    rows.map((row) => [
      row.number,
      row.account_id,
      row.period,
      row.state,
      row.due_on,
      formatRupees(row.payable_paise),
    ]),
    { width: terminalWidth() },
  );
}
