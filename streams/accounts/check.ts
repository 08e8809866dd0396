/** Holds the ledger against what it is of: every difference by its account, none on a sound ledger. */
import { type Kysely, sql } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";

/** Differences that are told one by one. */
const TOLD_MAX = 100;

export interface LedgerFault {
  readonly account_id: string;
  readonly what: string;
}

export interface LedgerCheck {
  readonly accounts: number;
  readonly entries: number;
  /** Sum of all balances. */
  readonly balance_paise: number;
  readonly faults: readonly LedgerFault[];
  readonly more: number;
}

/**
 * Reads the whole ledger. Each live invoice has its one entry of its amount, each void one none that
 * stands, each payment and credit note its own, each reversal the opposite of what it reverses, and no
 * entry is of something that is not there.
 */
export async function checkLedger(db: Kysely<Database>): Promise<LedgerCheck> {
  return await db.transaction().setIsolationLevel("repeatable read").setAccessMode("read only")
    .execute(async (trx) => {
      const { rows: [sums] } = await sql<{ accounts: number; entries: number; balance: number }>`
        select count(distinct account_id)::bigint as accounts, count(*)::bigint as entries,
          coalesce(sum(amount_paise), 0)::bigint as balance from account_entry`.execute(trx);
      const { rows } = await sql<LedgerFault & { total: number }>`
        select account_id, what, count(*) over ()::bigint as total from (${FAULTS}) as fault
        order by account_id, what limit ${TOLD_MAX}`.execute(trx);
      return {
        accounts: sums!.accounts,
        entries: sums!.entries,
        balance_paise: sums!.balance,
        faults: rows.map(({ account_id, what }) => ({ account_id, what })),
        more: Math.max(0, (rows[0]?.total ?? 0) - rows.length),
      };
    });
}

const FAULTS = sql`
  select invoice.account_id,
    'bill ' || number || ' of ' || payable_paise || ' paise is booked as '
      || coalesce(entry.amount_paise::text, 'nothing') as what
  from invoice
  left join account_entry as entry
    on entry.invoice_id = invoice.invoice_id and entry.kind = 'invoice'
    and entry.account_id = invoice.account_id
  where entry.amount_paise is distinct from invoice.payable_paise
  union all
  select invoice.account_id, 'bill ' || number || ' is void and ' || standing.paise
    || ' paise of it stand'
  from invoice
  cross join lateral (
    select coalesce(sum(amount_paise), 0) as paise from account_entry as entry
    where entry.account_id = invoice.account_id and entry.invoice_id = invoice.invoice_id) as standing
  where invoice.state = 'void' and standing.paise <> 0
  union all
  select payment.account_id, 'payment ' || source || ' ' || payment.reference || ' of '
    || payment.amount_paise || ' paise is booked as '
    || coalesce((-entry.amount_paise)::text, 'nothing')
  from payment
  left join account_entry as entry
    on entry.payment_id = payment.payment_id and entry.kind = 'payment'
    and entry.account_id = payment.account_id
  where entry.amount_paise is distinct from -payment.amount_paise
  union all
  select note.account_id, 'credit note ' || note.number || ' of ' || note.amount_paise
    || ' paise is booked as ' || coalesce((-entry.amount_paise)::text, 'nothing')
  from credit_note as note
  left join account_entry as entry
    on entry.credit_note_id = note.credit_note_id and entry.kind = 'credit_note'
    and entry.account_id = note.account_id
  where entry.amount_paise is distinct from -note.amount_paise
  union all
  select reversal.account_id, 'entry ' || reversal.entry_id || ' reverses ' || reversal.reverses
    || ' by ' || reversal.amount_paise || ' paise of ' || entry.amount_paise
  from account_entry as reversal
  join account_entry as entry
    on entry.account_id = reversal.account_id and entry.entry_id = reversal.reverses
  where reversal.amount_paise <> -entry.amount_paise`;
