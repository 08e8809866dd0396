/** Bills out of the database, and their PDFs as files. */
import { dirname, join } from "node:path";
import { invoiceInputs } from "../../protocol/messages/invoice_inputs.ts";
import { TerminalError } from "../../protocol/errors.ts";
import { parseOrExplain } from "../../protocol/schema.ts";
import { creditedPaise, creditsOf } from "../billing/invoices.ts";
import type { Kysely } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";
import { type BillDocument, billDocument, type Utility } from "./bill_document.ts";
import { pdfNameOf } from "./letter.ts";
import { renderBillPdf } from "./pdf/bill_pdf.ts";

export interface LoadedBill {
  readonly bill: BillDocument;
  readonly state: "issued" | "void";
}

/** The bill of one invoice. Throws `TerminalError` when it is unknown or its snapshot is malformed. */
export async function loadBill(
  db: Kysely<Database>,
  invoice_id: number,
  utility: Utility,
): Promise<LoadedBill> {
  const invoice = await db.selectFrom("invoice").selectAll()
    .where("invoice_id", "=", invoice_id).executeTakeFirst();
  if (invoice === undefined) throw new TerminalError(`Invoice ${invoice_id} does not exist`);
  const lines = await db.selectFrom("invoice_line")
    .select(["code", "description", "units", "rate", "amount_paise"])
    .where("invoice_id", "=", invoice_id).orderBy("position").execute();
  const inputs = parseOrExplain(invoiceInputs, invoice.inputs, `Inputs of ${invoice.number}`);
  const bill = billDocument(invoice, lines, inputs, utility);
  const { state } = invoice;
  if (state === "void") return { bill: { ...bill, withdrawn: true }, state };
  return { bill: lessCredits(bill, creditedPaise(await creditsOf(db, invoice_id))), state };
}

/** The bill with what was given back of it since: it asks for what is left. */
export function lessCredits(bill: BillDocument, credited_paise: number): BillDocument {
  if (credited_paise === 0) return bill;
  return { ...bill, credited_paise, amount_due_paise: bill.amount_due_paise - credited_paise };
}

/** Where the PDF of a bill lies: `<billsDir>/2026-04/MH-2026-27-000001.pdf`. */
export function billPathOf(billsDir: string, bill: BillDocument): string {
  return join(billsDir, bill.period, pdfNameOf(bill.number));
}

/**
 * Renders the bill and writes it at its place. Written beside and renamed: whoever reads the place
 * sees a whole bill or none, even when two processes write the same one.
 */
export async function writeBillPdf(
  billsDir: string,
  bill: BillDocument,
): Promise<{ path: string; pdf: Uint8Array }> {
  const pdf = renderBillPdf(bill);
  const path = billPathOf(billsDir, bill);
  const part = `${path}.${crypto.randomUUID()}.part`;
  await Deno.mkdir(dirname(path), { recursive: true });
  try {
    await Deno.writeFile(part, pdf);
    await Deno.rename(part, path);
  } catch (error) {
    await Deno.remove(part).catch(() => {}); // The write's own failure is what counts.
    throw error;
  }
  return { path, pdf };
}
