import assert from "node:assert/strict";
import type { JournalRecord } from "../../../protocol/messages/journal.ts";
import { ledgerCursor, ledgerIn, projectBatch } from "../../../streams/database/ledger.ts";
import type { JournalEntry, JournalFeed } from "../../../streams/database/ledger_feed.ts";
import { runLedger } from "../../../streams/database/ledger_loop.ts";
import { rowsOf } from "../../../streams/database/ledger_rows.ts";
import type { Kysely } from "../../../streams/database/kysely.ts";
import type { Database } from "../../../streams/database/schema.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { copyReadings } from "../../../streams/database/ledger_write.ts";
import { testOnEachDatabase } from "../../support/database.ts";
import { eventually } from "../../support/eventually.ts";

const T_MS = 1_790_000_000_125;

function reading(meter: string, read_at_ms: number, value: number, obis = "1-0:1.8.0") {
  return {
    ...{ event: "reading", frame: 7, meter_id: meter, generation: 0, boot: 1, sequence: 4 },
    ...{ t_s: 1_790_000_001, trials: 2, quality: 2, arrival_ms: T_MS + 900 },
    ...{ sealed_at_ms: T_MS + 800, flags: ["meter_error"] },
    registers: [{ obis, value, unit: "Wh", read_at_ms }],
  } as const;
}

function session(slave_id: string, arrival_ms: number, outbox: number) {
  const clock = { quality: 2, offset_s: 0.001, delay_s: 0.01, dispersion_s: 0.002 } as const;
  return {
    event: "session",
    arrival_ms,
    report: {
      ...{ kind: "heartbeat", slave_id, at_ms: arrival_ms, boot: 1, meters: 1, outbox },
      clock: { ...clock, stratum: 3, source: "samay.time" },
      faults: [],
    },
  } as const;
}

type Event = ReturnType<typeof reading> | ReturnType<typeof session>;

function record(...events: Event[]): JournalRecord {
  return {
    ...{ v: 1, type: "batch", partition: 3, epoch: 1, owner: "m1", cursor: 7 },
    events: structuredClone(events) as unknown as JournalRecord["events"],
  };
}

const count = async (db: Kysely<Database>) =>
  (await db.selectFrom("raw_reading").select(({ fn }) => fn.countAll<number>().as("n"))
    .executeTakeFirstOrThrow()).n;

/** A feed over an array that can be added to while the ledger runs. */
function feedOf(entries: JournalEntry[]): JournalFeed {
  return {
    read: (after, limit) =>
      Promise.resolve(entries.filter(({ sequence }) => sequence > after).slice(0, limit)),
  };
}

Deno.test("rowsOf() makes a row a register and none of rejects", () => {
  const whole = record(reading("M1", T_MS, 5));
  whole.events.push({
    ...{ event: "reject", frame: 8, meter_id: "M2", reason: "replayed", arrival_ms: T_MS },
    ...{ trials: 1, boot: 1, sequence: 4 },
  });
  const { readings, slaves } = rowsOf({ sequence: 12, record: whole });
  assert.deepEqual(slaves, []);
  assert.deepEqual(readings, [{
    ...{ meter_id: "M1", obis: "1-0:1.8.0", read_at_ms: T_MS, value: 5, unit: "Wh" },
    ...{ flags: ["meter_error"], frame_sequence: 7, journal_sequence: 12 },
    ...{ arrived_at_ms: T_MS + 900, sealed_at_ms: T_MS + 800, second_found_s: 1_790_000_001 },
    ...{ trials: 2, clock_quality: 2 },
  }]);
});

testOnEachDatabase("the ledger", {
  "projectBatch() writes every column and moves the cursor": async (db) => {
    const result = await projectBatch(db, [{
      sequence: 12,
      record: record(reading("M1", T_MS, 5)),
    }]);
    assert.deepEqual(result, {
      ...{ cursor: 12, records: 1, inserted: 1, duplicates: 0, conflicts: [] },
    });
    const row = await db.selectFrom("raw_reading").selectAll().executeTakeFirstOrThrow();
    assert.deepEqual(row, {
      ...{ meter_id: "M1", obis: "1-0:1.8.0", read_at: new Date(T_MS), value: 5, unit: "Wh" },
      ...{ source: "frame", flags: ["meter_error"], frame_sequence: 7, journal_sequence: 12 },
      ...{ arrived_at: new Date(T_MS + 900), sealed_at: new Date(T_MS + 800) },
      ...{ second_found_s: 1_790_000_001, trials: 2, clock_quality: 2 },
    });
    assert.equal(await ledgerCursor(db), 12);
  },

  "projectBatch() skips records at or below the cursor": async (db) => {
    const batch = [1, 2, 3].map((n) => ({
      sequence: n,
      record: record(reading("M1", T_MS + n * 1_000, n), session("edge", T_MS + n, n)),
    }));
    await projectBatch(db, batch);
    const again = await projectBatch(db, batch);
    assert.deepEqual(
      [again.records, again.inserted, again.duplicates, again.cursor],
      [0, 0, 0, 3],
    );
    assert.equal(await count(db), 3);
  },

  "projectBatch() keeps the rows and the cursor together when a row is refused": async (db) => {
    const bad = record(reading("M1", T_MS, 5), reading("M2", T_MS, 5, "1-0\u0000"));
    await assert.rejects(projectBatch(db, [{ sequence: 4, record: bad }]));
    assert.equal(await count(db), 0);
    assert.equal(await ledgerCursor(db), 0);
  },

  "projectBatch() projects once when two ledgers race": async (db) => {
    const batch = [1, 2].map((n) => ({ sequence: n, record: record(reading(`M${n}`, T_MS, n)) }));
    const results = await Promise.all([1, 2, 3, 4].map(() => projectBatch(db, batch)));
    assert.deepEqual(results.map(({ records }) => records).sort(), [0, 0, 0, 2]);
    assert.equal(results.reduce((sum, { inserted }) => sum + inserted, 0), 2);
  },

  "projectBatch() keeps the first value of a reading and reports another": async (db) => {
    await projectBatch(db, [{ sequence: 1, record: record(reading("M1", T_MS, 5)) }]);
    const events = [reading("M1", T_MS, 5), reading("M1", T_MS, 6), reading("M1", T_MS + 1, 6)];
    const result = await projectBatch(db, [{ sequence: 2, record: record(...events) }]);
    assert.deepEqual(
      [result.inserted, result.duplicates, result.conflicts.length],
      [1, 1, 1],
    );
    assert.deepEqual(result.conflicts[0], {
      ...{ meter_id: "M1", obis: "1-0:1.8.0", read_at: new Date(T_MS), kept: 5, refused: 6 },
      journal_sequence: 2,
    });
    const kept = await db.selectFrom("raw_reading").select("value").orderBy("read_at").execute();
    assert.deepEqual(kept.map(({ value }) => value), [5, 6]);
  },

  "copyReadings() takes new rows whole, and none of those of which one stands": async (db) => {
    const rows = (...events: Event[]) =>
      rowsOf({ sequence: 1, record: record(...events) }).readings;
    const copy = (...events: Event[]) =>
      db.transaction().execute((trx) => copyReadings(trx, rows(...events)));
    assert.equal(await copy(reading("M1", T_MS, 1), reading("M2", T_MS, 2)), true);
    assert.equal(await count(db), 2);
    assert.equal(await copy(reading("M3", T_MS, 3), reading("M1", T_MS, 1)), false);
    assert.equal(await copy(reading("M3", T_MS, 3), reading("M4", T_MS, 3, "1-0\0")), false);
    assert.equal(await count(db), 2);
  },

  "projectBatch() keeps a slave's latest report": async (db) => {
    const events = [session("edge", T_MS + 5, 5), session("edge", T_MS + 2, 2)];
    await projectBatch(db, [{ sequence: 1, record: record(...events) }]);
    await projectBatch(db, [{ sequence: 2, record: record(session("edge", T_MS, 0)) }]);
    const row = await db.selectFrom("slave").selectAll().executeTakeFirstOrThrow();
    assert.equal(row.last_seen_at.getTime(), T_MS + 5);
    assert.equal((row.report as { outbox: number }).outbox, 5);
  },

  "runLedger() passes records that can never be projected, and keeps them": async (db) => {
    const dead: [number, string][] = [];
    const entries: JournalEntry[] = [
      { sequence: 1, record: record(reading("M1", T_MS, 1)) },
      { sequence: 2, record: "not a record" },
      { sequence: 3, record: record(reading("M2", T_MS, 1, "1-0\u0000")) },
      { sequence: 4, record: record(reading("M3", T_MS, 1)) },
      { sequence: 5, record: { v: 2 } },
    ];
    const ledger = runLedger({
      store: ledgerIn(db),
      feed: feedOf(entries),
      log: silentLog,
      deadLetter: ({ sequence }, reason) => Promise.resolve(void dead.push([sequence, reason])),
    });
    await eventually(async () => assert.equal(await ledgerCursor(db), 5));
    await ledger.stop();
    assert.deepEqual([...new Set(dead.map(([sequence]) => sequence))].sort(), [2, 3, 5]);
    assert.equal(await count(db), 2);
  },

  "runLedger() gathers what comes in little pieces into few transactions": async (db) => {
    const entries: JournalEntry[] = [];
    let commits = 0;
    // As the stream's feed does: it answers as soon as there is one.
    const read: JournalFeed["read"] = async (after, limit, signal) => {
      const wait = () => new Promise((resolve) => setTimeout(resolve, 1));
      while (!signal.aborted && !entries.some(({ sequence }) => sequence > after)) await wait();
      return await feedOf(entries).read(after, limit, signal);
    };
    const ledger = runLedger({
      store: ledgerIn(db),
      feed: { read },
      log: silentLog,
      deadLetter: () => Promise.reject(new Error("nothing is dead here")),
      onCommitted: () => void commits++,
    });
    for (let n = 1; n <= 50; n++) {
      entries.push({ sequence: n, record: record(reading("M1", T_MS + n, n)) });
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await eventually(async () => assert.equal(await ledgerCursor(db), 50));
    await ledger.stop();
    assert.ok(commits < 15, `${commits} transactions for 50 records that came 5 ms apart`);
  },

  "runLedger() refuses a journal that is shorter than what was projected": async (db) => {
    await projectBatch(db, [], 100);
    const said: string[] = [];
    const entries = [{ sequence: 1, record: record(reading("M1", T_MS, 1)) }];
    const ledger = runLedger({
      store: ledgerIn(db),
      feed: { ...feedOf(entries), lastSequence: () => Promise.resolve(1) },
      log: { ...silentLog, warn: (_, fields) => void said.push(String(fields?.reason)) },
      deadLetter: () => Promise.reject(new Error("nothing is dead here")),
    });
    await eventually(() => assert.match(said.join(), /The journal ends at 1 but the database/));
    await ledger.stop();
  },
});
