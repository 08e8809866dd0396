/** `bill-regenerate`: voids a bill and makes it anew, in one transaction. */
import { z } from "../../protocol/schema.ts";
import { billName } from "../billing/invoices.ts";
import { regenerateBill } from "../billing/regenerate.ts";
import { cycleRulesOf, verb } from "./office.ts";

export const billRegenerate = verb(
  z.object({
    bill: billName,
    reason: z.string().trim().min(1, "say why").max(200),
    actor: z.string().trim().min(1).max(64).default("office"),
  }),
  async (input, office) => {
    const { db, now_ms } = office;
    const context = { db, rules: cycleRulesOf(office), now_ms };
    const made = await regenerateBill(context, { ...input, now_ms: now_ms() });
    for (const number of [made.replaces, made.number]) {
      if (number !== null) office.onBill?.(number);
    }
    return made;
  },
);
