/** An account as its customer would see it: every entry with the balance after it, and what is open. */
import { agingOf } from "../../actors/accounts/aging.ts";
import type { LedgerKind } from "../../actors/accounts/allocate.ts";
import { indianDateOf } from "../../protocol/indian_time.ts";
import { TerminalError } from "../../protocol/errors.ts";
import { type Kysely, sql } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";
import { allocationsOf } from "./ledger_rows.ts";

export interface StatementEntry {
  readonly entry_id: number;
  readonly at: Date;
  readonly value_date: string;
  readonly kind: LedgerKind;
  readonly amount_paise: number;
  /** After this entry. */
  readonly balance_paise: number;
  readonly reference: string;
  readonly description: string;
}

/** The newest `limit` entries of an account, oldest first, and how the account stands. */
export async function statementOf(
  db: Kysely<Database>,
  account_id: string,
  limit: number,
  now_ms: number,
) {
  const who = await db.selectFrom("account")
    .innerJoin("consumer", "consumer.consumer_number", "account.consumer_number")
    .select(["account.account_id", "account.status", "consumer.consumer_number", "consumer.name"])
    .where("account.account_id", "=", account_id).executeTakeFirst();
  if (who === undefined) throw new TerminalError(`There is no account ${account_id}`);
  const { rows } = await sql<StatementEntry>`
    select entry_id, at, value_date, kind, amount_paise, balance_paise, reference, description from (
      select *, sum(amount_paise) over (order by entry_id)::bigint as balance_paise
      from account_entry where account_id = ${account_id}) as entry
    order by entry_id desc limit ${limit}`.execute(db);
  const allocation = (await allocationsOf(db, [account_id])).get(account_id)!;
  const numbers = await numbersOf(db, allocation.items.flatMap((one) => one.invoice_id ?? []));
  return {
    ...who,
    balance_paise: allocation.balance_paise,
    credit_paise: allocation.credit_paise,
    aging: agingOf(allocation, indianDateOf(now_ms)),
    open: allocation.items.filter(({ outstanding_paise }) => outstanding_paise > 0)
      .map(({ kind, invoice_id, due_on, amount_paise, outstanding_paise }) => ({
        ...{ kind, due_on, amount_paise, outstanding_paise },
        bill: invoice_id === null ? null : numbers.get(invoice_id) ?? null,
      })),
    entries: rows.reverse(),
  };
}

export type Statement = Awaited<ReturnType<typeof statementOf>>;

async function numbersOf(db: Kysely<Database>, ids: readonly number[]) {
  const { rows } = await sql<{ invoice_id: number; number: string }>`
    select invoice_id, number from invoice where invoice_id = any(${[...ids]}::bigint[])`.execute(
    db,
  );
  return new Map(rows.map(({ invoice_id, number }) => [invoice_id, number]));
}
