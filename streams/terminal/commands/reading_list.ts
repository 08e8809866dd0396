/** `samay reading list`: readings in quarantine, and what was decided about others. */
import type { ReadingList } from "../../validation/list.ts";
import type { Command } from "../command.ts";
import { givenId } from "../given_id.ts";
import { terminalWidth } from "../table.ts";
import { wholeNumber } from "../whole_number.ts";

export const command: Command = {
  name: "reading list",
  summary: "Lists readings in quarantine, and why",
  options: {
    meter: { type: "string", placeholder: "METER", help: "Of one meter" },
    all: { type: "boolean", help: "Everything that was decided, and not only what waits" },
    limit: { type: "string", placeholder: "N", help: "At most so many, 1 to 500 (default 50)" },
    json: { type: "boolean", help: "One JSON document" },
  },
  help:
    `Asks the running head-end. A reading in quarantine is not billed until a person has decided.
The latest first; the last column names the month that waits for it.

  samay reading list
  samay reading list --meter MH00000001 --all`,
  async run({ values }) {
    const { askAsOperator } = await import("../../office/operator.ts");
    const list = await askAsOperator("reading-list", {
      all: values.all === true,
      limit: wholeNumber("limit", values.limit, 50, 1, 500),
      ...(values.meter === undefined ? {} : { meter: givenId("--meter", String(values.meter)) }),
    }) as ReadingList;
    if (values.json === true) {
      console.log(JSON.stringify(list));
      return 0;
    }
    const { listText } = await import("../../validation/list.ts");
    console.log(listText(list, terminalWidth()));
    return 0;
  },
};
