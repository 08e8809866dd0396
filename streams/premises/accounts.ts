/** Accounts as the office shows them. */
import { TerminalError } from "../../protocol/errors.ts";
import { balancesOf } from "../accounts/entries.ts";
import { auditOf } from "../database/audit.ts";
import type { Kysely } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";

const CYCLES_SHOWN = 13;
const AUDIT_SHOWN = 10;

/** In the order of their ids, after `after`: at most `limit`. */
export async function listAccounts(
  db: Kysely<Database>,
  given: { after?: string; status?: "active" | "closed"; consumer?: string; limit: number },
) {
  let query = db.selectFrom("account")
    .innerJoin("consumer", "consumer.consumer_number", "account.consumer_number")
    .leftJoin(
      "installation",
      (join) =>
        join.onRef("installation.account_id", "=", "account.account_id")
          .on("installation.removed_at", "is", null),
    )
    .select(["account.account_id", "account.consumer_number", "name", "tariff_id", "status"])
    .select(["opened_on", "closed_on", "installation.meter_id"]);
  if (given.after !== undefined) query = query.where("account.account_id", ">", given.after);
  if (given.status !== undefined) query = query.where("status", "=", given.status);
  if (given.consumer !== undefined) {
    query = query.where("account.consumer_number", "=", given.consumer);
  }
  return await query.orderBy("account.account_id").limit(given.limit).execute();
}
export type AccountLine = Awaited<ReturnType<typeof listAccounts>>[number];

/** One account: who, its meters with their readings, its cycles, what it owes, what was done. */
export async function showAccount(db: Kysely<Database>, account_id: string) {
  const account = await db.selectFrom("account")
    .innerJoin("consumer", "consumer.consumer_number", "account.consumer_number")
    .select(["account_id", "account.consumer_number", "name", "address", "phone", "email"])
    .select([
      "language",
      "tariff_id",
      "phase",
      "municipal",
      "sanctioned_load_w",
      "contract_va",
      "status",
    ])
    .select(["opened_on", "closed_on"])
    .where("account_id", "=", account_id).executeTakeFirst();
  if (account === undefined) throw new TerminalError(`There is no account ${account_id}`);
  const meters = await db.selectFrom("installation")
    .select(["meter_id", "premises", "installed_at", "removed_at", "multiplying_factor"])
    .select(["opening_reading_wh", "final_reading_wh"])
    .where("account_id", "=", account_id).orderBy("installed_at", "desc").execute();
  const cycles = await db.selectFrom("billing_cycle as cycle")
    .leftJoin(
      "invoice",
      (join) =>
        join.onRef("invoice.cycle_id", "=", "cycle.cycle_id").on("invoice.state", "=", "issued"),
    )
    .select(["cycle.period", "cycle.state", "reason", "units_kwh", "estimated", "deadline_at"])
    .select(["invoice.number", "invoice.payable_paise"])
    .where("cycle.account_id", "=", account_id)
    .orderBy("cycle.period", "desc").orderBy("cycle.cycle_id", "desc").limit(CYCLES_SHOWN)
    .execute();
  const { before_paise, payments_paise } = (await balancesOf(db, [account_id])).get(account_id)!;
  return {
    ...account,
    balance_paise: before_paise - payments_paise,
    meters,
    cycles,
    audit: await auditOf(db, account_id, AUDIT_SHOWN),
  };
}
export type AccountSheet = Awaited<ReturnType<typeof showAccount>>;
