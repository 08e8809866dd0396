/** `samay bill show`: one bill. */
import type { SheetOnWire } from "../../billing/bill_text.ts";
import type { Command } from "../command.ts";
import { terminalWidth } from "../table.ts";

export const command: Command = {
  name: "bill show",
  summary: "Shows one bill",
  positionals: { usage: "NUMBER", min: 1, max: 1 },
  options: { json: { type: "boolean", help: "One JSON document; amounts in paise" } },
  help: `Asks the running head-end. The number is the one on the bill, or that of its row.

  samay bill show MH/2026-27/000001`,
  async run({ values, positionals }) {
    const { askAsOperator } = await import("../../office/operator.ts");
    const { billText } = await import("../../billing/bill_text.ts");
    const sheet = await askAsOperator("bill-show", { bill: positionals[0] }) as SheetOnWire;
    console.log(values.json === true ? JSON.stringify(sheet) : billText(sheet, terminalWidth()));
    return 0;
  },
};
