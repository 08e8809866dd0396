/** What a person books by hand: a balance brought along from another system, or a correction. */
import { indianDateOf } from "../../protocol/indian_time.ts";
import { TerminalError } from "../../protocol/errors.ts";
import { writeAudit } from "../database/audit.ts";
import { isUniqueViolation } from "../database/faults.ts";
import type { Kysely } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";
import { lockForEntries, writeEntries } from "./entries.ts";

export interface Adjustment {
  readonly account_id: string;
  /** Above zero: the customer owes it. Below: it is given back. */
  readonly amount_paise: number;
  /** The balance that the account came with: once. */
  readonly opening: boolean;
  readonly reason: string;
  readonly actor: string;
}

/** Books `given`. Throws `TerminalError` for no account, or a second opening balance. */
export async function writeAdjustment(db: Kysely<Database>, given: Adjustment, now_ms: number) {
  const { account_id, amount_paise, opening, reason, actor } = given;
  try {
    return await db.transaction().execute(async (trx) => {
      if (!(await lockForEntries(trx, [account_id])).has(account_id)) {
        throw new TerminalError(`There is no account ${account_id}`);
      }
      const kind = opening ? "opening" : "adjustment";
      await writeEntries(trx, [{
        ...{ account_id, kind, amount_paise, reference: kind, description: reason },
        ...{ value_date: indianDateOf(now_ms), at: new Date(now_ms) },
      }]);
      await writeAudit(trx, {
        actor,
        action: "account.adjusted",
        subject: `account ${account_id}`,
        detail: { kind, amount_paise, reason },
      });
      return { account_id, amount_paise, kind };
    });
  } catch (error) {
    if (!isUniqueViolation(error, "account_entry_opening")) throw error;
    throw new TerminalError(`Account ${account_id} has its opening balance already`);
  }
}
