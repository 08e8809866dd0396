/** `bill-show`, `bill-explain`, `bill-list`: bills as they were issued. */
import { id } from "../../protocol/messages/common.ts";
import { period } from "../../protocol/messages/billing.ts";
import { z } from "../../protocol/schema.ts";
import { explain } from "../billing/explain.ts";
import { billName, findInvoice, invoiceSheet } from "../billing/invoices.ts";
import { verb } from "./office.ts";

export const billShow = verb(
  z.object({ bill: billName }),
  async ({ bill }, { db }) => await invoiceSheet(db, bill),
);

export const billExplain = verb(z.object({ bill: billName }), async ({ bill }, { db }) => {
  const { inputs } = await findInvoice(db, bill);
  return explain(await invoiceSheet(db, bill), inputs);
});

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
