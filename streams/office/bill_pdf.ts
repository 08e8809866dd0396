/** `bill-pdf`: a bill as it was issued, drawn anew from the invoice's own snapshot. */
import { TerminalError } from "../../protocol/errors.ts";
import { z } from "../../protocol/schema.ts";
import { billName, findInvoice } from "../billing/invoices.ts";
import { loadBill } from "../delivery/bills.ts";
import { pdfNameOf } from "../delivery/letter.ts";
import { renderBillPdf } from "../delivery/pdf/bill_pdf.ts";
import { verb } from "./office.ts";

export interface BillPdf {
  readonly number: string;
  readonly state: "issued" | "void";
  /** What the file in the bills folder is called too. */
  readonly file: string;
  /** The whole PDF, 30 to 60 kB, in base64. */
  readonly pdf_base64: string;
}

export const billPdf = verb(
  z.object({ bill: billName }),
  async ({ bill: name }, { db, utility }): Promise<BillPdf> => {
    if (utility === undefined) throw new TerminalError("This office prints no bills");
    const { invoice_id } = await findInvoice(db, name);
    const { bill, state } = await loadBill(db, invoice_id, utility);
    const pdf_base64 = renderBillPdf(bill).toBase64();
    return { number: bill.number, state, file: pdfNameOf(bill.number), pdf_base64 };
  },
);
