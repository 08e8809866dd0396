/**
 * The entries of an account: what is owed and what was paid. Their sum is the balance.
 *
 * Invoices, voids, payments and credit notes book themselves: the database writes their entries in the
 * statement that writes them (migration 0009). What is written here is the rest.
 */
import type { LedgerKind } from "../../actors/accounts/allocate.ts";
import { type Kysely, sql, type Transaction } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";

/** Rows of one statement: a statement has at most 65,535 parameters. */
const STATEMENT_ROWS = 2_000;

export interface NewEntry {
  readonly account_id: string;
  readonly kind: Extract<LedgerKind, "late_charge" | "adjustment" | "opening" | "payment_reversal">;
  /** Above zero: the customer owes it. */
  readonly amount_paise: number;
  /** Calendar date in India. */
  readonly value_date: string;
  readonly at: Date;
  readonly invoice_id?: number | null;
  readonly payment_id?: number | null;
  readonly reverses?: number | null;
  readonly reference: string;
  readonly description: string;
}

/**
 * Writes `entries` in the caller's transaction, which should have locked their accounts with
 * `lockForEntries()`. The entry of an invoice is not to be written: it is there.
 */
export async function writeEntries(
  trx: Transaction<Database>,
  entries: readonly NewEntry[],
): Promise<void> {
  for (let from = 0; from < entries.length; from += STATEMENT_ROWS) {
    await trx.insertInto("account_entry").values(
      entries.slice(from, from + STATEMENT_ROWS).map((entry) => ({
        ...{ invoice_id: null, payment_id: null, reverses: null, credit_note_id: null },
        ...entry,
      })),
    ).execute();
  }
}

/**
 * Locks accounts against a bill being issued for them meanwhile, so that on each account entries are
 * numbered in the order in which they stand: a payment is before the bill that mentions it, or after.
 * All in one statement, and in the order of `lockAccounts()`: two that lock never wait for each other
 * in a ring. Returns those that exist.
 */
export async function lockForEntries(
  trx: Transaction<Database>,
  account_ids: readonly string[],
): Promise<Set<string>> {
  const { rows } = await sql<{ account_id: string }>`
    select account_id from account where account_id = any(${[...new Set(account_ids)]}::text[])
    order by account_id collate "C" for share`.execute(trx);
  return new Set(rows.map(({ account_id }) => account_id));
}

export interface Balance {
  /** Owed before payments since the last bill: below zero it is the customer's. */
  readonly before_paise: number;
  /** Received since the last bill, less what was reversed since. */
  readonly payments_paise: number;
}

/**
 * How each of `account_ids` stands for its next bill: `amount due = before - payments + the bill`. In
 * the transaction that issues it, under the account's lock, and before the invoice is written. An
 * account without an entry stands at nothing.
 */
export async function balancesOf(
  db: Kysely<Database>,
  account_ids: readonly string[],
): Promise<Map<string, Balance>> {
  const balances = new Map<string, Balance>(
    account_ids.map((id) => [id, { before_paise: 0, payments_paise: 0 }]),
  );
  const { rows } = await sql<{ account_id: string; balance: number; payments: number }>`
    select account_id, sum(amount_paise)::bigint as balance,
      coalesce(-sum(amount_paise) filter (
        where kind in ('payment', 'payment_reversal') and entry_id > last_bill), 0)::bigint as payments
    from (
      select account_id, entry_id, kind, amount_paise,
        coalesce(max(entry_id) filter (where kind = 'invoice')
          over (partition by account_id), 0) as last_bill
      from account_entry where account_id = any(${[...balances.keys()]}::text[])
    ) as entry
    group by account_id`.execute(db);
  for (const { account_id, balance, payments } of rows) {
    balances.set(account_id, { before_paise: balance + payments, payments_paise: payments });
  }
  return balances;
}
