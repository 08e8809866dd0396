/**
 * Goes over the invoices by their due dates, once each: what it found and how far it has come are
 * written in one transaction, so that a restart, or a second process, goes on where it was.
 */
import { dueDates, type SweepRule } from "../../actors/accounts/due_days.ts";
import { indianDateOf } from "../../protocol/indian_time.ts";
import { type Kysely, sql, type Transaction } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";

/**
 * How old a bill must be to be looked at. Bills stand in the order of their ids only once all of that
 * time are written: one that is written later, of a lower id, would be passed over for good.
 */
export const SETTLED_MS = 10 * 60_000;

/** Invoices of one transaction. */
export const SWEEP_PAGE = 200;

export interface DueInvoice {
  readonly invoice_id: number;
  readonly number: string;
  readonly account_id: string;
  readonly due_on: string;
  readonly total_paise: number;
  readonly payable_paise: number;
}

export interface Sweep extends SweepRule {
  /** By this name it is known how far it has come. */
  readonly name: string;
  /** What is done about a page of live invoices; returns how many of them something was done about. */
  readonly page: (trx: Transaction<Database>, bills: readonly DueInvoice[]) => Promise<number>;
}

export interface Swept {
  /** Invoices looked at: less than a page, and the sweep has caught up. */
  readonly looked: number;
  readonly done: number;
}

/** One page of `sweep` as of `now_ms`, and up to the first bill that has only just been written. */
export async function sweepPage(
  db: Kysely<Database>,
  sweep: Sweep,
  now_ms: number,
): Promise<Swept> {
  const { first, last } = dueDates(sweep, indianDateOf(now_ms));
  return await db.transaction().execute(async (trx) => {
    // A sweep that is new begins today: what fell due before it was there is not its business.
    await trx.insertInto("due_sweep").values({ sweep: sweep.name, due_on: last, invoice_id: 0 })
      .onConflict((conflict) => conflict.column("sweep").doNothing()).execute();
    const at = await trx.selectFrom("due_sweep").select(["due_on", "invoice_id"])
      .where("sweep", "=", sweep.name).forUpdate().executeTakeFirstOrThrow();
    const from = at.due_on < first ? { due_on: first, invoice_id: 0 } : at;
    const { rows: due } = await sql<DueInvoice & { state: string; issued_at: Date }>`
      select invoice_id, number, account_id, due_on, total_paise, payable_paise, state, issued_at
      from invoice
      where (due_on, invoice_id) > (${from.due_on}::date, ${from.invoice_id}::bigint)
        and due_on <= ${last}::date
      order by due_on, invoice_id limit ${SWEEP_PAGE}`.execute(trx);
    const young = due.findIndex(({ issued_at }) => issued_at.getTime() > now_ms - SETTLED_MS);
    const rows = young === -1 ? due : due.slice(0, young);
    if (rows.length === 0) return { looked: 0, done: 0 };
    const done = await sweep.page(trx, rows.filter(({ state }) => state === "issued"));
    const { due_on, invoice_id } = rows.at(-1)!;
    await trx.updateTable("due_sweep").set({ due_on, invoice_id })
      .where("sweep", "=", sweep.name).execute();
    return { looked: rows.length, done };
  });
}
