/** `samay bill regenerate`: voids a bill and makes it anew. */
import type { Regenerated } from "../../billing/regenerate.ts";
import { formatRupees } from "../../billing/money.ts";
import type { Command } from "../command.ts";
import { givenDeed } from "../given_deed.ts";

export const command: Command = {
  name: "bill regenerate",
  summary: "Voids a bill and makes it anew, with a reason",
  positionals: { usage: "NUMBER", min: 1, max: 1 },
  options: {
    reason: { type: "string", placeholder: "TEXT", help: "Why: kept with the void bill" },
    json: { type: "boolean", help: "One JSON document; amounts in paise" },
  },
  help:
    `For a bill whose readings, tariff or customer were wrong and are mended now. The old bill stays
with its number as void, the new one has a number of its own and names the old one. Where no bill comes
out, nothing is changed. A bill on which a later one builds is made anew after that one is void.

  samay bill regenerate MH/2026-27/000001 --reason "reading was edited"`,
  async run({ values, positionals }) {
    const deed = givenDeed(values.reason);
    const { askAsOperator } = await import("../../office/operator.ts");
    const done = await askAsOperator("bill-regenerate", {
      bill: positionals[0],
      ...deed,
    }) as Regenerated;
    const { replaces, account_id, period, number, payable_paise } = done;
    const made = number === null
      ? "the new one is a draft"
      : `bill ${number} of Rs ${formatRupees(payable_paise ?? 0)} stands for it`;
    const text = `Bill ${replaces} is void, ${made}: account ${account_id}, ${period}`;
    console.log(values.json === true ? JSON.stringify(done) : text);
    return 0;
  },
};
