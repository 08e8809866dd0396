/** Accounts of which last month has a bill and this month a closing reading. */
import type { RunBounds } from "../../../../actors/billing/run.ts";
import { RUN_BOUNDS } from "../../../../actors/billing/run.ts";
import { type PageResult, workPage } from "../../../../streams/billing/run/page.ts";
import { startRun } from "../../../../streams/billing/run/start.ts";
import { sql } from "../../../../streams/database/kysely.ts";
import { addAccount, addReading, at, contextOf, type Db } from "../fixture.ts";

export const APRIL = "2026-04";
/** April is over: it closes by its last reading. */
export const MAY = at("2026-05-02T10:00:00+05:30");
const READ = at("2026-04-30T23:00:00+05:30");

/** Accounts A101 and up (three digits: their names sort as their numbers) with 250 kWh in April. */
export async function addRead(db: Db, count: number, value_wh = 1_250_900): Promise<string[]> {
  const accounts: string[] = [];
  for (let n = 101; n < 101 + count; n++) {
    accounts.push(await addAccount(db, n));
    await addReading(db, n, READ, value_wh);
  }
  return accounts;
}

export async function start(
  db: Db,
  bounds: Partial<RunBounds> = {},
  page_accounts = 4,
  period = APRIL,
  now_ms = MAY,
) {
  const request = { bounds: { ...RUN_BOUNDS, ...bounds }, requested_by: "asha", now_ms };
  return await startRun(db, { ...request, period, page_accounts });
}

/** Works off pages until there is nothing to do. */
export async function workAll(db: Db): Promise<PageResult[]> {
  const results: PageResult[] = [];
  for (let i = 0; i < 100; i++) {
    const result = await workPage(contextOf(db, MAY));
    if (result.did === "nothing") return results;
    results.push(result);
  }
  throw new Error("A run without an end");
}

/** Live invoices of a period: numbers in order, and the account of each. */
export async function invoices(db: Db, period = APRIL) {
  return await db.selectFrom("invoice").select(["number", "account_id"])
    .where("period", "=", period).where("state", "=", "issued")
    .orderBy("number").execute();
}

export async function lastRun(db: Db) {
  return await db.selectFrom("billing_run").selectAll().orderBy("run_id", "desc").limit(1)
    .executeTakeFirstOrThrow();
}

/** The database refuses an invoice of `account_id`: a fault of that account's data alone. */
export async function refuse(db: Db, account_id: string): Promise<void> {
  await sql`
    alter table invoice add constraint refused
      check (account_id <> ${sql.lit(account_id)}) not valid`.execute(db);
}

export async function refuseNobody(db: Db): Promise<void> {
  await sql`alter table invoice drop constraint if exists refused`.execute(db);
}
