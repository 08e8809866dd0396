/** `samay bill estimate`: a person has a month estimated. */
import { meterStatus } from "../../../protocol/messages/invoice_inputs.ts";
import { checkPeriodOption } from "../../billing/period_option.ts";
import type { StepResult } from "../../billing/step.ts";
import { type Command, UsageError } from "../command.ts";
import { deedOf } from "../deed.ts";
import { givenId } from "../given_id.ts";

export const command: Command = {
  name: "bill estimate",
  summary: "Bills a month without a usable reading, by the account's own earlier use",
  positionals: { usage: "ACCOUNT PERIOD", min: 2, max: 2 },
  options: {
    status: {
      type: "string",
      placeholder: "STATUS",
      help: `${meterStatus.options.join(", ")} (default reading_not_taken)`,
    },
    reason: { type: "string", placeholder: "TEXT", help: "Why: kept in the audit" },
    json: { type: "boolean", help: "One JSON document" },
  },
  help:
    `The mean use a day of the last three months with actual use, times the days. The bill is marked
estimated, and the next actual reading trues it up.

  samay bill estimate A1 2026-05 --status locked --reason "nobody at home"`,
  async run({ values, positionals }) {
    const status = meterStatus.safeParse(values.status ?? "reading_not_taken");
    if (!status.success) {
      throw new UsageError(`--status is one of ${meterStatus.options.join(", ")}`);
    }
    const { askAsOperator } = await import("../../office/operator.ts");
    const result = await askAsOperator("bill-estimate", {
      account_id: givenId("the account", positionals[0]!),
      period: checkPeriodOption(positionals[1]),
      status: status.data,
      ...deedOf(values),
    }) as StepResult;
    const { issued, state, reason } = result;
    console.log(
      values.json === true
        ? JSON.stringify(result)
        : issued === null
        ? `Not billed, ${state}${reason === null ? "" : `: ${reason}`}`
        : `Bill ${issued} is issued, marked estimated`,
    );
    return issued === null && state !== "draft" ? 1 : 0;
  },
};
