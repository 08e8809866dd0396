/** `samay notice remind`: reminds a customer of a bill, outside of the quiet hours. */
import type { Command } from "../command.ts";
import { givenDeed } from "../given_deed.ts";

export const command: Command = {
  name: "notice remind",
  summary: "Reminds a customer of a bill, outside of the quiet hours",
  positionals: { usage: "BILL", min: 1, max: 1 },
  options: {
    reason: { type: "string", placeholder: "TEXT", help: "Why: kept in the audit trail" },
    json: { type: "boolean", help: "One JSON document" },
  },
  help:
    `Over every channel that the bill itself goes by, at most once a day. Between 21:00 and 09:00 (or as
SAMAY_QUIET_HOURS has it) it waits until the hours are over.

  samay notice remind MH/2026-27/000001 --reason "due in three days"`,
  async run({ values, positionals }) {
    const deed = givenDeed(values.reason);
    const { askAsOperator } = await import("../../office/operator.ts");
    const reminded = await askAsOperator("notice-remind", { bill: positionals[0], ...deed }) as {
      readonly number: string;
      readonly notices: readonly number[];
    };
    const { number, notices } = reminded;
    const text = notices.length === 0
      ? `Nobody is reminded of bill ${number}: it was done today, or there is no address`
      : `Reminder of bill ${number}: notice ${notices.join(", ")}`;
    console.log(values.json === true ? JSON.stringify(reminded) : text);
    return 0;
  },
};
