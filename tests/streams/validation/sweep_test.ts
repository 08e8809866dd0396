/** The sweep over new readings: what it quarantines, and what it costs where nothing is wrong. */
import assert from "node:assert/strict";
import { VALIDATION_RULES } from "../../../actors/validation/rules.ts";
import { CONSUMER_REGISTER } from "../../../protocol/iec62056/obis.ts";
import { projectBatch } from "../../../streams/database/ledger.ts";
import { ENERGY } from "../../../streams/database/readings.ts";
import { sql } from "../../../streams/database/kysely.ts";
import { FollowedMeters } from "../../../streams/validation/followed.ts";
import { runSweep } from "../../../streams/validation/run_sweep.ts";
import { summariseReadings } from "../../../streams/validation/summarise.ts";
import { Sweep, validationLag } from "../../../streams/validation/sweep.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { testOnEachDatabase } from "../../support/database.ts";
import { eventually } from "../../support/eventually.ts";
import { addAccount, type Db } from "../billing/fixture.ts";
import { DAY, decisions, HOUR, MINUTE, NOON, put } from "./readings.ts";

const NOW = NOON + 30 * DAY;
const sweepOf = (db: Db, followed?: FollowedMeters) => new Sweep(db, VALIDATION_RULES, followed);

/** A quarter of an hour after the other, 0.3 kWh each. */
const quarter = (n: number, place: number, sequence: number, value?: number) => ({
  n,
  read_at_ms: NOON + place * 15 * MINUTE,
  value: value ?? 1_010_000 + place * 300,
  sequence,
});

testOnEachDatabase("The sweep over new readings", {
  "readings that pass are looked up once a meter, and nothing is written of them": async (db) => {
    for (const n of [1, 2]) await addAccount(db, n);
    await put(db, quarter(1, 0, 1), quarter(2, 0, 2), quarter(1, 1, 3), quarter(2, 1, 4));
    const sweep = sweepOf(db);
    const first = await sweep.step(NOW);
    assert.deepEqual(first, {
      ...{ cursor: 4, ledger: 4, readings: 4, looked_up: 2 },
      ...{ quarantined: 0, noted: 0 },
    });
    await put(db, quarter(1, 2, 5), quarter(2, 2, 6));
    assert.equal((await sweep.step(NOW)).looked_up, 0);
    assert.equal((await sweep.step(NOW)).readings, 0, "nothing is new");
    assert.deepEqual(await decisions(db), []);
  },

  "one that fails is quarantined with its rule, and the good ones around it are not": async (
    db,
  ) => {
    await addAccount(db, 1);
    await put(
      db,
      ...[0, 1].map((place) => quarter(1, place, 1)),
      quarter(1, 2, 2, 1_990_000),
      ...[3, 4].map((place) => quarter(1, place, 3)),
    );
    const sweep = sweepOf(db);
    assert.equal((await sweep.step(NOW)).quarantined, 1);
    assert.deepEqual(await decisions(db), ["M1 spike quarantined"]);
    const [decision] = await db.selectFrom("reading_decision").selectAll().execute();
    assert.match(decision!.detail, /^980 kWh in 15 minutes are more than 2 times/);
    assert.deepEqual([decision!.decided_by, decision!.value], ["validation", null]);
  },

  "a register that began anew is told once, and not with every reading after it": async (db) => {
    await addAccount(db, 1);
    await put(
      db,
      quarter(1, 0, 1),
      { ...quarter(1, 1, 2, 100), flags: ["register_went_back"] },
      quarter(1, 2, 3, 400),
      quarter(1, 3, 4, 700),
    );
    await sweepOf(db).step(NOW);
    assert.deepEqual(await decisions(db), ["M1 register_reset quarantined"]);
  },

  "only what the ledger has committed, in bounded steps, and on from there after a crash": async (
    db,
  ) => {
    await addAccount(db, 1);
    await put(db, ...Array.from({ length: 40 }, (_, i) => quarter(1, i, i + 1)));
    await put(db, { ...quarter(1, 40, 41, 9_000_000) });
    await sql`insert into raw_reading select meter_id, obis, read_at + interval '1 hour', value - 1,
      unit, source, flags, frame_sequence, 42, arrived_at, sealed_at, second_found_s, trials,
      clock_quality from raw_reading where journal_sequence = 41`.execute(db);
    const sweep = sweepOf(db);
    assert.equal((await sweep.step(NOW)).cursor, 16);
    assert.deepEqual(await validationLag(db), { cursor: 16, behind: 25 });
    // Another process goes on; this one too, and neither does anything twice.
    const other = sweepOf(db);
    assert.equal((await other.step(NOW)).cursor, 32);
    assert.equal((await sweep.step(NOW)).cursor, 41);
    assert.equal((await other.step(NOW)).cursor, 41);
    assert.deepEqual(await decisions(db), ["M1 spike quarantined"]);
  },

  "the cursor and the decisions stand or fall together": async (db) => {
    await addAccount(db, 1);
    await put(db, quarter(1, 0, 1), quarter(1, 1, 2, 9_000_000));
    await sql`create function refuse() returns trigger language plpgsql as
      $$ begin raise exception 'no room'; end $$`.execute(db);
    await sql`create trigger refuse before insert on reading_decision
      for each row execute function refuse()`.execute(db);
    const sweep = sweepOf(db);
    await assert.rejects(sweep.step(NOW), /no room/);
    assert.equal((await validationLag(db)).behind, 2);
    await sql`drop function refuse cascade`.execute(db);
    assert.equal((await sweep.step(NOW)).quarantined, 1);
    assert.deepEqual(await decisions(db), ["M1 spike quarantined"]);
  },

  "a late reading is judged between its neighbours": async (db) => {
    for (const n of [1, 2]) await addAccount(db, n);
    const sweep = sweepOf(db);
    await put(db, quarter(1, 0, 1), quarter(1, 4, 1), quarter(2, 0, 1), quarter(2, 4, 1));
    await sweep.step(NOW);
    await put(db, quarter(1, 2, 2), quarter(2, 2, 2, 1_011_500));
    await sweep.step(NOW);
    assert.deepEqual(await decisions(db), ["M2 out_of_order quarantined"]);
  },

  "a gap is noted, and the reading stays usable": async (db) => {
    await addAccount(db, 1);
    await put(db, quarter(1, 0, 1), { ...quarter(1, 0, 2, 1_030_000), read_at_ms: NOON + 4 * DAY });
    const { quarantined, noted } = await sweepOf(db).step(NOW);
    assert.deepEqual([quarantined, noted], [0, 1]);
    assert.deepEqual(await decisions(db), ["M1 gap accepted"]);
  },

  "a meter that nobody enrolled, and one that tells another consumer": async (db) => {
    await addAccount(db, 1);
    const told = { ...quarter(1, 0, 1, 170_012_340_002), obis: CONSUMER_REGISTER };
    await put(db, quarter(9, 0, 1), quarter(1, 0, 1), told);
    await sweepOf(db).step(NOW);
    const found = await decisions(db);
    assert.deepEqual(found.sort(), [
      "M1 consumer_mismatch quarantined",
      "M9 unknown_meter quarantined",
    ]);
  },

  "what is remembered quarantines nothing by itself: the tables have the last word": async (db) => {
    await addAccount(db, 1);
    const sweep = sweepOf(db);
    await put(db, quarter(1, 0, 1), quarter(1, 1, 2));
    await sweep.step(NOW);
    await db.updateTable("account").set({ sanctioned_load_w: 300_000 }).execute();
    await put(db, quarter(1, 2, 3, 1_050_000));
    const { looked_up, quarantined } = await sweep.step(NOW);
    assert.deepEqual([looked_up, quarantined], [1, 0]);
  },

  "a register that stands, where the account uses energy": async (db) => {
    await addAccount(db, 1);
    await db.insertInto("billing_cycle").values({
      ...{ account_id: "A1", period: "2026-03", state: "imported", units_kwh: 240 },
    }).execute();
    const stands = (day: number) => ({
      ...quarter(1, 0, day + 1),
      read_at_ms: NOON + 2 * day * DAY,
    });
    await put(db, ...[0, 1, 2, 3, 4, 5].map(stands));
    // A new process has not followed the register: the tables tell since when it stands.
    await sweepOf(db).step(NOW);
    await put(db, ...[6, 7, 8, 9, 10].map(stands));
    await sweepOf(db).step(NOW);
    assert.deepEqual(await decisions(db), ["M1 frozen_register quarantined"]);
  },

  "a second value for a moment is kept beside the first, which waits for a person": async (db) => {
    await addAccount(db, 1);
    const { read_at_ms } = quarter(1, 0, 1);
    const record = (sequence: number, value: number) => ({
      sequence,
      record: {
        ...{ v: 1 as const, type: "batch" as const, partition: 0, epoch: 1, owner: "m" },
        cursor: sequence,
        events: [{
          ...{ event: "reading" as const, frame: sequence, meter_id: "M1", generation: 0 },
          ...{ boot: 1, sequence, t_s: Math.floor(read_at_ms / 1000), trials: 1 },
          ...{ quality: 3 as const, arrival_ms: read_at_ms + 300, sealed_at_ms: read_at_ms + 200 },
          registers: [{ obis: ENERGY, value, unit: "Wh", read_at_ms }],
          flags: [],
        }],
      },
    });
    await projectBatch(db, [record(1, 1_010_000)]);
    // The same once more is nothing new.
    await projectBatch(db, [record(2, 1_010_000), record(3, 1_010_007), record(4, 1_010_007)]);
    assert.deepEqual(await decisions(db), ["M1 duplicate quarantined"]);
    const kept = await db.selectFrom("reading_conflict").select(["value", "kept"]).execute();
    assert.deepEqual(kept, [{ value: 1_010_007, kept: 1_010_000 }]);
    const { value } = await db.selectFrom("raw_reading").select("value").executeTakeFirstOrThrow();
    assert.equal(value, 1_010_000);
    await sweepOf(db).step(NOW);
    assert.equal((await decisions(db)).length, 1);
  },

  "imported readings are held against the rules too, each once": async (db) => {
    await addAccount(db, 1);
    await put(db, quarter(1, 0, 1));
    const sweep = sweepOf(db);
    await sweep.step(NOW);
    for (const [place, value] of [[1, 1_010_300], [2, 9_000_000], [3, 1_010_900]] as const) {
      const key = {
        ...{ meter_id: "M1", obis: ENERGY },
        read_at: new Date(quarter(1, place, 0).read_at_ms),
      };
      await db.insertInto("raw_reading").values({
        ...{ ...key, value, unit: "Wh", source: "import", flags: "[]" },
      }).execute();
      await db.insertInto("reading_unvalidated").values(key).execute();
    }
    const { readings, quarantined } = await sweep.step(NOW);
    assert.deepEqual([readings, quarantined], [3, 1]);
    assert.equal((await sweep.step(NOW)).readings, 0);
    assert.deepEqual(await decisions(db), ["M1 spike quarantined"]);
  },

  "imported readings are not left waiting where meters never rest": async (db) => {
    await addAccount(db, 1);
    await addAccount(db, 2);
    const sweep = sweepOf(db);
    const read_at = new Date(quarter(1, 0, 0).read_at_ms);
    const key = { meter_id: "M1", obis: ENERGY, read_at };
    await db.insertInto("raw_reading").values({
      ...{ ...key, value: 9_000_000, unit: "Wh", source: "import", flags: "[]" },
    }).execute();
    await db.insertInto("reading_unvalidated").values(key).execute();
    await put(db, quarter(2, 1, 1));
    const { cursor, readings, quarantined } = await sweep.step(NOW);
    assert.deepEqual([cursor, readings, quarantined], [1, 2, 1]);
  },

  "blocks of new readings are summarised, so that they are not read each time": async (db) => {
    const rows = (from: number, to: number) =>
      sql`insert into raw_reading (meter_id, obis, read_at, value, unit, source, flags,
          journal_sequence)
        select 'M' || n, ${ENERGY}, ${new Date(NOON)}::timestamptz, n, 'Wh', 'frame', '[]', n
        from generate_series(${from}::int, ${to}::int) as n`.execute(db);
    await sql`select make_reading_month(${new Date(NOON)}::timestamptz)`.execute(db);
    await rows(1, 20_000);
    assert.ok(await summariseReadings(db) > 0);
    assert.equal(await summariseReadings(db), 0);
  },

  "the running sweep quarantines by itself, tells of it, and stops": async (db) => {
    await addAccount(db, 1);
    const said: string[] = [];
    const say = (message: string) => void said.push(message);
    const log = { ...silentLog, warn: say };
    const running = runSweep({ db, rules: VALIDATION_RULES, log, now_ms: () => NOW });
    await put(db, quarter(1, 0, 1), quarter(1, 1, 2, 9_000_000));
    await eventually(async () => assert.equal((await decisions(db)).length, 1));
    await running.stop();
    assert.deepEqual(said, ["readings quarantined"]);
  },

  "memory has a bound": async (db) => {
    for (const n of [1, 2, 3]) await addAccount(db, n);
    const followed = new FollowedMeters(2);
    const sweep = sweepOf(db, followed);
    await put(db, ...[1, 2, 3].map((n) => quarter(n, 0, 1)));
    await sweep.step(NOW);
    assert.equal(followed.size, 2);
    await put(db, ...[3, 2, 1].map((n) => quarter(n, 1, 2)));
    assert.ok((await sweep.step(NOW + HOUR)).looked_up >= 1);
    await put(db, quarter(1, 2, 3));
    const old = await sweep.step(NOW + 9 * HOUR);
    assert.equal(old.looked_up, 1, "what is remembered ages");
  },
});
