/** A payment that was none: a cheque that came back, the wrong account. It stays, and is undone. */
import { indianDateOf } from "../../protocol/indian_time.ts";
import { TerminalError } from "../../protocol/errors.ts";
import { writeAudit } from "../database/audit.ts";
import { isUniqueViolation } from "../database/faults.ts";
import type { Kysely } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";
import { lockForEntries, writeEntries } from "./entries.ts";
import { findPayment } from "./payments.ts";

export interface Deed {
  readonly reason: string;
  readonly actor: string;
  readonly now_ms: number;
}

/** How a payment is called in the audit trail. */
export const paymentSubject = (payment_id: number) => `payment ${payment_id}`;

/** Reverses the payment called `name`. Throws `TerminalError` when it is, or there is none. */
export async function reversePayment(
  db: Kysely<Database>,
  name: string,
  { reason, actor, now_ms }: Deed,
) {
  try {
    return await db.transaction().execute(async (trx) => {
      const { payment_id, account_id, amount_paise, source, reference } = await findPayment(
        trx,
        name,
      );
      await lockForEntries(trx, [account_id]);
      const { entry_id } = await trx.selectFrom("account_entry").select("entry_id")
        .where("payment_id", "=", payment_id).where("kind", "=", "payment")
        .executeTakeFirstOrThrow();
      await writeEntries(trx, [{
        ...{ account_id, kind: "payment_reversal", amount_paise, payment_id, reverses: entry_id },
        ...{ value_date: indianDateOf(now_ms), at: new Date(now_ms) },
        ...{ reference: `${source} ${reference}`, description: `payment reversed: ${reason}` },
      }]);
      await writeAudit(trx, {
        actor,
        action: "payment.reversed",
        subject: paymentSubject(payment_id),
        detail: { account_id, source, reference, amount_paise, reason },
      });
      return { payment_id, account_id, amount_paise, source, reference };
    });
  } catch (error) {
    if (!isUniqueViolation(error, "account_entry_reversed")) throw error;
    throw new TerminalError(`Payment ${name} is reversed already`);
  }
}
