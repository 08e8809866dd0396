/** Voids an invoice: it stays, with its number and the reason, and its period may be billed anew. */
import { receive } from "../../actors/billing/cycle.ts";
import { TerminalError } from "../../protocol/errors.ts";
import { writeAudit } from "../database/audit.ts";
import type { Kysely, Transaction } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";
import { loadCycle, loadFacts, lockAccount } from "./facts.ts";
import { findInvoice } from "./invoices.ts";

export interface VoidRequest {
  /** Number or id of the invoice. */
  readonly bill: string;
  readonly reason: string;
  /** Who asks. */
  readonly actor: string;
  readonly now_ms: number;
}

export interface Voided {
  readonly number: string;
  readonly account_id: string;
  readonly period: string;
}

/**
 * One transaction: the invoice and its cycle are void, what was not sent yet is not sent any more.
 * Throws `TerminalError` when there is no such live invoice, or a later one builds upon it.
 */
export async function voidInvoice(db: Kysely<Database>, request: VoidRequest): Promise<Voided> {
  return await db.transaction().execute((trx) => voidInvoiceIn(trx, request));
}

/** The same in the caller's transaction. */
export async function voidInvoiceIn(
  trx: Transaction<Database>,
  request: VoidRequest,
): Promise<Voided> {
  const found = await findInvoice(trx, request.bill);
  await lockAccount(trx, found.account_id);
  const { invoice_id, number, account_id, period, cycle_id } = found;
  // Read again under the lock: another operator may have been faster.
  const { state } = await findInvoice(trx, request.bill);
  if (state === "void") throw new TerminalError(`Bill ${number} is void already`);
  const { cycle } = await loadCycle(trx, account_id, period);
  const { later_billed } = await loadFacts(trx, account_id, period);
  const { reason, actor, now_ms } = request;
  receive(cycle, { message: "void", reason, later_billed }, now_ms);
  await trx.updateTable("invoice").set({ state: "void", void_reason: reason })
    .where("invoice_id", "=", invoice_id).execute();
  await trx.updateTable("billing_cycle").set({ state: cycle.state as "void", reason })
    .where("cycle_id", "=", cycle_id).execute();
  await trx.updateTable("notification")
    .set({ state: "skipped", last_error: `bill ${number} is void`, updated_at: new Date(now_ms) })
    .where("invoice_id", "=", invoice_id).where("state", "=", "intended").execute();
  await writeAudit(trx, {
    actor,
    action: "invoice.void",
    subject: number,
    detail: { account_id, period, reason },
  });
  return { number, account_id, period };
}
