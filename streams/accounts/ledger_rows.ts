/** The entries of accounts as `actors/accounts/` settles them. */
import { allocate, type Allocation, type LedgerEntry } from "../../actors/accounts/allocate.ts";
import { type Kysely, sql } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";

type EntryRow = LedgerEntry & { readonly account_id: string; readonly due_on: string | null };

/** What each of `account_ids` owes and has paid; an account without an entry owes nothing. */
export async function allocationsOf(
  db: Kysely<Database>,
  account_ids: readonly string[],
): Promise<Map<string, Allocation>> {
  const { rows } = await sql<EntryRow>`
    select entry.account_id, entry.entry_id, entry.kind, entry.amount_paise, entry.value_date,
      entry.invoice_id, entry.reverses, invoice.due_on
    from account_entry as entry
    left join invoice on invoice.invoice_id = entry.invoice_id and entry.kind = 'invoice'
    where entry.account_id = any(${[...new Set(account_ids)]}::text[])
    order by entry.account_id, entry.entry_id`.execute(db);
  const entries = Map.groupBy(rows, ({ account_id }) => account_id);
  return new Map(account_ids.map((id) => {
    const own = entries.get(id) ?? [];
    const due_on = own.flatMap((one) =>
      one.invoice_id === null || one.due_on === null ? [] : [[one.invoice_id, one.due_on] as const]
    );
    return [id, allocate(own, new Map(due_on))];
  }));
}

/**
 * What is left of an invoice, and with it of what fell due before: what a customer is reminded of.
 * Nothing, once the invoice itself is paid.
 */
export async function outstandingOf(
  db: Kysely<Database>,
  account_id: string,
  invoice_id: number,
): Promise<number> {
  const { items } = (await allocationsOf(db, [account_id])).get(account_id)!;
  const own = items.find((one) => one.kind === "invoice" && one.invoice_id === invoice_id);
  if (own === undefined || own.outstanding_paise === 0) return 0;
  return items.filter(({ due_on }) => due_on <= own.due_on)
    .reduce((sum, { outstanding_paise }) => sum + outstanding_paise, 0);
}
