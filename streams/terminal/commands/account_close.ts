/** `samay account close`: a customer moves out. */
import type { MovedOut } from "../../premises/move.ts";
import type { Command } from "../command.ts";
import { deedOf, kwhOption, momentOption } from "../deed.ts";
import { givenId } from "../given_id.ts";

export const command: Command = {
  name: "account close",
  summary: "Ends an account with its final reading, and bills it for the last time",
  positionals: { usage: "ACCOUNT", min: 1, max: 1 },
  options: {
    reading: {
      type: "string",
      placeholder: "KWH",
      help: "As it was noted; without it the meter's own last one, of the 48 hours before",
    },
    at: { type: "string", placeholder: "WHEN", help: "A day or a moment; now without it" },
    reason: { type: "string", placeholder: "TEXT", help: "Why: kept in the audit" },
    json: { type: "boolean", help: "One JSON document" },
  },
  help:
    `The account's last bill is made at once, up to that reading. The meter stays where it is, and
may be given to the next customer: samay account open.

  samay account close A1 --reading 1160 --at 2026-04-20 --reason "moved out"`,
  async run({ values, positionals }) {
    const at = momentOption(values.at);
    const final_wh = kwhOption(values, "reading");
    const { askAsOperator } = await import("../../office/operator.ts");
    const done = await askAsOperator("account-close", {
      account_id: givenId("the account", positionals[0]!),
      ...deedOf(values),
      ...(at === undefined ? {} : { at }),
      ...(final_wh === undefined ? {} : { final_wh }),
    }) as MovedOut;
    console.log(
      values.json === true
        ? JSON.stringify(done)
        : `Account ${done.account_id} is closed on ${done.closed_on} at ${done.final_wh / 1000} ` +
          `kWh; its last bill is that of ${done.period}`,
    );
    return 0;
  },
};
