/**
 * Months that a bill would jump over: an account without a bill for an earlier month gets its use since
 * then onto the next one, and that month can never be billed.
 */
import { periodBefore } from "../../actors/billing/calendar.ts";
import { type Kysely, type RawBuilder, sql } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";

/** Months that are told by name. */
const TOLD_MAX = 12;

export interface SkippedMonth {
  /** The first month without a bill. */
  readonly period: string;
  readonly accounts: number;
}

/** Why such an account is left alone until a person says so. */
export function whySkipped(skipped: string, period: string): string {
  return `no bill for ${skipped}: its use since then would go onto this bill, and ${skipped} could ` +
    `never be billed. Bill it first, samay bill run --period ${skipped}, or go on: ` +
    `samay bill run --period ${period} --skip-months`;
}

/**
 * The first month without a bill of each account that `which` (a condition on `account`) names and that
 * has one before `period`. A month of which a draft waits counts as billed; what began on the last day
 * of a month begins with the next. Who was begun with for `period` already is not named.
 */
const skippedOf = (which: RawBuilder<unknown>, period: string) =>
  sql`
  select account_id, to_char(begins, 'YYYY-MM') as skipped from (
    select account_id, greatest(
      date_trunc('month', account.opened_on + interval '1 day'),
      (select date_trunc('month', min(installed_at) at time zone interval '05:30' + interval '1 day')
        from installation where installation.account_id = account.account_id),
      (select to_date(max(billed.period), 'YYYY-MM') + interval '1 month'
        from billing_cycle as billed
        where billed.account_id = account.account_id and billed.period < ${period}
          and billed.state in ('issued', 'imported', 'draft'))
    ) as begins
    from account where ${which}
      and not exists (select 1 from billing_cycle as last
        where last.account_id = account.account_id and last.period = ${periodBefore(period)}
          and last.state in ('issued', 'imported', 'draft'))
      and not exists (select 1 from billing_cycle as begun
        where begun.account_id = account.account_id and begun.period = ${period}
          and begun.state not in ('parked', 'void'))
  ) as unbilled
  where begins < to_date(${period}, 'YYYY-MM')`;

/** Of `account_ids` those of which a bill for `period` would jump over a month, with the first one. */
export async function skippedMonths(
  db: Kysely<Database>,
  period: string,
  account_ids: readonly string[],
): Promise<Map<string, string>> {
  if (account_ids.length === 0) return new Map();
  const { rows } = await sql<{ account_id: string; skipped: string }>`${
    skippedOf(sql`account.account_id = any(${account_ids}::text[])`, period)
  }`.execute(db);
  return new Map(rows.map(({ account_id, skipped }) => [account_id, skipped]));
}

/** How many accounts that `which` names jump over a month, by the first one: at most `TOLD_MAX`. */
export async function countSkipped(
  db: Kysely<Database>,
  which: RawBuilder<unknown>,
  period: string,
): Promise<SkippedMonth[]> {
  const { rows } = await sql<SkippedMonth>`
    select skipped as period, count(*)::bigint as accounts
    from (${skippedOf(which, period)}) as each_one
    group by skipped order by skipped desc limit ${TOLD_MAX}`.execute(db);
  return rows;
}
