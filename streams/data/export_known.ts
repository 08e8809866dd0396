/** Whether what an export is to be of is there: a name typed wrongly is no empty file. */
import { TerminalError } from "../../protocol/errors.ts";
import type { Kysely } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";

/** Throws `TerminalError` for an account or a meter that nobody knows. */
export async function requireKnown(
  db: Kysely<Database>,
  { account_id, meter_id }: {
    readonly account_id?: string | undefined;
    readonly meter_id?: string | undefined;
  },
): Promise<void> {
  if (account_id !== undefined) {
    const found = await db.selectFrom("account").select("account_id")
      .where("account_id", "=", account_id).executeTakeFirst();
    if (found === undefined) throw new TerminalError(`There is no account ${account_id}`);
  }
  if (meter_id !== undefined) {
    const found = await db.selectFrom("meter").select("meter_id")
      .where("meter_id", "=", meter_id).executeTakeFirst();
    if (found === undefined) {
      throw new TerminalError(`No meter ${meter_id} is enrolled; see: samay meter list`);
    }
  }
}
