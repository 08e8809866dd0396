/** Invoices as the office shows them. */
import { indianDateOf } from "../../protocol/indian_time.ts";
import type { InvoiceInputs } from "../../protocol/messages/invoice_inputs.ts";
import { invoiceInputs } from "../../protocol/messages/invoice_inputs.ts";
import { TerminalError } from "../../protocol/errors.ts";
import { parseOrExplain, z } from "../../protocol/schema.ts";
import type { Kysely } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";

/** A bill by the number on it, `MH/2026-27/000001`, or by its row, `1`. */
export const billName = z.string().trim().min(1).max(48);

export interface CreditOnBill {
  readonly number: string;
  /** Calendar date in India. */
  readonly issued_on: string;
  readonly amount_paise: number;
  readonly reason: string;
}

export interface InvoiceSheet {
  readonly invoice_id: number;
  readonly number: string;
  readonly account_id: string;
  readonly period: string;
  readonly cycle_id: number;
  readonly state: "issued" | "void";
  readonly issued_at: Date;
  readonly due_on: string;
  readonly total_paise: number;
  readonly rounding_paise: number;
  readonly payable_paise: number;
  readonly void_reason: string | null;
  readonly inputs: InvoiceInputs;
  readonly lines: readonly {
    readonly code: string;
    readonly description: string;
    readonly units: number | null;
    readonly rate: number | null;
    readonly amount_paise: number;
  }[];
  /** What was given back of it by credit notes, oldest first. */
  readonly credits: readonly CreditOnBill[];
  readonly notifications: readonly {
    readonly notification_id: number;
    readonly channel: string;
    readonly kind: string;
    readonly recipient: string | null;
    readonly state: string;
    readonly delivery: string | null;
    readonly due_at: Date | null;
    readonly attempts: number;
    readonly last_error: string | null;
  }[];
}

/** The row of the invoice called `name`. Throws `TerminalError` when there is none. */
export async function findInvoice(db: Kysely<Database>, name: string) {
  const query = db.selectFrom("invoice").selectAll();
  const found =
    await (/^\d{1,15}$/.test(name)
      ? query.where("invoice_id", "=", Number(name))
      : query.where("number", "=", name)).executeTakeFirst();
  if (found !== undefined) return found;
  throw new TerminalError(`There is no bill ${name}; see: samay bill list`);
}

/** The credit notes of an invoice, oldest first. */
export async function creditsOf(db: Kysely<Database>, invoice_id: number): Promise<CreditOnBill[]> {
  const rows = await db.selectFrom("credit_note")
    .select(["number", "issued_at", "amount_paise", "reason"])
    .where("invoice_id", "=", invoice_id).orderBy("credit_note_id").execute();
  return rows.map(({ issued_at, ...note }) => ({
    ...note,
    issued_on: indianDateOf(issued_at.getTime()),
  }));
}

/** What all of `credits` give back. */
export function creditedPaise(credits: readonly CreditOnBill[]): number {
  return credits.reduce((sum, { amount_paise }) => sum + amount_paise, 0);
}

/** The invoice called `name` with all that belongs to it. */
export async function invoiceSheet(db: Kysely<Database>, name: string): Promise<InvoiceSheet> {
  const { written_in: _written_in, inputs, ...invoice } = await findInvoice(db, name);
  const lines = await db.selectFrom("invoice_line")
    .select(["code", "description", "units", "rate", "amount_paise"])
    .where("invoice_id", "=", invoice.invoice_id).orderBy("position").execute();
  const notifications = await db.selectFrom("notification")
    .select(["notification_id", "channel", "kind", "recipient", "state", "delivery", "due_at"])
    .select(["attempts", "last_error"])
    .where("invoice_id", "=", invoice.invoice_id).orderBy("channel").orderBy("notification_id")
    .execute();
  return {
    ...invoice,
    inputs: parseOrExplain(invoiceInputs, inputs, `Inputs of bill ${invoice.number}`),
    lines,
    credits: await creditsOf(db, invoice.invoice_id),
    notifications,
  };
}
