/** `samay bill run`: closes a month and waits until every account is done with. */
import { RetryableError } from "../../../protocol/errors.ts";
import { checkPeriodOption } from "../../billing/period_option.ts";
import type { RunProgress } from "../../billing/run/progress.ts";
import type { StartedRun } from "../../billing/run/start.ts";
import type { PeriodStatus } from "../../billing/status.ts";
import type { SkippedMonth } from "../../billing/skipped.ts";
import { runText, skippedText } from "../bill_run_text.ts";
import { dryRun } from "../bill_run_dry.ts";
import { type Command, Failure, UsageError } from "../command.ts";
import { counted } from "../counted.ts";
import { givenDeed } from "../given_deed.ts";
import { createProgress } from "../progress.ts";

const WAIT_S = 120;
const WAIT_S_MAX = 86_400;
const POLL_MS = 400;
/** A status reads every account: it is asked for so many times less often than it takes. */
const STATUS_SHARE = 10;
/** Of millions of accounts the pages are cut before the office answers, and every state counted. */
const RUN_TIMEOUT_MS = 300_000;

type Ask = (verb: string, input: unknown, timeout_ms?: number) => Promise<unknown>;

export const command: Command = {
  name: "bill run",
  summary: "Closes a month: asks for readings, computes, issues, sends",
  options: {
    period: { type: "string", placeholder: "YYYY-MM", help: "Default: this month in India" },
    "dry-run": { type: "boolean", help: "Say what would be done; nothing is written" },
    account: { type: "string", placeholder: "ID", help: "One account by itself" },
    "max-parked": {
      type: "string",
      placeholder: "PERCENT",
      help: "Halt when more of the accounts park (default 10)",
    },
    "max-change": {
      type: "string",
      placeholder: "PERCENT",
      help: "Halt when the sum is so far from last month's (default 100)",
    },
    "max-bill": { type: "string", placeholder: "RUPEES", help: "Park any bill above this" },
    "skip-months": {
      type: "boolean",
      help: "Bill accounts too that have no bill for an earlier month: its use goes onto this one",
    },
    resume: { type: "boolean", help: "Let a halted run go on, with these bounds; needs --reason" },
    reason: { type: "string", placeholder: "TEXT", help: "With --resume: kept in the audit trail" },
    wait: {
      type: "string",
      placeholder: "SECONDS",
      help: `How long to wait for the meters (default ${WAIT_S}); the run goes on without you`,
    },
    json: { type: "boolean", help: "One JSON document; amounts in paise" },
  },
  help: `This month is closed by a fresh reading of each meter, an earlier one by its last reading.
Running it again adds nothing: only accounts without a bill for the month are closed. One that is
parked says why; once that is set right, run it again: parked accounts are tried again. A run goes on
by itself after a crash; one that halted by its bounds waits for --resume. Accounts without a bill for
an earlier month are left out: bill that month first, or take its use along by --skip-months. Exit code 0 if every
account has its bill, or its draft.

  samay bill run --period 2026-04 --dry-run
  samay bill run --period 2026-04 --max-parked 2 --max-bill 50000
  samay bill run --period 2026-04 --resume --reason "the new tariff is meant"`,
  async run({ values }) {
    const period = checkPeriodOption(values.period);
    const wait_ms = parseWait(values.wait) * 1000;
    const skip_months = values["skip-months"] === true;
    const bounds = { ...parseBounds(values), ...(skip_months ? { skip_months } : {}) };
    const json = values.json === true;
    const deed = values.resume === true ? givenDeed(values.reason) : null;
    const actor = Deno.env.get("USER")?.slice(0, 64) || "operator";
    const { askAsOperator: ask } = await import("../../office/operator.ts");
    const input = period === undefined ? {} : { period };
    if (values["dry-run"] === true) return await dryRun(ask, input, bounds, json);
    if (values.account !== undefined) {
      return await one(ask, { ...input, account: values.account, skip_months }, json);
    }
    const resume = deed === null ? {} : { resume: deed.reason };
    const run = await ask(
      "bill-run",
      { ...input, ...resume, bounds, actor },
      RUN_TIMEOUT_MS,
    ) as StartedRun & { readonly skipped: readonly SkippedMonth[] };
    const { status, progress } = await follow(ask, run, wait_ms).catch((error) => {
      throw goesOn(error, run.period);
    });
    const { run_id, skipped } = run;
    const halted = progress?.halted_reason ?? null;
    console.log(
      json
        ? JSON.stringify({ ...status, run_id, halted_reason: halted, skipped })
        : [...skippedText(skipped, skip_months), runText(status, halted)].join("\n"),
    );
    return status.issued + status.imported + status.drafts === status.accounts ? 0 : 1;
  },
};

/** The run is a row: who only lost sight of it must not think that it has ended. */
export function goesOn(error: unknown, period: string): unknown {
  // Of a broker that went away, too.
  if (!(error instanceof Failure || error instanceof RetryableError)) return error;
  return new Failure(
    `${error.message.replace(/\.$/, "")}. The run stands and goes on by itself when the head-end ` +
      `does; to follow it again: samay bill run --period ${period}`,
  );
}

async function one(ask: Ask, input: unknown, json: boolean): Promise<number> {
  const { account_id, period } = await ask("bill-account", input) as {
    account_id: string;
    period: string;
  };
  console.log(
    json
      ? JSON.stringify({ account_id, period })
      : `Account ${account_id} is being billed for ${period}; see: samay account show ${account_id}`,
  );
  return 0;
}

function parseWait(given: unknown): number {
  if (given === undefined) return WAIT_S;
  const seconds = /^\d{1,5}$/.test(String(given)) ? Number(given) : NaN;
  if (seconds <= WAIT_S_MAX) return seconds;
  throw new UsageError(
    `--wait "${String(given).slice(0, 24)}": whole seconds from 0 to ${WAIT_S_MAX}`,
  );
}

/** Only what was said; the office knows the rest. */
function parseBounds(values: Readonly<Record<string, unknown>>): Record<string, number> {
  const bounds: Record<string, number> = {};
  const percent = (option: string, name: string, max: number) => {
    const given = values[option];
    if (given === undefined) return;
    const value = /^\d{1,5}(\.\d{1,2})?$/.test(String(given)) ? Number(given) : NaN;
    if (!(value <= max)) {
      throw new UsageError(`--${option} "${String(given).slice(0, 24)}": percent from 0 to ${max}`);
    }
    bounds[name] = value;
  };
  percent("max-parked", "parked_max_percent", 100);
  percent("max-change", "change_max_percent", 10_000);
  if (values["max-bill"] !== undefined) {
    bounds.bill_max_paise = rupees("max-bill", String(values["max-bill"]));
  }
  return bounds;
}

function rupees(option: string, given: string): number {
  const match = /^(\d{1,10})(?:\.(\d{1,2}))?$/.exec(given);
  const paise = match === null
    ? 0
    : Number(match[1]) * 100 + Number((match[2] ?? "").padEnd(2, "0"));
  if (paise > 0) return paise;
  throw new UsageError(`--${option} "${given.slice(0, 24)}": rupees, like 50000 or 1250.50`);
}

/** Until nothing is open any more, the run has halted, or the patience is over. */
async function follow(
  ask: Ask,
  run: StartedRun,
  wait_ms: number,
): Promise<{ status: PeriodStatus; progress: RunProgress | null }> {
  const bar = createProgress();
  const until_ms = performance.now() + wait_ms;
  const { period, requested_at_ms: since_ms } = run;
  bar.stage(`Closing ${period}: ${counted(run.accounts, "account")} without a bill`);
  try {
    const progress = await followPages(ask, run, until_ms, bar);
    while (true) {
      const began_ms = performance.now();
      const status = await ask("bill-status", { period, since_ms }, RUN_TIMEOUT_MS) as PeriodStatus;
      const open = status.queued + status.awaiting;
      bar.update(status.accounts - open, status.accounts, `${status.awaiting} awaiting`);
      const halted = progress?.state === "halted";
      if (open === 0 || halted || performance.now() >= until_ms) return { status, progress };
      const took_ms = performance.now() - began_ms;
      await pause(Math.max(POLL_MS, STATUS_SHARE * took_ms));
    }
  } finally {
    bar.end();
  }
}

/** The run's own row says how far it is: one row, however many accounts. */
async function followPages(
  ask: Ask,
  { period, accounts }: StartedRun,
  until_ms: number,
  bar: ReturnType<typeof createProgress>,
): Promise<RunProgress | null> {
  while (true) {
    const progress = await ask("bill-progress", { period }) as RunProgress | null;
    if (progress === null) return null;
    const { looked, parked, state } = progress;
    bar.update(looked, accounts, `${progress.issued} bills, ${parked} parked`);
    if (state !== "running" || performance.now() >= until_ms) return progress;
    await pause(POLL_MS);
  }
}

function pause(duration_ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, duration_ms));
}
