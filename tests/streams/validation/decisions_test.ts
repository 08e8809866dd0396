/** Decisions about readings, and what billing sees of them. */
import assert from "node:assert/strict";
import { findCandidates } from "../../../streams/billing/candidate.ts";
import { cyclesWithReading } from "../../../streams/billing/awaiting.ts";
import { stepCycle } from "../../../streams/billing/step.ts";
import { ENERGY } from "../../../streams/database/readings.ts";
import {
  decisionsAbout,
  isUsable,
  lockDecisions,
  lookAgain,
  note,
  quarantine,
} from "../../../streams/validation/decisions.ts";
import { sql } from "../../../streams/database/kysely.ts";
import { testOnEachDatabase, withPostgres } from "../../support/database.ts";
import { postgresBinaries } from "../../support/postgres.ts";
import {
  addAccount,
  addReading,
  at,
  contextOf,
  type Db,
  INSTALLED,
  NOW,
} from "../billing/fixture.ts";

const READ = at("2026-04-30T23:45:00+05:30");
const keyOf = (n: number, read_at_ms = READ) => ({
  meter_id: `M${n}`,
  obis: ENERGY,
  read_at: new Date(read_at_ms),
});
const fault = (n: number, read_at_ms = READ) => ({
  ...keyOf(n, read_at_ms),
  rule: "spike",
  detail: "900 kWh in 15 minutes",
});
const april = {
  from_ms: at("2026-04-01T00:00:00+05:30"),
  to_ms: at("2026-05-01T00:00:00+05:30"),
  take: "last",
} as const;

const person = {
  rule: "person",
  detail: "approved",
  decided_by: "asha",
  reason: "seen on site",
} as const;

const decide = (
  db: Db,
  n: number,
  given: {
    status: "accepted" | "rejected";
    value?: number;
    quality?: "measured" | "edited" | "substituted";
    read_at_ms?: number;
  },
) =>
  db.insertInto("reading_decision").values({
    ...keyOf(n, given.read_at_ms),
    ...person,
    status: given.status,
    value: given.value ?? null,
    quality: given.quality ?? "measured",
  }).execute();

const inTransaction = <T>(db: Db, work: Parameters<ReturnType<Db["transaction"]>["execute"]>[0]) =>
  db.transaction().execute(work) as Promise<T>;

testOnEachDatabase("Decisions about readings", {
  "a rule quarantines a reading once, and not what a person has decided": async (db) => {
    const write = (...faults: ReturnType<typeof fault>[]) =>
      inTransaction<number>(db, (trx) => quarantine(trx, faults, "sweep"));
    assert.equal(await write(fault(1), fault(1), fault(2)), 2);
    assert.equal(await write(fault(1), fault(2), fault(3)), 1);
    await decide(db, 1, { status: "accepted", value: 1_000 });
    await decide(db, 4, { status: "accepted", value: 1_000 });
    assert.equal(await write(fault(1), fault(4)), 0, "a person has decided");
    const decisions = await decisionsAbout(db, [1, 2, 9].map((n) => keyOf(n)));
    assert.deepEqual(
      decisions.map(({ meter_id, status, rule, value }) => [
        meter_id,
        status,
        rule,
        value,
      ]),
      [["M1", "accepted", "person", 1_000], ["M2", "quarantined", "spike", null]],
    );
    assert.equal(await write(), 0);
  },

  "a note is no word: the same reading may be quarantined after it, and not the other way": async (
    db,
  ) => {
    await inTransaction(db, async (trx) => {
      assert.equal(await note(trx, [{ ...fault(1), rule: "gap", value_wh: 5 }], "sweep"), 1);
      assert.equal(await quarantine(trx, [fault(1)], "billing"), 1);
      assert.equal(await note(trx, [{ ...fault(1), rule: "gap", value_wh: 5 }], "sweep"), 0);
    });
    assert.deepEqual(
      (await decisionsAbout(db, [keyOf(1)])).map(({ status, rule }) => [status, rule]),
      [["quarantined", "spike"]],
    );
  },

  "very many meters at once take few locks: the server has room for some thousands": async (db) => {
    await inTransaction(db, async (trx) => {
      const many = Array.from({ length: 1_500 }, (_, n) => fault(n));
      assert.equal(await quarantine(trx, many, "sweep"), 1_500);
      const { rows } = await sql<{ n: number }>`
        select count(*)::int as n from pg_locks where locktype = 'advisory'`.execute(trx);
      assert.ok(rows[0]!.n <= 256, `${rows[0]!.n} locks`);
    });
  },

  "decisions stay as they are": async (db) => {
    await inTransaction(db, (trx) => quarantine(trx, [fault(1)], "sweep"));
    await assert.rejects(
      sql`update reading_decision set rule = 'gap'`.execute(db),
      /never changed or removed/,
    );
    await assert.rejects(sql`delete from reading_decision`.execute(db), /never changed or removed/);
    await assert.rejects(decide(db, 1, { status: "accepted" }), /check/);
  },

  "validated_reading is what was measured with what was decided": async (db) => {
    for (const n of [1, 2, 3, 4]) await addReading(db, n, READ, 1_000 * n);
    await inTransaction(db, (trx) => quarantine(trx, [fault(1), fault(2)], "sweep"));
    await decide(db, 2, { status: "accepted", value: 2_500, quality: "edited" });
    await decide(db, 3, { status: "rejected" });
    await decide(db, 5, { status: "accepted", value: 5_000, quality: "substituted" });
    const rows = await db.selectFrom("validated_reading")
      .select(["meter_id", "value", "quality", "usable", "status", "raw_value", "source"])
      .orderBy("meter_id").execute();
    assert.deepEqual(rows.map((row) => Object.values(row)), [
      ["M1", 1_000, "measured", false, "quarantined", 1_000, "frame"],
      ["M2", 2_500, "edited", true, "accepted", 2_000, "frame"],
      ["M3", 3_000, "measured", false, "rejected", 3_000, "frame"],
      ["M4", 4_000, "measured", true, "accepted", 4_000, "frame"],
      ["M5", 5_000, "substituted", true, "accepted", null, "decision"],
    ]);
    const usable = await db.selectFrom("raw_reading").select("meter_id").where(
      isUsable("raw_reading"),
    )
      .orderBy("meter_id").execute();
    assert.deepEqual(usable.map(({ meter_id }) => meter_id), ["M2", "M4"]);
  },

  "candidates of many meters at once, with what was decided about them": async (db) => {
    const earlier = READ - 900_000;
    for (const n of [1, 2, 3, 4]) {
      await addReading(db, n, earlier, 1_200_000);
      await addReading(db, n, READ, 1_300_000);
    }
    await inTransaction(db, (trx) => quarantine(trx, [fault(2)], "sweep"));
    await decide(db, 3, { status: "rejected" });
    await decide(db, 4, { status: "accepted", value: 1_250_000, quality: "edited" });
    const later = READ + 600_000;
    await decide(db, 5, {
      status: "accepted",
      value: 7_000,
      quality: "substituted",
      read_at_ms: later,
    });
    const requests = [6, 5, 4, 3, 2, 1].map((n) => ({
      meter_id: `M${n}`,
      opened_at_ms: INSTALLED,
      window: april,
    }));
    const found = await findCandidates(
      db,
      [
        ...requests,
        {
          meter_id: "M1",
          opened_at_ms: INSTALLED,
          window: { ...april, to_ms: null, take: "first" },
        },
      ],
      240,
      READ,
    );
    assert.deepEqual(
      found.map((one) =>
        one === null ? null : [
          one.reading.read_at_ms,
          one.reading.value_wh,
          one.reading.quality,
          one.reading.source,
          one.decision?.status ?? null,
        ]
      ),
      [
        null,
        [later, 7_000, "substituted", "import", "accepted"],
        [READ, 1_250_000, "edited", "frame", "accepted"],
        [earlier, 1_200_000, "measured", "frame", null],
        [READ, 1_300_000, "measured", "frame", "quarantined"],
        [READ, 1_300_000, "measured", "frame", null],
        [earlier, 1_200_000, "measured", "frame", null],
      ],
    );
  },

  "a register that went back within the cycle, unless a person has said a word": async (db) => {
    await addReading(db, 1, READ - 900_000, 900_000, ["register_went_back"]);
    await addReading(db, 1, READ, 1_300_000);
    const wanted = [{ meter_id: "M1", opened_at_ms: INSTALLED, window: april }];
    const find = async () => (await findCandidates(db, wanted, 240, READ))[0];
    assert.equal((await find())!.went_back_at_ms, READ - 900_000);
    await inTransaction(db, (trx) => quarantine(trx, [fault(1, READ - 900_000)], "sweep"));
    assert.equal((await find())!.went_back_at_ms, READ - 900_000, "a rule's word is none");
    await decide(db, 1, { status: "rejected", read_at_ms: READ - 900_000 });
    assert.equal((await find())!.went_back_at_ms, null);
  },

  "what is in quarantine is not billed; a rejected reading wakes nobody, a substitute does": async (
    db,
  ) => {
    await addAccount(db, 1);
    await addReading(db, 1, READ, 1_200_900);
    await inTransaction(db, (trx) => quarantine(trx, [fault(1)], "sweep"));
    const context = contextOf(db, at("2026-05-01T02:00:00+05:30"));
    const close = { step: "close", requested_at_ms: at("2026-05-01T01:00:00+05:30") } as const;
    const parked = await stepCycle(context, "A1", "2026-04", close);
    assert.equal(parked.state, "parked");
    assert.match(parked.reason!, /900 kWh in 15 minutes/);
    await db.updateTable("billing_cycle").set({ parked_reading_at: new Date(READ) }).execute();
    await decide(db, 1, { status: "rejected" });
    assert.deepEqual(
      await inTransaction(db, (trx) => lookAgain(trx, { meter_ids: ["M1"] }, NOW, "measured")),
      [
        { account_id: "A1", period: "2026-04" },
      ],
    );
    assert.deepEqual((await cyclesWithReading(db)).ready, []);
    await decide(db, 1, {
      status: "accepted",
      value: 1_100_900,
      quality: "substituted",
      read_at_ms: READ - 1_000,
    });
    assert.equal((await cyclesWithReading(db)).ready.length, 1);
    const { state } = await stepCycle(context, "A1", "2026-04", { step: "look" });
    assert.equal(state, "issued");
    const { units_kwh } = await db.selectFrom("billing_cycle").select("units_kwh")
      .executeTakeFirstOrThrow();
    assert.equal(units_kwh, 100);
    assert.ok(NOW < READ);
  },
});

// Only a server has transactions that run at the same time.
Deno.test({
  name: "A rule that is about to quarantine waits for a person who is deciding, and heeds it",
  ignore: postgresBinaries() === undefined,
  fn: async () =>
    void await withPostgres(async (db) => {
      const locked = Promise.withResolvers<void>();
      const goOn = Promise.withResolvers<void>();
      const deciding = db.transaction().execute(async (trx) => {
        await lockDecisions(trx, ["M1"]);
        await decide(trx, 1, { status: "accepted", value: 1_000 });
        locked.resolve();
        await goOn.promise;
      });
      await locked.promise;
      let done = false;
      const ruling = inTransaction<number>(db, (trx) => quarantine(trx, [fault(1), fault(2)], "x"))
        .finally(() => done = true);
      await new Promise((resolve) => setTimeout(resolve, 200));
      assert.equal(done, false, "it did not wait");
      goOn.resolve();
      await deciding;
      assert.equal(await ruling, 1, "of the other meter alone");
      const [about] = await decisionsAbout(db, [keyOf(1)]);
      assert.equal(about?.rule, "person");
    }),
});
