/** Cycles that wait: their timers are rows, and many are looked at in one step. */
import assert from "node:assert/strict";
import { CYCLE_RULES } from "../../../actors/billing/rules.ts";
import { cyclesWithReading } from "../../../streams/billing/awaiting.ts";
import { startBilling } from "../../../streams/billing/billing.ts";
import { stepCycles } from "../../../streams/billing/step.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { withBroker } from "../../support/broker.ts";
import { testOnEachDatabase, withDatabase } from "../../support/database.ts";
import { addAccount, addReading, contextOf, type Db, NOW } from "./fixture.ts";
import { refuse, refuseNobody, start } from "./run/fixture.ts";

const APRIL = "2026-04";
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const GRACE_MS = 24 * HOUR_MS;

async function cycleOf(db: Db, account_id: string) {
  return await db.selectFrom("billing_cycle").selectAll()
    .where("account_id", "=", account_id).where("period", "=", APRIL).executeTakeFirstOrThrow();
}

async function eventually(done: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if (await done()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.fail("it did not come about in ten seconds");
}

/** March as it was imported: what an estimate goes by. */
async function addMarch(db: Db, n: number): Promise<void> {
  await db.insertInto("billing_cycle").values({
    account_id: `A${n}`,
    period: "2026-03",
    state: "imported",
    reason: null,
    from_date: "2026-03-01",
    to_date: "2026-03-31",
    opening_wh: 700_900,
    closing_wh: 1_000_900,
    closing_read_at: new Date("2026-03-31T18:00:00+05:30"),
    meter_id: `M${n}`,
    units_kwh: 300,
    requested_at: null,
  }).execute();
}

Deno.test("Timers outlive every process: asked, asked again, estimated, drafted, issued", async () => {
  await withBroker(({ broker }) =>
    withDatabase(async (db) => {
      await addAccount(db, 1);
      await addMarch(db, 1);
      const asks = async () =>
        (await db.selectFrom("outbox").select("subject").where("subject", "like", "samay.command.%")
          .execute()).length;
      /** A billing process of its own at that moment, until `done`. */
      const processAt = async (now: number, done: () => Promise<boolean>) => {
        const billing = await startBilling({
          ...{ db, broker, log: silentLog, month_end: false, poll_ms: 20, now_ms: () => now },
          rules: { ...CYCLE_RULES, asks_max: 2, draft_grace_ms: GRACE_MS },
        });
        await eventually(done).finally(() => billing.stop());
      };
      const is = (state: string) => async () => (await cycleOf(db, "A1")).state === state;
      await start(db, {}, 4, APRIL, NOW);
      await processAt(NOW, async () => await asks() === 1);
      await processAt(NOW + 15 * MINUTE_MS, async () => await asks() === 2);
      assert.equal((await cycleOf(db, "A1")).state, "awaiting_reading");
      // In the middle of nothing: no timer is due, and nothing is done.
      const before = await cycleOf(db, "A1");
      await processAt(NOW + 20 * MINUTE_MS, () => Promise.resolve(true));
      assert.deepEqual(await cycleOf(db, "A1"), before);
      // Nobody runs for five days; the meter was asked as often as it may be, and is estimated.
      const estimate_ms = NOW + CYCLE_RULES.estimate_after_ms!;
      await processAt(estimate_ms, is("draft"));
      assert.equal((await db.selectFrom("invoice").select("number").execute()).length, 0);
      await processAt(estimate_ms + GRACE_MS, is("issued"));
      const invoices = await db.selectFrom("invoice").select("number").execute();
      assert.deepEqual(invoices.map((row) => row.number), ["MH/2026-27/000001"]);
      assert.equal((await cycleOf(db, "A1")).estimated, true);
    })
  );
});

/** Of three waiting accounts A102 parks, by what `spoil` did to its reading; the two others are billed. */
async function parksOne(spoil: (db: Db) => Promise<void>): Promise<void> {
  await withBroker(({ broker }) =>
    withDatabase(async (db) => {
      const keys: { account_id: string; period: string }[] = [];
      for (const n of [101, 102, 103]) {
        keys.push({ account_id: await addAccount(db, n), period: APRIL });
      }
      const close = { step: "close", requested_at_ms: NOW } as const;
      await db.transaction().execute((trx) => stepCycles(trx, contextOf(db), keys, close));
      for (const n of [101, 103]) await addReading(db, n, NOW + 2_000, 1_250_900);
      await spoil(db);
      const issued: string[] = [];
      const billing = await startBilling({
        ...{ db, broker, log: silentLog, month_end: false, poll_ms: 20 },
        now_ms: () => NOW + 3_000,
        onIssued: (number) => void issued.push(number),
      });
      try {
        await eventually(async () => (await cycleOf(db, "A102")).state === "parked");
        await eventually(async () => (await cycleOf(db, "A103")).state === "issued");
      } finally {
        await billing.stop();
        await refuseNobody(db);
      }
      assert.equal((await cycleOf(db, "A101")).state, "issued");
      assert.match((await cycleOf(db, "A102")).reason!, /could not be billed/);
      assert.deepEqual(issued.sort(), ["MH/2026-27/000001", "MH/2026-27/000002"]);
    })
  );
}

Deno.test("One waiting account that the database refuses holds up no other", async () => {
  await parksOne(async (db) => {
    await addReading(db, 102, NOW + 2_000, 1_250_900);
    await refuse(db, "A102");
  });
});

Deno.test("One waiting account whose reading the program does not understand holds up no other", async () => {
  await parksOne((db) => addReading(db, 102, NOW + 2_000, 1_250_900, ["a_flag_of_tomorrow"]));
});

Deno.test("A waiting account at which the program itself fails parks, and the pass goes on", async () => {
  await withBroker(({ broker }) =>
    withDatabase(async (db) => {
      const key = { account_id: await addAccount(db, 1), period: APRIL };
      const close = { step: "close", requested_at_ms: NOW } as const;
      await db.transaction().execute((trx) => stepCycles(trx, contextOf(db), [key], close));
      await addReading(db, 1, NOW + 2_000, 1_250_900);
      const told: unknown[] = [];
      const log = { ...silentLog, warn: (_: string, fields: unknown) => void told.push(fields) };
      const billing = await startBilling({
        ...{ db, broker, log, month_end: false, poll_ms: 20, now_ms: () => NOW + 3_000 },
        rules: {
          ...CYCLE_RULES,
          get due_days(): number {
            throw new Error("nobody thought of this");
          },
        },
      });
      await eventually(async () => (await cycleOf(db, "A1")).state === "parked")
        .finally(() => billing.stop());
      const reason = "could not be billed: nobody thought of this";
      assert.equal((await cycleOf(db, "A1")).reason, reason);
      assert.deepEqual(told, [{ ...key, reason }]);
    })
  );
});

testOnEachDatabase("Waiting cycles", {
  "are looked at in windows, one behind the other": async (db) => {
    const keys: { account_id: string; period: string }[] = [];
    for (const n of [1, 2, 3]) keys.push({ account_id: await addAccount(db, n), period: APRIL });
    const close = { step: "close", requested_at_ms: NOW } as const;
    await db.transaction().execute((trx) => stepCycles(trx, contextOf(db), keys, close));
    await addReading(db, 3, NOW + 2_000, 1_250_900);
    const first = await cyclesWithReading(db, 0, 2);
    assert.deepEqual(first.ready, []);
    const second = await cyclesWithReading(db, first.last_id!, 2);
    assert.deepEqual(second, { ready: [keys[2]], last_id: null });
  },
});
