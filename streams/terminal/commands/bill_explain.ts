/** `samay bill explain`: how a bill came about. */
import type { Explanation } from "../../billing/explain.ts";
import type { Command } from "../command.ts";
import { terminalWidth } from "../table.ts";

export const command: Command = {
  name: "bill explain",
  summary: "Says how a bill came about: readings, slabs, rates",
  positionals: { usage: "NUMBER", min: 1, max: 1 },
  options: { json: { type: "boolean", help: "One JSON document; amounts in paise" } },
  help: `Each line back to the order it stands on, the units back to the readings, and the closing
reading back to its sealed frame. The bill is computed once more from its kept inputs.

  samay bill explain MH/2026-27/000001`,
  async run({ values, positionals }) {
    const { askAsOperator } = await import("../../office/operator.ts");
    const { explanationText } = await import("../../billing/explain_text.ts");
    const explained = await askAsOperator("bill-explain", { bill: positionals[0] }) as Explanation;
    const text = () => explanationText(explained, terminalWidth());
    console.log(values.json === true ? JSON.stringify(explained) : text());
    return 0;
  },
};
