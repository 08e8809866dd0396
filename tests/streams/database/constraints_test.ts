import assert from "node:assert/strict";
import { type Kysely, sql } from "../../../streams/database/kysely.ts";
import type { Database } from "../../../streams/database/schema.ts";
import { testOnEachDatabase } from "../../support/database.ts";

type Db = Kysely<Database>;

const READ_AT = new Date("2026-10-31T18:30:00.125Z");

async function consumerAndAccount(db: Db): Promise<void> {
  await db.insertInto("consumer").values({
    consumer_number: "170012345678",
    name: "Asha Patil",
    address: "Pune",
    phone: "+919800000001",
    email: "asha@example.org",
    language: "mr",
  }).execute();
  await db.insertInto("account").values({
    account_id: "A1",
    consumer_number: "170012345678",
    tariff_id: "msedcl-lt-1b",
    phase: 1,
    municipal: true,
    sanctioned_load_w: 5_000_000_000,
    status: "active",
    opened_on: "2026-04-01",
  }).execute();
}

async function cycle(db: Db): Promise<number> {
  const row = await db.insertInto("billing_cycle")
    .values({ account_id: "A1", period: "2026-10", state: "ready" })
    .returning("cycle_id").executeTakeFirstOrThrow();
  return row.cycle_id;
}

async function invoice(db: Db, cycle_id: number, number = "MH/1"): Promise<number> {
  const { invoice_id } = await db.insertInto("invoice").values({
    number,
    account_id: "A1",
    period: "2026-10",
    cycle_id,
    state: "issued",
    issued_at: READ_AT,
    due_on: "2026-11-15",
    total_paise: 295_336,
    rounding_paise: -336,
    payable_paise: 295_000,
    inputs: JSON.stringify({ units_kwh: 250 }),
    void_reason: null,
  }).returning("invoice_id").executeTakeFirstOrThrow();
  return invoice_id;
}

const line = (invoice_id: number, position: number) => ({
  invoice_id,
  position,
  code: "energy",
  description: "Energy 1-100",
  units: 100.5,
  rate: 39_600,
  amount_paise: 39_600,
});

testOnEachDatabase("the tables", {
  "rows arrive with the types of schema.ts": async (db) => {
    await consumerAndAccount(db);
    const account = await db.selectFrom("account").selectAll().executeTakeFirstOrThrow();
    assert.equal(account.opened_on, "2026-04-01");
    assert.equal(account.sanctioned_load_w, 5_000_000_000);
    assert.equal(account.municipal, true);
    assert.ok(account.created_at instanceof Date);
    await db.insertInto("raw_reading").values({
      ...{ meter_id: "M1", obis: "1-0:1.8.0", read_at: READ_AT, value: 2 ** 53 - 1, unit: "Wh" },
      ...{ source: "import", flags: JSON.stringify(["meter_error"]), frame_sequence: null },
      ...{ journal_sequence: null, arrived_at: null, sealed_at: null, second_found_s: null },
      ...{ trials: null, clock_quality: null },
    }).execute();
    const reading = await db.selectFrom("raw_reading").selectAll().executeTakeFirstOrThrow();
    assert.equal(reading.value, Number.MAX_SAFE_INTEGER);
    assert.equal(reading.read_at.getTime(), READ_AT.getTime());
    assert.deepEqual(reading.flags, ["meter_error"]);
    const id = await cycle(db);
    await db.transaction().execute(async (trx) => {
      await trx.insertInto("invoice_line").values(line(await invoice(trx, id), 1)).execute();
    });
    const kept = await db.selectFrom("invoice_line").selectAll().executeTakeFirstOrThrow();
    assert.deepEqual([kept.units, kept.rate, kept.amount_paise], [100.5, 39_600, 39_600]);
  },

  "a bigint beyond 2^53 is refused, not rounded": async (db) => {
    await assert.rejects(
      sql`select 9007199254740993::bigint as n`.execute(db),
      /beyond the integers/,
    );
  },

  "a raw reading is never changed or removed": async (db) => {
    await db.insertInto("raw_reading").values({
      ...{ meter_id: "M1", obis: "1-0:1.8.0", read_at: READ_AT, value: 1, unit: "Wh" },
      ...{ source: "import", flags: "[]", frame_sequence: null, journal_sequence: null },
      ...{ arrived_at: null, sealed_at: null, second_found_s: null, trials: null },
      ...{ clock_quality: null },
    }).execute();
    await assert.rejects(
      db.updateTable("raw_reading").set({ value: 2 }).execute(),
      /never changed or removed/,
    );
    await assert.rejects(db.deleteFrom("raw_reading").execute(), /never changed or removed/);
  },

  "one account and period has one live billing cycle": async (db) => {
    await consumerAndAccount(db);
    const first = await cycle(db);
    await assert.rejects(cycle(db), /billing_cycle_live/);
    await db.updateTable("billing_cycle").set({ state: "void" }).where("cycle_id", "=", first)
      .execute();
    await cycle(db);
  },

  "one account and period has one live invoice, also under a race": async (db) => {
    await consumerAndAccount(db);
    const id = await cycle(db);
    const outcomes = await Promise.allSettled(
      [1, 2, 3, 4].map((n) =>
        db.transaction().execute((trx) => invoice(trx as unknown as Db, id, `MH/${n}`))
      ),
    );
    assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 1);
    await db.updateTable("invoice").set({ state: "void", void_reason: "wrong reading" }).execute();
    await invoice(db, id, "MH/9");
  },

  "an issued invoice and its lines stand; issued -> void with a reason is the one change": async (
    db,
  ) => {
    await consumerAndAccount(db);
    const id = await cycle(db);
    const invoice_id = await db.transaction().execute(async (trx) => {
      const made = await invoice(trx, id);
      await trx.insertInto("invoice_line").values(line(made, 1)).execute();
      return made;
    });
    const change = (set: Record<string, unknown>) =>
      db.updateTable("invoice").set(set).where("invoice_id", "=", invoice_id).execute();
    await assert.rejects(
      change({ payable_paise: 1, total_paise: 1, rounding_paise: 0 }),
      /is issued/,
    );
    await assert.rejects(change({ inputs: "{}", state: "void", void_reason: "x" }), /is issued/);
    await assert.rejects(change({ state: "void" }), /check|violates/);
    await assert.rejects(db.deleteFrom("invoice").execute(), /never changed or removed/);
    await assert.rejects(
      db.updateTable("invoice_line").set({ amount_paise: 1 }).execute(),
      /never changed or removed/,
    );
    await assert.rejects(db.deleteFrom("invoice_line").execute(), /never changed or removed/);
    await assert.rejects(
      db.insertInto("invoice_line").values(line(invoice_id, 2)).execute(),
      /its own transaction only/,
    );
    await change({ state: "void", void_reason: "read from the wrong meter" });
    await assert.rejects(change({ state: "issued", void_reason: null }), /is issued/);
  },

  "one invoice has one notification a channel": async (db) => {
    await consumerAndAccount(db);
    const invoice_id = await invoice(db, await cycle(db));
    const notify = () =>
      db.insertInto("notification").values({
        ...{ invoice_id, channel: "sms", recipient: "+919800000001", state: "intended" },
        ...{ attempts: 0, provider_id: null, last_error: null },
      }).execute();
    await notify();
    await assert.rejects(notify(), /notification_once/);
  },

  "signs, phases and states are checked": async (db) => {
    await consumerAndAccount(db);
    const broken: Array<() => Promise<unknown>> = [
      () => sql`update account set phase = 2`.execute(db),
      () => sql`update account set status = 'gone'`.execute(db),
      () => sql`update account set sanctioned_load_w = -1`.execute(db),
      () => sql`update consumer set language = 'fr'`.execute(db),
      () => sql`update consumer set phone = '0980'`.execute(db),
      () => sql`insert into meter values ('M1', 'S', 'edge', 4294967296)`.execute(db),
      () =>
        sql`insert into billing_cycle (account_id, period, state) values ('A1', '2026-13', 'ready')`
          .execute(db),
      () =>
        sql`insert into billing_cycle (account_id, period, state) values ('A1', '2026-12', 'parked')`
          .execute(db),
    ];
    for (const attempt of broken) await assert.rejects(attempt(), /violates check constraint/);
    await sql`update ledger_cursor set sequence = 5`.execute(db);
    await assert.rejects(sql`update ledger_cursor set sequence = 4`.execute(db), /go back/);
  },
});
