/** Asking for a month to be billed: a run and its pages, as rows. */
import type { RunBounds } from "../../../actors/billing/run.ts";
import { TerminalError } from "../../../protocol/errors.ts";
import { writeAudit } from "../../database/audit.ts";
import { type Kysely, sql, type Transaction } from "../../database/kysely.ts";
import type { Database } from "../../database/schema.ts";
import { checkPeriod, unbilled } from "../close_period.ts";

/** Accounts of one transaction: more would hold the row of the numbers longer, and gain nothing. */
export const PAGE_ACCOUNTS = 250;

export interface RunRequest {
  readonly period: string;
  readonly bounds: RunBounds;
  /** Who asks. */
  readonly requested_by: string;
  readonly now_ms: number;
  /** Fewer than `PAGE_ACCOUNTS` in tests. */
  readonly page_accounts?: number;
}

export interface StartedRun {
  readonly run_id: number;
  readonly period: string;
  /** Accounts that had no bill for the period when the run was asked for. */
  readonly accounts: number;
  readonly requested_at_ms: number;
  /** The run was under way already, with the bounds that it was asked for with. */
  readonly joined: boolean;
}

/**
 * Starts a run of `period` over every account without a bill for it, or joins the one that is under
 * way: whoever asks at once, there is one. Throws `TerminalError` for a month that has not begun, and
 * for a run that has halted.
 */
export async function startRun(
  db: Kysely<Database>,
  request: RunRequest,
): Promise<StartedRun> {
  const { period, now_ms } = request;
  checkPeriod(period, now_ms);
  return await db.transaction().execute(async (trx) => {
    const { rows: [made] } = await sql<{ run_id: number }>`
      insert into billing_run (period, state, requested_at, requested_by, bounds, accounts)
      values (${period}, 'running', ${new Date(now_ms)}, ${request.requested_by},
        ${JSON.stringify(request.bounds)}::jsonb, 0)
      on conflict (period) where state <> 'done' do nothing
      returning run_id`.execute(trx);
    if (made === undefined) return await joinRun(trx, period);
    const accounts = await cutPages(trx, made.run_id, request);
    const detail = { run_id: made.run_id, accounts, bounds: request.bounds };
    await writeAudit(trx, {
      actor: request.requested_by,
      action: "run.started",
      subject: `month ${period}`,
      detail,
    });
    return { run_id: made.run_id, period, accounts, requested_at_ms: now_ms, joined: false };
  });
}

async function joinRun(trx: Transaction<Database>, period: string): Promise<StartedRun> {
  const run = await trx.selectFrom("billing_run").selectAll()
    .where("period", "=", period).where("state", "<>", "done").executeTakeFirst();
  // It ended in this very moment: whoever asks again gets a new one.
  if (run === undefined) throw new TerminalError(`A run of ${period} has just ended: ask again`);
  if (run.state === "halted") {
    throw new TerminalError(
      `The run of ${period} has halted: ${run.halted_reason}. Look at what is behind it, then: ` +
        `samay bill run --period ${period} --resume --reason "..."`,
    );
  }
  const { run_id, accounts, requested_at } = run;
  return { run_id, period, accounts, requested_at_ms: requested_at.getTime(), joined: true };
}

/** Neighbours by name lie together in every table and index: a page reads few blocks. */
async function cutPages(
  trx: Transaction<Database>,
  run_id: number,
  { period, page_accounts = PAGE_ACCOUNTS }: RunRequest,
): Promise<number> {
  await sql`
    insert into billing_run_page (run_id, page, first_account, last_account, accounts)
    select ${run_id}::bigint, page, min(account_id), max(account_id), count(*)
    from (
      select account_id,
        ((row_number() over (order by account_id) - 1) / ${page_accounts}::int)::int as page
      from account where ${unbilled(period)}
    ) as places
    group by page`.execute(trx);
  const { rows } = await sql<{ accounts: number }>`
    update billing_run set accounts = (
      select coalesce(sum(accounts), 0) from billing_run_page where run_id = ${run_id}
    ) where run_id = ${run_id} returning accounts`.execute(trx);
  return rows[0]!.accounts;
}

/**
 * Lets a halted run go on, with bounds of a person's choice: what they found was looked at. Throws
 * `TerminalError` where no run of `period` has halted.
 */
export async function resumeRun(
  db: Kysely<Database>,
  request: RunRequest & { readonly reason: string },
): Promise<StartedRun> {
  const { period, bounds, requested_by: actor, reason } = request;
  return await db.transaction().execute(async (trx) => {
    const run = await trx.updateTable("billing_run")
      .set({ state: "running", halted_reason: null, bounds: JSON.stringify(bounds) })
      .where("period", "=", period).where("state", "=", "halted")
      .returning(["run_id", "accounts", "requested_at"]).executeTakeFirst();
    if (run === undefined) throw new TerminalError(`No run of ${period} has halted`);
    const { run_id, accounts, requested_at } = run;
    const detail = { run_id, reason, bounds };
    const subject = `month ${period}`;
    await writeAudit(trx, { actor, action: "run.resumed", subject, detail });
    return { run_id, period, accounts, requested_at_ms: requested_at.getTime(), joined: true };
  });
}
