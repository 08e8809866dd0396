import assert from "node:assert/strict";
import { migrations } from "../../../migrations/mod.ts";
import { embeddedDatabase, openDatabase } from "../../../streams/database/connect.ts";
import { type Kysely, sql } from "../../../streams/database/kysely.ts";
import { startEmbedded } from "../../../streams/database/pglite.ts";
import { writeReadings } from "../../../streams/database/ledger_write.ts";
import { migrate } from "../../../streams/database/migrate.ts";
import type { Database } from "../../../streams/database/schema.ts";
import { testOnEachDatabase } from "../../support/database.ts";
import { postgresBinaries, startPostgres } from "../../support/postgres.ts";

type Db = Kysely<Database>;

const TIMES = ["1999-12-31T00:00:00Z", "2026-08-31T23:59:59.999Z", "2026-09-01T00:00:00Z"];

const row = (read_at: string, value = 1) => ({
  ...{ meter_id: "M1", obis: "1-0:1.8.0", read_at_ms: Date.parse(read_at), value, unit: "Wh" },
  ...{ flags: [], frame_sequence: 1, journal_sequence: 1, arrived_at_ms: 1, sealed_at_ms: 1 },
  ...{ second_found_s: 1, trials: 1, clock_quality: 2 },
});

const write = (db: Db, ...times: string[]) =>
  db.transaction().execute((trx) => writeReadings(trx, times.map((time) => row(time))));

async function places(db: Db): Promise<string[]> {
  const { rows } = await sql<{ place: string }>`
    select tableoid::regclass::text || ' ' || value as place from raw_reading order by read_at`
    .execute(db);
  return rows.map(({ place }) => place);
}

testOnEachDatabase("readings by month", {
  "a month's table is made by its first reading; an odd time is kept too": async (db) => {
    await write(db, ...TIMES);
    assert.deepEqual(await places(db), [
      "raw_reading_other 1",
      "raw_reading_2026_08 1",
      "raw_reading_2026_09 1",
    ]);
    const again = await write(db, ...TIMES, "2026-10-01T00:00:00Z");
    assert.equal(again.inserted, 1);
  },
  "what was written past the ledger moves into its month's table, and stays as it is": async (
    db,
  ) => {
    await sql`insert into raw_reading (meter_id, obis, read_at, value, unit, source, flags)
      values ('M1', '1-0:1.8.0', '2031-05-05', 7, 'Wh', 'import', '[]')`.execute(db);
    assert.deepEqual(await places(db), ["raw_reading_other 7"]);
    await write(db, "2031-05-06T00:00:00Z");
    assert.deepEqual(await places(db), ["raw_reading_2031_05 7", "raw_reading_2031_05 1"]);
    for (const table of ["raw_reading", "raw_reading_2031_05", "raw_reading_other"]) {
      await write(db, "1999-01-01T00:00:00Z");
      await assert.rejects(
        sql`delete from ${sql.table(table)}`.execute(db),
        /never changed or removed/,
      );
    }
  },
  "ledgers that make the same month at once make it once": async (db) => {
    const results = await Promise.all(
      [1, 2, 3].map((day) => write(db, `2033-03-0${day}T00:00:00Z`)),
    );
    assert.deepEqual(results.map(({ inserted }) => inserted), [1, 1, 1]);
    assert.equal((await places(db)).filter((place) => /2033_03/.test(place)).length, 3);
  },
});

testOnEachDatabase("readings by month, ahead", {
  "the table of the month that comes is made days before": async (db) => {
    const arrived_at_ms = Date.parse("2026-10-29T06:00:00Z");
    const late = { ...row("2026-10-29T00:00:00Z"), arrived_at_ms };
    await db.transaction().execute((trx) => writeReadings(trx, [late]));
    const { rows } = await sql`select to_regclass('raw_reading_2026_11')::text as name`.execute(db);
    assert.deepEqual(rows, [{ name: "raw_reading_2026_11" }]);
  },
  "after a batch of which one stands the next ones are inserted, for a while": async (db) => {
    const ways = { insertUntil_ms: 0 };
    const writeIn = (...times: string[]) =>
      db.transaction().execute((trx) => writeReadings(trx, times.map((time) => row(time)), ways));
    await writeIn("2026-09-01T00:00:00Z");
    assert.equal(ways.insertUntil_ms, 0);
    assert.equal((await writeIn("2026-09-01T00:00:00Z", "2026-09-02T00:00:00Z")).inserted, 1);
    assert.ok(ways.insertUntil_ms > performance.now());
    assert.equal((await writeIn("2026-09-03T00:00:00Z")).inserted, 1);
  },
});

Deno.test({
  name: "a reader that has the table for long holds up neither a new month nor other readers",
  ignore: postgresBinaries() === undefined,
  fn: async () => {
    await using server = await startPostgres();
    const db = await openDatabase({ url: server.url });
    await migrate(db);
    const { promise: read, resolve: end } = Promise.withResolvers<void>();
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    const backup = db.transaction().execute(async (trx) => {
      await sql`select count(*) from raw_reading`.execute(trx);
      begin();
      await read;
    });
    await begun;
    assert.equal((await write(db, "2034-01-01T00:00:00Z")).inserted, 1);
    assert.deepEqual(await places(db), ["raw_reading_other 1"]);
    end();
    await backup;
    await write(db, "2034-01-02T00:00:00Z");
    assert.deepEqual(await places(db), ["raw_reading_2034_01 1", "raw_reading_2034_01 1"]);
    await db.destroy();
  },
});

async function carriesOver(db: Db): Promise<void> {
  for (const [name, migration] of Object.entries(migrations)) {
    if (name < "0005") await migration.up(db);
  }
  for (const [i, time] of TIMES.entries()) {
    await sql`insert into raw_reading (meter_id, obis, read_at, value, unit, source, flags)
      values ('M1', '1-0:1.8.0', ${time}, ${i + 1}, 'Wh', 'import', '["meter_error"]')`.execute(db);
  }
  const before = await sql`select * from raw_reading order by read_at`.execute(db);
  await migrations["0005_readings_by_month"]!.up(db);
  const after = await sql`select * from raw_reading order by read_at`.execute(db);
  assert.deepEqual(after.rows, before.rows);
  assert.deepEqual(await places(db), [
    "raw_reading_other 1",
    "raw_reading_2026_08 2",
    "raw_reading_2026_09 3",
  ]);
}

Deno.test("0005 carries the readings over on the embedded database", async () => {
  const db = await embeddedDatabase(await startEmbedded());
  await carriesOver(db);
  await db.destroy();
});

Deno.test({
  name: "0005 carries the readings over on PostgreSQL",
  ignore: postgresBinaries() === undefined,
  fn: async () => {
    await using server = await startPostgres();
    const db = await openDatabase({ url: server.url });
    await carriesOver(db);
    await db.destroy();
  },
});
