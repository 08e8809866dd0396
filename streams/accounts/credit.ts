/** A credit note: part of an issued bill given back. The bill stays as it is; the note has its number. */
import { financialYearOf } from "../../actors/billing/calendar.ts";
import { SERIES_PREFIX } from "../../actors/billing/bill.ts";
import { indianDateOf } from "../../protocol/indian_time.ts";
import { TerminalError } from "../../protocol/errors.ts";
import { lockAccount } from "../billing/facts.ts";
import { findInvoice } from "../billing/invoices.ts";
import { formatRupees } from "../billing/money.ts";
import { writeAudit } from "../database/audit.ts";
import { nextNumber } from "../database/invoice_series.ts";
import { type Kysely, sql, type Transaction } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";
import type { Deed } from "./reverse.ts";

const NUMBER_DIGITS = 6;

export interface CreditNote {
  readonly number: string;
  readonly bill: string;
  readonly account_id: string;
  readonly amount_paise: number;
}

/**
 * Issues a credit note on the bill called `bill`. Throws `TerminalError` when it is void, or when all
 * notes together, and its true-up, would give back more than it asks for.
 */
export async function creditBill(
  db: Kysely<Database>,
  bill: string,
  amount_paise: number,
  { reason, actor, now_ms }: Deed,
): Promise<CreditNote> {
  return await db.transaction().execute(async (trx) => {
    const { account_id } = await findInvoice(trx, bill);
    await lockAccount(trx, account_id);
    // Read under the lock: another operator may have been faster.
    const invoice = await findInvoice(trx, bill);
    const { invoice_id, payable_paise } = invoice;
    if (invoice.state !== "issued") {
      throw new TerminalError(`Bill ${invoice.number} is ${invoice.state}: nothing of it is owed`);
    }
    const { credited } = await trx.selectFrom("credit_note")
      .select((of) => of.fn.sum<number>("amount_paise").as("credited"))
      .where("invoice_id", "=", invoice_id).executeTakeFirstOrThrow();
    const left = payable_paise - Number(credited ?? 0) - await truedUp(trx, invoice);
    if (amount_paise > left) {
      throw new TerminalError(
        `Bill ${invoice.number} asks for Rs ${formatRupees(payable_paise)}, of which at most Rs ` +
          `${formatRupees(Math.max(0, left))} can be credited still`,
      );
    }
    const series = `${SERIES_PREFIX}/CN/${financialYearOf(indianDateOf(now_ms))}`;
    const number = `${series}/${
      String(await nextNumber(trx, series)).padStart(NUMBER_DIGITS, "0")
    }`;
    await trx.insertInto("credit_note").values({
      ...{ number, invoice_id, account_id, amount_paise, reason, issued_by: actor },
      issued_at: new Date(now_ms),
    }).execute();
    await writeAudit(trx, {
      actor,
      action: "invoice.credited",
      subject: invoice.number,
      detail: { account_id, credit_note: number, amount_paise, reason },
    });
    return { number, bill: invoice.number, account_id, amount_paise };
  });
}

/** What the bill of an actual reading gave back of an estimated one; 0 where none has. */
async function truedUp(
  trx: Transaction<Database>,
  { account_id, number }: { readonly account_id: string; readonly number: string },
): Promise<number> {
  const { rows } = await sql<{ credited_paise: number }>`
    select (credit ->> 'credited_paise')::bigint as credited_paise
    from invoice cross join jsonb_array_elements(inputs -> 'true_up' -> 'estimated') as credit
    where account_id = ${account_id} and state = 'issued' and inputs ? 'true_up'
      and credit ->> 'number' = ${number}`.execute(trx);
  return rows[0]?.credited_paise ?? 0;
}
