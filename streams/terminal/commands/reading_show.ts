/** `samay reading show`: one reading, every rule, and who decided what. */
import type { Command } from "../command.ts";
import { givenId } from "../given_id.ts";
import { givenMoment } from "../given_moment.ts";
import { terminalWidth } from "../table.ts";

export const command: Command = {
  name: "reading show",
  summary: "Shows one reading: every rule, and who decided what",
  positionals: { usage: "METER TIME", min: 2, max: 2 },
  options: { json: { type: "boolean", help: "One JSON document" } },
  help: `Asks the running head-end, which holds the reading against the rules once more.

  samay reading show MH00000001 "2026-04-30 23:45:00"`,
  async run({ values, positionals: [meter, time] }) {
    const input = {
      meter: givenId("METER", meter!),
      read_at_ms: givenMoment("TIME", time!),
    };
    const { askAsOperator } = await import("../../office/operator.ts");
    const { showText } = await import("../../validation/show_text.ts");
    const sheet = await askAsOperator("reading-show", input) as Parameters<typeof showText>[0];
    console.log(values.json === true ? JSON.stringify(sheet) : showText(sheet, terminalWidth()));
    return 0;
  },
};
