/** `samay notice retry`: has a parked message sent anew, or all of them. */
import { checkPeriodOption } from "../../billing/period_option.ts";
import { type Command, type ParsedArguments, UsageError } from "../command.ts";
import { counted } from "../counted.ts";
import { givenDeed, givenNotice } from "../given_deed.ts";

interface Driven {
  readonly count: number;
  readonly last_id: number | null;
}

export const command: Command = {
  name: "notice retry",
  summary: "Has a parked message sent anew, or all of them, with a reason",
  positionals: { usage: "[NOTICE]", min: 0, max: 1 },
  options: {
    reason: { type: "string", placeholder: "TEXT", help: "Why: kept in the audit trail" },
    to: {
      type: "string",
      placeholder: "ADDRESS",
      help: "Another mailbox or number, for one notice",
    },
    parked: { type: "boolean", help: "All that are parked" },
    channel: { type: "string", placeholder: "NAME", help: "With --parked: email or sms" },
    period: { type: "string", placeholder: "YYYY-MM", help: "With --parked: of one month" },
    why: { type: "string", placeholder: "TEXT", help: "With --parked: whose reason has this text" },
    json: { type: "boolean", help: "One JSON document" },
  },
  help: `What may have left without an answer is looked up before it is sent anew. A message to an
address that is suppressed is parked again: lift the address first.

  samay notice retry 17 --reason "mailbox was full" --to asha@example.org
  samay notice retry --parked --channel sms --why "code 30003" --reason "carrier is back"`,
  async run(given) {
    const { values, positionals } = given;
    const deed = givenDeed(values.reason);
    const { askAsOperator } = await import("../../office/operator.ts");
    if ((values.parked === true) === (positionals.length === 1)) {
      throw new UsageError("Name one notice, or give --parked for all that are");
    }
    if (values.parked !== true) {
      const notice = givenNotice(positionals[0]);
      const to = values.to === undefined ? {} : { to: values.to };
      await askAsOperator("notice-retry", { notice, ...to, ...deed });
      console.log(
        values.json === true ? JSON.stringify({ count: 1 }) : `Notice ${notice} is sent anew`,
      );
      return 0;
    }
    if (values.to !== undefined) throw new UsageError("--to goes with one notice");
    const count = await retryParked(given, deed, askAsOperator);
    console.log(
      values.json === true
        ? JSON.stringify({ count })
        : `${counted(count, "notice")} ${count === 1 ? "is" : "are"} sent anew`,
    );
    return 0;
  },
};

/** Part by part, each a transaction of its own, from the lowest number up: it ends. */
async function retryParked(
  { values }: ParsedArguments,
  deed: ReturnType<typeof givenDeed>,
  ask: (verb: string, input: unknown) => Promise<unknown>,
): Promise<number> {
  const period = checkPeriodOption(values.period);
  const filter = {
    ...(values.channel === undefined ? {} : { channel: values.channel }),
    ...(values.why === undefined ? {} : { why: values.why }),
    ...(period === undefined ? {} : { period }),
  };
  let count = 0;
  let after_id: number | null = 0;
  while (after_id !== null) {
    const driven = await ask("notice-retry-parked", { ...filter, ...deed, after_id }) as Driven;
    count += driven.count;
    after_id = driven.last_id;
  }
  return count;
}
