/** How far the closing of a month is. */
import { boundsOf, datePlus } from "../../actors/billing/calendar.ts";
import { indianDateOf } from "../../protocol/indian_time.ts";
import { type Kysely, sql } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";

/** Accounts named in a status; the rest are counted. */
const ATTENTION_MAX = 50;

export interface PeriodStatus {
  readonly period: string;
  /** Active accounts that were opened by the end of the period. */
  readonly accounts: number;
  /** Not looked at yet. */
  readonly queued: number;
  /** Asked, no answer yet. */
  readonly awaiting: number;
  /** No reading within the time to answer, or within a month that is over. */
  readonly silent: number;
  readonly parked: number;
  /** Computed, and looked at by people until their grace is over. */
  readonly drafts: number;
  readonly issued: number;
  readonly imported: number;
  /** Of all live invoices of the period. */
  readonly payable_paise: number;
  /** Accounts that a person should look at: silent or parked, at most 50. */
  readonly attention: readonly Attention[];
}

export interface Attention {
  readonly account_id: string;
  readonly state: string;
  readonly reason: string;
}

/**
 * `since_ms`: when a run was asked for. A cycle that was parked before then is not looked at again
 * yet, and counts as queued.
 */
export async function periodStatus(
  db: Kysely<Database>,
  period: string,
  since_ms: number | null,
): Promise<PeriodStatus> {
  const last_day = datePlus(indianDateOf(boundsOf(period).end_ms), -1);
  const since = new Date(since_ms ?? 0);
  const { rows } = await sql<{ progress: string; accounts: number }>`
    select case
        when cycle.state is null then 'queued'
        when cycle.state in ('parked', 'awaiting_reading') and cycle.reason is not null
          and cycle.requested_at < ${since} then 'queued'
        when cycle.state = 'awaiting_reading' and cycle.reason is not null then 'silent'
        when cycle.state in ('awaiting_reading', 'ready') then 'awaiting'
        else cycle.state
      end as progress, count(*)::bigint as accounts
    from account left join billing_cycle as cycle
      on cycle.account_id = account.account_id and cycle.period = ${period}
        and cycle.state <> 'void'
    where (account.status = 'active' or account.closed_on >= ${`${period}-01`})
      and account.opened_on <= ${last_day}
    group by progress`.execute(db);
  const count = (progress: string) => rows.find((row) => row.progress === progress)?.accounts ?? 0;
  const { payable_paise } = await db.selectFrom("invoice")
    .select(sql<number>`coalesce(sum(payable_paise), 0)`.as("payable_paise"))
    .where("period", "=", period).where("state", "=", "issued").executeTakeFirstOrThrow();
  return {
    period,
    accounts: rows.reduce((sum, row) => sum + row.accounts, 0),
    queued: count("queued"),
    awaiting: count("awaiting"),
    silent: count("silent"),
    parked: count("parked"),
    drafts: count("draft"),
    issued: count("issued"),
    imported: count("imported"),
    payable_paise,
    attention: await attentionOf(db, period),
  };
}

async function attentionOf(db: Kysely<Database>, period: string): Promise<Attention[]> {
  const rows = await db.selectFrom("billing_cycle").select(["account_id", "state", "reason"])
    .where("period", "=", period).where("state", "in", ["parked", "awaiting_reading"])
    .orderBy("account_id").limit(ATTENTION_MAX).execute();
  return rows.map(({ account_id, state, reason }) => ({
    account_id,
    state,
    reason: reason ?? "asked for a reading, no answer yet",
  }));
}
