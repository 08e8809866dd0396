/** 0009 on a database that has bills already. */
import assert from "node:assert/strict";
import { migrations } from "../../../migrations/mod.ts";
import { checkLedger } from "../../../streams/accounts/check.ts";
import { embeddedDatabase, openDatabase } from "../../../streams/database/connect.ts";
import { sql } from "../../../streams/database/kysely.ts";
import { startEmbedded } from "../../../streams/database/pglite.ts";
import { postgresBinaries, startPostgres } from "../../support/postgres.ts";
import { bill, type Db, entries, voided } from "./booked.ts";

async function books(db: Db): Promise<void> {
  for (const [name, migration] of Object.entries(migrations)) {
    if (name < "0009") await migration.up(db);
  }
  await sql`insert into consumer (consumer_number, name, address, language)
    values ('C1', 'Asha', 'Pune', 'mr')`.execute(db);
  await sql`insert into account (account_id, consumer_number, tariff_id, phase, municipal,
      sanctioned_load_w, status, opened_on)
    values ('A1', 'C1', 'msedcl-lt-1b', 1, false, 0, 'active', '2026-01-01')`.execute(db);
  const one = await bill(db, "MH/1");
  await sql`insert into audit (at, actor, action, subject, detail)
    values ('2026-05-03T20:00:00Z', 'office', 'invoice.void', 'MH/1', '{}')`.execute(db);
  await voided(db, one);
  await bill(db, "MH/2", { payable_paise: 90_000 });
  await migrations["0009_accounts"]!.up(db);
  assert.deepEqual(await entries(db), ["invoice 100000", "invoice 90000", "void -100000"]);
  const dates = await db.selectFrom("account_entry").select(["value_date", "at"])
    .orderBy("entry_id").execute();
  assert.deepEqual(dates.map(({ value_date }) => value_date), [
    ...["2026-05-01", "2026-05-01", "2026-05-04"],
  ]);
  assert.deepEqual((await checkLedger(db)).faults, []);
  // What comes after books itself.
  await bill(db, "MH/3", { period: "2026-05", payable_paise: 7 });
  assert.equal((await entries(db)).at(-1), "invoice 7");
}

Deno.test("0009 books the bills that stand, on the embedded database", async () => {
  const db = await embeddedDatabase(await startEmbedded());
  await books(db);
  await db.destroy();
});

Deno.test({
  name: "0009 books the bills that stand, on PostgreSQL",
  ignore: postgresBinaries() === undefined,
  fn: async () => {
    await using server = await startPostgres();
    const db = await openDatabase({ url: server.url });
    await books(db);
    await db.destroy();
  },
});
