/** `samay notice lift`: lifts the suppression of an address, with a reason. */
import type { Command } from "../command.ts";
import { givenDeed } from "../given_deed.ts";

export const command: Command = {
  name: "notice lift",
  summary: "Lifts the suppression of an address, with a reason",
  positionals: { usage: "ADDRESS", min: 1, max: 1 },
  options: {
    reason: { type: "string", placeholder: "TEXT", help: "Why: kept in the audit trail" },
    json: { type: "boolean", help: "One JSON document" },
  },
  help:
    `An address that its provider refused for good gets nothing more until this. What was parked for it
is sent anew with samay notice retry.

  samay notice list --suppressed
  samay notice lift asha@example.org --reason "mailbox opened again"`,
  async run({ values, positionals }) {
    const deed = givenDeed(values.reason);
    const { askAsOperator } = await import("../../office/operator.ts");
    const lifted = await askAsOperator("notice-lift", { address: positionals[0], ...deed }) as {
      readonly recipient: string;
    };
    console.log(
      values.json === true
        ? JSON.stringify(lifted)
        : `${lifted.recipient} is no longer suppressed; send anew: samay notice retry`,
    );
    return 0;
  },
};
