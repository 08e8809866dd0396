/** `samay account arrears`: who owes what, and since when. */
import { type Age, AGES } from "../../../actors/accounts/aging.ts";
import type { ArrearsPage, ArrearsRow } from "../../accounts/arrears.ts";
import { formatRupees } from "../../billing/money.ts";
import type { Command } from "../command.ts";
import { counted } from "../counted.ts";
import { givenLimit } from "../given_amount.ts";
import { formatTable, terminalWidth } from "../table.ts";

interface Arrears {
  /** Accounts with something overdue, and of those that are shown the largest first. */
  readonly accounts: number;
  readonly sums: Readonly<Record<Age | "overdue_paise" | "balance_paise", number>>;
  readonly rows: readonly ArrearsRow[];
}

export const command: Command = {
  name: "account arrears",
  summary: "Lists who is overdue, how much and since when",
  options: {
    limit: { type: "string", placeholder: "N", help: "Largest so many, 1 to 500 (default 50)" },
    json: { type: "boolean", help: "One JSON document; amounts in paise" },
  },
  help:
    `What is outstanding by the days since its due date, the largest sum overdue first, and the sums
over all accounts. Payments settle what fell due first.

  samay account arrears --limit 20`,
  async run({ values }) {
    const arrears = await gather(givenLimit(values.limit, 50));
    console.log(values.json === true ? JSON.stringify(arrears) : toText(arrears));
    return 0;
  },
};

/** Page by page: only as many rows are kept as are shown. */
async function gather(limit: number): Promise<Arrears> {
  const { askAsOperator } = await import("../../office/operator.ts");
  const sums: Record<string, number> = { overdue_paise: 0, balance_paise: 0 };
  for (const age of AGES) sums[age] = 0;
  let accounts = 0;
  let rows: ArrearsRow[] = [];
  for (let after_id: string | null = ""; after_id !== null;) {
    const page = await askAsOperator("account-arrears", { after_id }) as ArrearsPage;
    for (const row of page.rows) {
      for (const name of Object.keys(sums) as Age[]) sums[name]! += row[name];
    }
    const overdue = page.rows.filter(({ overdue_paise }) => overdue_paise > 0);
    accounts += overdue.length;
    rows = [...rows, ...overdue].sort((a, b) => b.overdue_paise - a.overdue_paise).slice(0, limit);
    after_id = page.last_id;
  }
  return { accounts, sums: sums as Arrears["sums"], rows };
}

function toText({ accounts, sums, rows }: Arrears): string {
  const outstanding = `Rs ${formatRupees(sums.overdue_paise)} overdue, Rs ${
    formatRupees(sums.not_due)
  } not due yet`;
  if (rows.length === 0) return `Nobody is overdue; ${outstanding}`;
  const money = (of: Pick<ArrearsRow, Age | "overdue_paise">) =>
    [of.overdue_paise, of.days_1_30, of.days_31_60, of.days_61_90, of.days_over_90].map(
      formatRupees,
    );
  const table = formatTable(
    [
      { title: "Account" },
      { title: "Name", flexible: true },
      { title: "Since" },
      ...["Overdue", "1-30 days", "31-60", "61-90", "over 90"]
        .map((title) => ({ title, align: "right" as const })),
    ],
    [
      ...rows.map((row) => [row.account_id, row.name, row.oldest_due_on ?? "", ...money(row)]),
      ["all", "", "", ...money(sums)],
    ],
    { width: terminalWidth() },
  );
  return `${table}\n\n${counted(accounts, "account")} overdue; ${outstanding}`;
}
