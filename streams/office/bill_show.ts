/** `bill-show`, `bill-explain`, `bill-list`: bills as they were issued. */
import { id } from "../../protocol/messages/common.ts";
import { period } from "../../protocol/messages/billing.ts";
import { z } from "../../protocol/schema.ts";
import { explain, type Explanation } from "../billing/explain.ts";
import { linksOf } from "../billing/explain_links.ts";
import { billName, findInvoice, invoiceSheet } from "../billing/invoices.ts";
import { type FrameCheck, verifyFrames } from "./bill_verify.ts";
import { verb } from "./office.ts";

export const billShow = verb(
  z.object({ bill: billName }),
  async ({ bill }, { db }) => await invoiceSheet(db, bill),
);

/** An explanation with the frames of its readings, where they were asked to be opened again. */
export interface ExplainedBill extends Explanation {
  readonly frames: readonly FrameCheck[] | null;
}

export const billExplain = verb(
  z.object({ bill: billName, verify: z.boolean().default(false) }),
  async ({ bill, verify }, context): Promise<ExplainedBill> => {
    const { db } = context;
    const { inputs } = await findInvoice(db, bill);
    const sheet = await invoiceSheet(db, bill);
    const explained = explain(sheet, inputs, await linksOf(db, sheet));
    return { ...explained, frames: verify ? await verifyFrames(explained, context) : null };
  },
);

const LIST_MAX = 500;

/** Newest first. */
export const billList = verb(
  z.object({
    period: period.optional(),
    account_id: id.optional(),
    limit: z.int().min(1).max(LIST_MAX).default(50),
  }),
  async ({ period, account_id, limit }, { db }) => {
    let query = db.selectFrom("invoice")
      .select(["invoice_id", "number", "account_id", "period", "state", "issued_at", "due_on"])
      .select("payable_paise");
    if (period !== undefined) query = query.where("period", "=", period);
    if (account_id !== undefined) query = query.where("account_id", "=", account_id);
    return await query.orderBy("invoice_id", "desc").limit(limit).execute();
  },
);
