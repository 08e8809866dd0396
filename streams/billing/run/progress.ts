/** How far a billing run is: its row, and the pages that are done. */
import type { RunTotals } from "../../../actors/billing/run.ts";
import { writeAudit } from "../../database/audit.ts";
import { type Kysely, sql, type Transaction } from "../../database/kysely.ts";
import type { Database } from "../../database/schema.ts";
import type { Page, PageResult } from "./page.ts";

const TOTALS = [
  ...["looked", "issued", "drafts", "parked", "waiting", "units_kwh", "payable_paise", "compared"],
  ...["compared_paise", "before_paise"],
] as (keyof RunTotals)[];

const REASON_LENGTH_MAX = 1_000;

/** What a run has come to so far, its row locked; null where it does not run any more. */
export async function lockRun(
  trx: Transaction<Database>,
  run_id: number,
): Promise<RunTotals | null> {
  const run = await trx.selectFrom("billing_run").select(TOTALS)
    .where("run_id", "=", run_id).where("state", "=", "running").forUpdate().executeTakeFirst();
  return run ?? null;
}

/** Adds a page's totals to those of the run. */
export async function countPage(
  trx: Transaction<Database>,
  run_id: number,
  totals: RunTotals,
): Promise<void> {
  await sql`update billing_run set ${added(totals)} where run_id = ${run_id}`.execute(trx);
}

/**
 * Adds what came of accounts of a run after their page; returns what the run has come to. Null, and
 * nothing added, where a run of the month has halted.
 */
export async function countLater(
  trx: Transaction<Database>,
  { run_id, period }: Pick<Page, "run_id" | "period">,
  totals: RunTotals,
): Promise<RunTotals | null> {
  const { rows: [run] } = await sql<RunTotals>`
    update billing_run set ${added(totals)}
    where run_id = ${run_id} and state <> 'halted'
      and not exists (
        select 1 from billing_run as halted
        where halted.period = ${period} and halted.state = 'halted')
    returning ${sql.join(TOTALS.map((name) => sql.id(name)))}`.execute(trx);
  return run ?? null;
}

function added(totals: RunTotals) {
  return sql.join(
    TOTALS.map((name) => sql`${sql.id(name)} = ${sql.id(name)} + ${totals[name]}::bigint`),
  );
}

export async function finishPage(
  trx: Transaction<Database>,
  { run_id, page }: Page,
  now_ms: number,
): Promise<void> {
  await trx.updateTable("billing_run_page").set({ done_at: new Date(now_ms) })
    .where("run_id", "=", run_id).where("page", "=", page).execute();
}

/**
 * Nothing more of the month is done until a person says so: see `resumeRun()`. One whose pages are
 * all done halts too, where its waiting accounts break its bounds; beside a run that is under way
 * there it is that one.
 */
export async function haltRun(
  trx: Transaction<Database>,
  { run_id, period }: Pick<Page, "run_id" | "period">,
  reason: string,
): Promise<void> {
  await sql`
    update billing_run set state = 'halted', finished_at = null,
      halted_reason = ${reason.slice(0, REASON_LENGTH_MAX)}
    where state <> 'halted' and run_id = (
      select run_id from billing_run where period = ${period}
      order by state = 'done', run_id = ${run_id} desc limit 1
    )`.execute(trx);
  const subject = `month ${period}`;
  await writeAudit(trx, {
    actor: "billing",
    action: "run.halted",
    subject,
    detail: { run_id, reason },
  });
}

/** A run of which every page is done is done. */
export async function finishRun(
  trx: Transaction<Database>,
  now_ms: number,
): Promise<PageResult> {
  const { rows: [run] } = await sql<{ run_id: number; period: string }>`
    update billing_run set state = 'done', finished_at = ${new Date(now_ms)}
    where run_id = (
      select run_id from billing_run as run
      where state = 'running' and not exists (
        select 1 from billing_run_page as page
        where page.run_id = run.run_id and page.done_at is null
      )
      order by run_id limit 1 for update skip locked
    )
    returning run_id, period`.execute(trx);
  return run === undefined ? { did: "nothing" } : { did: "done", ...run };
}

export interface RunProgress extends RunTotals {
  readonly run_id: number;
  readonly period: string;
  readonly state: "running" | "halted" | "done";
  readonly halted_reason: string | null;
  readonly accounts: number;
  readonly requested_at: Date;
}

/** The latest run of `period`, or null. One row is read, whatever the number of accounts. */
export async function runProgress(
  db: Kysely<Database>,
  period: string,
): Promise<RunProgress | null> {
  const run = await db.selectFrom("billing_run")
    .select(["run_id", "period", "state", "halted_reason", "accounts", "requested_at"])
    .select(TOTALS).where("period", "=", period).orderBy("run_id", "desc").limit(1)
    .executeTakeFirst();
  return run ?? null;
}
