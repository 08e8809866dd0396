/** `samay notice drop`: gives a message up, with a reason: nothing is sent any more. */
import type { Command } from "../command.ts";
import { givenDeed, givenNotice } from "../given_deed.ts";

export const command: Command = {
  name: "notice drop",
  summary: "Gives a message up, with a reason: nothing is sent any more",
  positionals: { usage: "NOTICE", min: 1, max: 1 },
  options: {
    reason: { type: "string", placeholder: "TEXT", help: "Why: kept in the audit trail" },
    json: { type: "boolean", help: "One JSON document" },
  },
  help: `For what waits or is parked. It stays in the list as skipped, with the reason.

  samay notice drop 17 --reason "handed over at the counter"`,
  async run({ values, positionals }) {
    const deed = givenDeed(values.reason);
    const { askAsOperator } = await import("../../office/operator.ts");
    const notice = givenNotice(positionals[0]);
    const done = await askAsOperator("notice-drop", { notice, ...deed });
    console.log(values.json === true ? JSON.stringify(done) : `Notice ${notice} is given up`);
    return 0;
  },
};
