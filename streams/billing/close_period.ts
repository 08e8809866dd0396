/** Which accounts a month is to be closed for. */
import { boundsOf, datePlus, periodOf } from "../../actors/billing/calendar.ts";
import { indianDateOf } from "../../protocol/indian_time.ts";
import { TerminalError } from "../../protocol/errors.ts";
import { type Kysely, sql } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";

/** Throws `TerminalError` for a month that has not begun. */
export function checkPeriod(period: string, now_ms: number): void {
  if (period > periodOf(now_ms)) {
    throw new TerminalError(`${period} has not begun: it is ${indianDateOf(now_ms)} in India`);
  }
}

/** The condition on `account`: active, opened by the end of `period`, without a live bill for it. */
export function unbilled(period: string) {
  const last_day = datePlus(indianDateOf(boundsOf(period).end_ms), -1);
  return sql<boolean>`
    (account.status = 'active' or account.closed_on >= ${`${period}-01`}::date)
      and account.opened_on <= ${last_day}::date
      and not exists (
        select 1 from billing_cycle as billed
        where billed.account_id = account.account_id and billed.period = ${period}
          and billed.state in ('issued', 'imported')
      )`;
}

/** Accounts to close: in the order of their ids, after `after` and up to `last`, at most `limit`. */
export async function accountsToClose(
  db: Kysely<Database>,
  period: string,
  range: { readonly after?: string; readonly first?: string; readonly last?: string },
  limit: number,
): Promise<string[]> {
  let query = db.selectFrom("account").select("account_id").where(unbilled(period));
  if (range.after !== undefined) query = query.where("account_id", ">", range.after);
  if (range.first !== undefined) query = query.where("account_id", ">=", range.first);
  if (range.last !== undefined) query = query.where("account_id", "<=", range.last);
  const rows = await query.orderBy("account_id").limit(limit).execute();
  return rows.map((row) => row.account_id);
}

/** How many accounts `period` is to be closed for. */
export async function countToClose(db: Kysely<Database>, period: string): Promise<number> {
  const { accounts } = await db.selectFrom("account").where(unbilled(period))
    .select((of) => of.fn.countAll<number>().as("accounts")).executeTakeFirstOrThrow();
  return accounts;
}
