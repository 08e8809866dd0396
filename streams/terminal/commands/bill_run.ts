/** `samay bill run`: closes a month and waits until every account is done with. */
import type { ClosingSummary } from "../../billing/close_period.ts";
import { formatRupees } from "../../billing/money.ts";
import { checkPeriodOption } from "../../billing/period_option.ts";
import type { Preview } from "../../billing/preview.ts";
import type { PeriodStatus } from "../../billing/status.ts";
import { type Command, UsageError } from "../command.ts";
import { counted } from "../counted.ts";
import { createProgress } from "../progress.ts";
import { formatTable, terminalWidth } from "../table.ts";

const WAIT_S = 120;
const WAIT_S_MAX = 86_400;
const POLL_MS = 400;
/** The office publishes a command for every account before it answers. */
const RUN_TIMEOUT_MS = 120_000;

type Ask = (verb: string, input: unknown, timeout_ms?: number) => Promise<unknown>;

export const command: Command = {
  name: "bill run",
  summary: "Closes a month: asks for readings, computes, issues, sends",
  options: {
    period: { type: "string", placeholder: "YYYY-MM", help: "Default: this month in India" },
    "dry-run": { type: "boolean", help: "Say what would be done; nothing is written" },
    wait: {
      type: "string",
      placeholder: "SECONDS",
      help: `How long to wait for the meters (default ${WAIT_S}); the run goes on without you`,
    },
    json: { type: "boolean", help: "One JSON document; amounts in paise" },
  },
  help: `This month is closed by a fresh reading of each meter, an earlier one by its last reading.
Running it again adds nothing: only accounts without a bill for the month are closed. One that is
parked says why; once that is set right, run it again: parked accounts are tried again. Exit code 0
if every account has its bill.

  samay bill run --period 2026-04 --dry-run
  samay bill run --period 2026-04`,
  async run({ values }) {
    const period = checkPeriodOption(values.period);
    const wait_s = parseWait(values.wait);
    const { askAsOperator: ask } = await import("../../office/operator.ts");
    const input = period === undefined ? {} : { period };
    const json = values.json === true;
    if (values["dry-run"] === true) return await dryRun(ask, input, json);
    const run = await ask("bill-run", input, RUN_TIMEOUT_MS) as ClosingSummary;
    const status = await follow(ask, run, wait_s * 1000);
    console.log(json ? JSON.stringify({ ...status, commanded: run.commanded }) : toText(status));
    return status.issued + status.imported === status.accounts ? 0 : 1;
  },
};

function parseWait(given: unknown): number {
  if (given === undefined) return WAIT_S;
  const seconds = /^\d{1,5}$/.test(String(given)) ? Number(given) : NaN;
  if (seconds <= WAIT_S_MAX) return seconds;
  throw new UsageError(
    `--wait "${String(given).slice(0, 24)}": whole seconds from 0 to ${WAIT_S_MAX}`,
  );
}

/** Until nothing is open any more, or the patience is over. */
async function follow(ask: Ask, run: ClosingSummary, wait_ms: number): Promise<PeriodStatus> {
  const progress = createProgress();
  const until_ms = performance.now() + wait_ms;
  progress.stage(`Closing ${run.period}: ${counted(run.accounts, "account")} without a bill`);
  try {
    while (true) {
      const { period, requested_at_ms: since_ms } = run;
      const status = await ask("bill-status", { period, since_ms }) as PeriodStatus;
      const open = status.queued + status.awaiting;
      progress.update(status.accounts - open, status.accounts, `${status.awaiting} awaiting`);
      if (open === 0 || performance.now() >= until_ms) return status;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  } finally {
    progress.end();
  }
}

function toText(status: PeriodStatus): string {
  const { period, accounts, issued, imported, queued, awaiting, silent, parked } = status;
  const text = [
    `${period}: ${counted(issued, "bill")} of ${counted(accounts, "account")}, ${
      formatRupees(status.payable_paise)
    } rupees to pay`,
  ];
  if (imported > 0) text.push(`${imported} imported`);
  if (queued > 0) text.push(`${queued} not begun: is the billing role running?`);
  if (awaiting > 0) text.push(`${awaiting} waiting for a reading; it is billed when it comes`);
  if (silent > 0) text.push(`${silent} without an answer of their meter`);
  if (parked > 0) {
    text.push(
      `${parked} parked: set right what the line names, then again: samay bill run --period ${period}`,
    );
  }
  if (status.attention.length > 0) {
    const rows = status.attention.map((one) => [one.account_id, one.state, one.reason]);
    const columns = [{ title: "Account" }, { title: "State" }, { title: "Why", flexible: true }];
    text.push("", formatTable(columns, rows, { width: terminalWidth() }));
    const hidden = silent + parked + awaiting - rows.length;
    if (hidden > 0) text.push(`and ${hidden} more`);
  }
  return text.join("\n");
}

async function dryRun(ask: Ask, input: unknown, json: boolean): Promise<number> {
  const answer = await ask("bill-run", { ...(input as object), dry_run: true }, RUN_TIMEOUT_MS);
  const { period, accounts } = answer as { period: string; accounts: Preview[] };
  if (json) {
    console.log(JSON.stringify({ period, dry_run: true, accounts }));
    return 0;
  }
  const rows = accounts.map((one) => [
    one.account_id,
    one.would,
    one.units_kwh === null ? "" : String(one.units_kwh),
    one.payable_paise === null ? "" : formatRupees(one.payable_paise),
    one.reason ?? "",
  ]);
  const table = formatTable(
    [
      { title: "Account" },
      { title: "Would" },
      { title: "kWh", align: "right" },
      { title: "Rs", align: "right" },
      { title: "Why", flexible: true },
    ],
    rows,
    { width: terminalWidth() },
  );
  console.log(
    `${period}: ${counted(accounts.length, "account")} to close (dry run: nothing is written)`,
  );
  if (rows.length > 0) console.log(`\n${table}`);
  return 0;
}
