/** `bill-void`: an issued bill is never changed; it is voided, with a reason, and made anew. */
import { z } from "../../protocol/schema.ts";
import { billName } from "../billing/invoices.ts";
import { voidInvoice } from "../billing/void.ts";
import { verb } from "./office.ts";

export const billVoid = verb(
  z.object({
    bill: billName,
    reason: z.string().trim().min(1, "say why").max(200),
    actor: z.string().trim().min(1).max(64).default("office"),
  }),
  async (input, { db, now_ms, onBill }) => {
    const voided = await voidInvoice(db, { ...input, now_ms: now_ms() });
    onBill?.(voided.number);
    return voided;
  },
);
