/** `samay notice bounce`: notes that a mail came back: its address gets no more. */
import type { Command } from "../command.ts";
import { givenDeed, givenNotice } from "../given_deed.ts";

export const command: Command = {
  name: "notice bounce",
  summary: "Notes that a mail came back: its address gets no more",
  positionals: { usage: "NOTICE", min: 1, max: 1 },
  options: {
    reason: { type: "string", placeholder: "TEXT", help: "Why: kept in the audit trail" },
    json: { type: "boolean", help: "One JSON document" },
  },
  help:
    `A mail server that took a mail may send it back days later, to the sender's mailbox. The number of
the notice is in the Message-ID of what came back, <samay-notification-17@...>.

  samay notice bounce 17 --reason "550 5.1.1 user unknown"`,
  async run({ values, positionals }) {
    const deed = givenDeed(values.reason);
    const { askAsOperator } = await import("../../office/operator.ts");
    const notice = givenNotice(positionals[0]);
    const done = await askAsOperator("notice-bounce", { notice, ...deed });
    console.log(
      values.json === true
        ? JSON.stringify(done)
        : `Notice ${notice} is parked as bounced, and its address gets no more`,
    );
    return 0;
  },
};
