/**
 * Goes over the invoices by their due dates, once each: what it found and how far it has come are
 * written in one transaction, so that a restart, or a second process, goes on where it was.
 */
import { dueDates, type SweepRule } from "../../actors/accounts/due_days.ts";
import { type Kysely, sql, type Transaction } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";

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

/** One page of `sweep` as of the Indian date `today`. */
export async function sweepPage(
  db: Kysely<Database>,
  sweep: Sweep,
  today: string,
): Promise<Swept> {
  const { first, last } = dueDates(sweep, today);
  return await db.transaction().execute(async (trx) => {
    // A sweep that is new begins today: what fell due before it was there is not its business.
    await trx.insertInto("due_sweep").values({ sweep: sweep.name, due_on: last, invoice_id: 0 })
      .onConflict((conflict) => conflict.column("sweep").doNothing()).execute();
    const at = await trx.selectFrom("due_sweep").select(["due_on", "invoice_id"])
      .where("sweep", "=", sweep.name).forUpdate().executeTakeFirstOrThrow();
    const from = at.due_on < first ? { due_on: first, invoice_id: 0 } : at;
    const { rows } = await sql<DueInvoice & { state: string }>`
      select invoice_id, number, account_id, due_on, total_paise, payable_paise, state from invoice
      where (due_on, invoice_id) > (${from.due_on}::date, ${from.invoice_id}::bigint)
        and due_on <= ${last}::date
      order by due_on, invoice_id limit ${SWEEP_PAGE}`.execute(trx);
    if (rows.length === 0) return { looked: 0, done: 0 };
    const done = await sweep.page(trx, rows.filter(({ state }) => state === "issued"));
    const { due_on, invoice_id } = rows.at(-1)!;
    await trx.updateTable("due_sweep").set({ due_on, invoice_id })
      .where("sweep", "=", sweep.name).execute();
    return { looked: rows.length, done };
  });
}
