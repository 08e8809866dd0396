/** `samay notice list`: messages to customers, and the addresses that get none. */
import { checkPeriodOption } from "../../billing/period_option.ts";
import type { NoticeOnWire } from "../../delivery/notice_text.ts";
import { inIndia } from "../../../protocol/indian_time.ts";
import { type Command, UsageError } from "../command.ts";
import { formatTable, terminalWidth } from "../table.ts";
import { wholeNumber } from "../whole_number.ts";

const STATES = ["intended", "sending", "sent", "delivered", "parked", "skipped"];

interface SuppressedOnWire {
  readonly channel: string;
  readonly recipient: string;
  readonly reason: string;
  readonly since: string;
}

export const command: Command = {
  name: "notice list",
  summary: "Lists messages to customers: what is parked, and why",
  options: {
    state: { type: "string", placeholder: "STATE", help: `${STATES.join(", ")}, or all` },
    channel: { type: "string", placeholder: "NAME", help: "email or sms" },
    period: { type: "string", placeholder: "YYYY-MM", help: "Of one month" },
    limit: { type: "string", placeholder: "N", help: "At most so many, 1 to 500 (default 50)" },
    suppressed: { type: "boolean", help: "The addresses that get nothing instead" },
    json: { type: "boolean", help: "One JSON document" },
  },
  help: `Asks the running head-end. Without --state those that are parked: they wait for a person.
Newest first.

  samay notice list
  samay notice list --state all --period 2026-04
  samay notice list --suppressed`,
  async run({ values }) {
    const { askAsOperator } = await import("../../office/operator.ts");
    if (values.suppressed === true) {
      const rows = await askAsOperator("notice-suppressed", {}) as SuppressedOnWire[];
      console.log(values.json === true ? JSON.stringify(rows) : suppressedTable(rows));
      return 0;
    }
    const state = String(values.state ?? "parked");
    if (state !== "all" && !STATES.includes(state)) {
      throw new UsageError(`--state is ${STATES.join(", ")} or all, not "${state.slice(0, 24)}"`);
    }
    const period = checkPeriodOption(values.period);
    const rows = await askAsOperator("notice-list", {
      ...(state === "all" ? {} : { state }),
      ...(values.channel === undefined ? {} : { channel: values.channel }),
      ...(period === undefined ? {} : { period }),
      limit: wholeNumber("limit", values.limit, 50, 1, 500),
    }) as NoticeOnWire[];
    if (values.json === true) {
      console.log(JSON.stringify(rows));
      return 0;
    }
    const { noticeTable } = await import("../../delivery/notice_text.ts");
    const none = state === "all" ? "No notices" : `No notices are ${state}`;
    console.log(rows.length === 0 ? none : noticeTable(rows, terminalWidth()));
    return 0;
  },
};

function suppressedTable(rows: readonly SuppressedOnWire[]): string {
  if (rows.length === 0) return "No address is suppressed";
  return formatTable(
    [{ title: "By" }, { title: "Address" }, { title: "Since" }, { title: "Why", flexible: true }],
    rows.map((row) => [row.channel, row.recipient, inIndia(row.since), row.reason]),
    { width: terminalWidth() },
  );
}
