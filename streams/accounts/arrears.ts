/** Who owes what, and since when: a page of accounts at a time, so that none holds up the others. */
import { type Aging, agingOf } from "../../actors/accounts/aging.ts";
import { indianDateOf } from "../../protocol/indian_time.ts";
import { type Kysely, sql } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";
import { allocationsOf } from "./ledger_rows.ts";

/** Accounts looked at in one page: the answer fits into one message. */
const PAGE_ACCOUNTS = 1_000;

export interface ArrearsRow extends Aging {
  readonly account_id: string;
  readonly consumer_number: string;
  readonly name: string;
  readonly balance_paise: number;
}

export interface ArrearsPage {
  /** Accounts with something outstanding. */
  readonly rows: readonly ArrearsRow[];
  /** Goes into the next call; null after the last page. */
  readonly last_id: string | null;
}

export async function arrearsPage(
  db: Kysely<Database>,
  after_id: string,
  now_ms: number,
): Promise<ArrearsPage> {
  const { rows: accounts } = await sql<
    Pick<ArrearsRow, "account_id" | "consumer_number" | "name"> & { balance: number | null }
  >`
    select account.account_id, consumer.consumer_number, consumer.name,
      (select sum(amount_paise)::bigint from account_entry as entry
        where entry.account_id = account.account_id) as balance
    from account join consumer on consumer.consumer_number = account.consumer_number
    where account.account_id > ${after_id}
    order by account.account_id limit ${PAGE_ACCOUNTS}`.execute(db);
  const owing = accounts.filter(({ balance }) => (balance ?? 0) > 0);
  const allocations = await allocationsOf(db, owing.map(({ account_id }) => account_id));
  const today = indianDateOf(now_ms);
  return {
    rows: owing.map(({ balance, ...who }) => ({
      ...who,
      balance_paise: balance!,
      ...agingOf(allocations.get(who.account_id)!, today),
    })),
    last_id: accounts.length < PAGE_ACCOUNTS ? null : accounts.at(-1)!.account_id,
  };
}
