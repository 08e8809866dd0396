/** Closing a month: one command to each account that has no bill for it yet. */
import { boundsOf, datePlus, periodOf } from "../../actors/billing/calendar.ts";
import { indianDateOf } from "../../protocol/indian_time.ts";
import { utf8 } from "../../protocol/bytes.ts";
import { TerminalError } from "../../protocol/errors.ts";
import type { BillingCommand } from "../../protocol/messages/billing.ts";
import { subjects } from "../../protocol/subjects.ts";
import { type Kysely, sql } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";
import type { Broker } from "../jetstream/broker.ts";

/** Accounts looked up at once, and commands in flight at once. */
const PAGE = 1_000;
const IN_FLIGHT = 100;

export interface ToClose {
  readonly account_id: string;
  /** When closing was last asked for, by whichever cycle: tells one attempt from the next. */
  readonly requested_at: Date | null;
}

/** What `bill-run` answers. */
export interface ClosingSummary {
  readonly period: string;
  /** Accounts that have no bill for the period yet. */
  readonly accounts: number;
  /** Commands that are new. The rest stand in the stream already. */
  readonly commanded: number;
  readonly requested_at_ms: number;
}

/** Throws `TerminalError` for a month that has not begun. */
export function checkPeriod(period: string, now_ms: number): void {
  if (period > periodOf(now_ms)) {
    throw new TerminalError(`${period} has not begun: it is ${indianDateOf(now_ms)} in India`);
  }
}

/**
 * Active accounts, opened by the end of `period`, without a live bill for it: in the order of their
 * ids, after `after`, at most `limit`.
 */
export async function accountsToClose(
  db: Kysely<Database>,
  period: string,
  after: string,
  limit: number,
): Promise<ToClose[]> {
  const last_day = datePlus(indianDateOf(boundsOf(period).end_ms), -1);
  const { rows } = await sql<ToClose>`
    select account.account_id, (
      select requested_at from billing_cycle as cycle
      where cycle.account_id = account.account_id and cycle.period = ${period}
      order by cycle_id desc limit 1
    ) as requested_at
    from account
    where (status = 'active' or closed_on >= ${`${period}-01`})
      and opened_on <= ${last_day} and account_id > ${after}
      and not exists (
        select 1 from billing_cycle as billed
        where billed.account_id = account.account_id and billed.period = ${period}
          and billed.state in ('issued', 'imported')
      )
    order by account_id
    limit ${limit}`.execute(db);
  return rows;
}

/**
 * Commands every account of `accountsToClose()` to close. Once more adds nothing: an account that is
 * billed is left out, and a command that stands in the stream has the same message id.
 */
export async function closePeriod(
  db: Kysely<Database>,
  broker: Broker,
  period: string,
  now_ms: number,
): Promise<ClosingSummary> {
  checkPeriod(period, now_ms);
  let [accounts, commanded, after] = [0, 0, ""];
  while (true) {
    const page = await accountsToClose(db, period, after, PAGE);
    for (let i = 0; i < page.length; i += IN_FLIGHT) {
      const acks = await Promise.all(
        page.slice(i, i + IN_FLIGHT).map((one) => command(broker, one, period, now_ms)),
      );
      commanded += acks.filter((ack) => !ack.duplicate).length;
    }
    accounts += page.length;
    if (page.length < PAGE) return { period, accounts, commanded, requested_at_ms: now_ms };
    after = page.at(-1)!.account_id;
  }
}

function command(broker: Broker, one: ToClose, period: string, requested_at_ms: number) {
  const { account_id, requested_at } = one;
  const payload: BillingCommand = { command: "close", account_id, period, requested_at_ms };
  const attempt = requested_at?.getTime() ?? 0;
  return broker.publish(subjects.billing(account_id), utf8(JSON.stringify(payload)), {
    messageId: `close-${account_id}-${period}-${attempt}`,
  });
}
