/** `samay tariff fac list`: the fuel adjustments that were entered. */
import type { FacLine } from "../../billing/fac.ts";
import { formatRate } from "../../billing/money.ts";
import type { Command } from "../command.ts";
import { formatTable, terminalWidth } from "../table.ts";
import { wholeNumber } from "../whole_number.ts";

export const command: Command = {
  name: "tariff fac list",
  summary: "Lists the fuel adjustments (FAC) that were entered, month by month",
  options: {
    tariff: { type: "string", placeholder: "ID", help: "Of one tariff" },
    all: { type: "boolean", help: "Every version of a month, and not only the one that counts" },
    limit: { type: "string", placeholder: "N", help: "At most so many, 1 to 500 (default 100)" },
    json: { type: "boolean", help: "One JSON document; rates in 1/10,000 rupee" },
  },
  help: `Asks the running head-end. The latest month first.

  samay tariff fac list
  samay tariff fac list --tariff msedcl-lt-1b --all`,
  async run({ values }) {
    const { askAsOperator } = await import("../../office/operator.ts");
    const { months } = await askAsOperator("fac-list", {
      all: values.all === true,
      limit: wholeNumber("limit", values.limit, 100, 1, 500),
      ...(values.tariff === undefined ? {} : { tariff_id: String(values.tariff) }),
    }) as { months: readonly (Omit<FacLine, "set_at"> & { set_at: string })[] };
    if (values.json === true) {
      console.log(JSON.stringify(months));
      return 0;
    }
    const rows = months.map((one) => [
      one.tariff_id,
      one.month,
      one.rates.map(formatRate).join(", ") + (one.holds ? "" : " (replaced)"),
      one.set_by,
      one.set_at.slice(0, 10),
      `${one.source}; ${one.reason}`,
    ]);
    const columns = [
      ...["Tariff", "Month", "Rs a unit", "By", "On"].map((title) => ({ title })),
      { title: "Source and reason", flexible: true },
    ];
    console.log(
      rows.length === 0
        ? "No fuel adjustment was entered: bills are without"
        : formatTable(columns, rows, { width: terminalWidth() }),
    );
    return 0;
  },
};
