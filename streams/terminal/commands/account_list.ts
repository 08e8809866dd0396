/** `samay account list`: the accounts that are billed. */
import type { AccountLine } from "../../premises/accounts.ts";
import { type Command, UsageError } from "../command.ts";
import { givenId } from "../given_id.ts";
import { formatTable, terminalWidth } from "../table.ts";
import { wholeNumber } from "../whole_number.ts";

const LIMIT_DEFAULT = 200;
const LIMIT_MAX = 1_000;

export const command: Command = {
  name: "account list",
  summary: "Lists accounts: who is billed, by which meter",
  options: {
    status: { type: "string", placeholder: "STATUS", help: "active or closed" },
    consumer: { type: "string", placeholder: "NUMBER", help: "Only those of one consumer" },
    after: { type: "string", placeholder: "ACCOUNT", help: "Those behind it in the list" },
    limit: { type: "string", placeholder: "N", help: `At most so many (default ${LIMIT_DEFAULT})` },
    json: { type: "boolean", help: "One JSON document" },
  },
  help: `Asks the running head-end.

  samay account list --status active`,
  async run({ values }) {
    const { status, consumer, after } = values;
    if (status !== undefined && status !== "active" && status !== "closed") {
      throw new UsageError(`--status is active or closed, not "${String(status).slice(0, 24)}"`);
    }
    const { askAsOperator } = await import("../../office/operator.ts");
    const answer = await askAsOperator("account-list", {
      ...(status === undefined ? {} : { status }),
      ...(consumer === undefined ? {} : { consumer }),
      ...(after === undefined ? {} : { after: givenId("--after", String(after)) }),
      limit: wholeNumber("limit", values.limit, LIMIT_DEFAULT, 1, LIMIT_MAX),
    }) as { accounts: AccountLine[]; more: boolean };
    if (values.json === true) {
      console.log(JSON.stringify(answer));
      return 0;
    }
    console.log(answer.accounts.length === 0 ? "No accounts" : tableOf(answer.accounts));
    if (answer.more) console.error(`More: --after ${answer.accounts.at(-1)!.account_id}`);
    return 0;
  },
};

function tableOf(accounts: readonly AccountLine[]): string {
  return formatTable(
    [
      ...[{ title: "Account" }, { title: "Consumer" }, { title: "Name", flexible: true }],
      ...[{ title: "Tariff" }, { title: "Meter" }, { title: "Opened" }, { title: "Closed" }],
    ],
    accounts.map((one) => [
      ...[one.account_id, one.consumer_number, one.name, one.tariff_id, one.meter_id ?? ""],
      ...[one.opened_on, one.closed_on ?? (one.status === "closed" ? "yes" : "")],
    ]),
    { width: terminalWidth() },
  );
}
