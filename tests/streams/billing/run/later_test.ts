/** Accounts of a run that wait for their reading: bounded, counted and held as its pages are. */
import assert from "node:assert/strict";
import { RUN_BOUNDS } from "../../../../actors/billing/run.ts";
import { cyclesDue, cyclesWithReading } from "../../../../streams/billing/awaiting.ts";
import { startBilling } from "../../../../streams/billing/billing.ts";
import { stepLater } from "../../../../streams/billing/run/later.ts";
import { workPage } from "../../../../streams/billing/run/page.ts";
import { resumeRun } from "../../../../streams/billing/run/start.ts";
import { silentLog } from "../../../../streams/terminal/log.ts";
import { withBroker } from "../../../support/broker.ts";
import { testOnEachDatabase, withDatabase } from "../../../support/database.ts";
import { addAccount, addReading, contextOf, counts, type Db, NOW } from "../fixture.ts";
import { APRIL, invoices, lastRun, start } from "./fixture.ts";

const READ = NOW + 2_000;
const LOOK = { step: "look" } as const;

/** A run while April lasts: `count` accounts from A101 on were asked, and wait; the run is done. */
async function askAll(db: Db, count: number, bill_max_paise: number | null = null) {
  const keys: { account_id: string; period: string }[] = [];
  for (let n = 101; n < 101 + count; n++) {
    keys.push({ account_id: await addAccount(db, n), period: APRIL });
  }
  await start(db, { bill_max_paise }, count, APRIL, NOW);
  assert.equal((await workPage(contextOf(db))).did, "page");
  assert.equal((await workPage(contextOf(db))).did, "done");
  const run = await lastRun(db);
  assert.deepEqual([run.state, run.looked, run.waiting], ["done", count, count]);
  return keys;
}

Deno.test("A waiting account of a run is held against its bound for one bill", async () => {
  await withBroker(({ broker }) =>
    withDatabase(async (db) => {
      await askAll(db, 2, 500_000);
      await addReading(db, 101, READ, 3_000_900);
      await addReading(db, 102, READ, 1_250_900);
      const billing = await startBilling({
        ...{ db, broker, log: silentLog, month_end: false, poll_ms: 20 },
        now_ms: () => NOW + 3_000,
      });
      const waiting = async () =>
        (await db.selectFrom("billing_cycle").select("state").execute())
          .filter(({ state }) => state === "awaiting_reading").length;
      for (let i = 0; i < 500 && await waiting() > 0; i++) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      await billing.stop();
      assert.deepEqual((await invoices(db)).map((row) => row.account_id), ["A102"]);
      const { reason } = await db.selectFrom("billing_cycle").select("reason")
        .where("state", "=", "parked").executeTakeFirstOrThrow();
      assert.match(reason!, /^the bill would be .* above this run's bound of 5000 rupees/);
      const run = await lastRun(db);
      assert.deepEqual([run.looked, run.issued, run.parked, run.waiting], [2, 1, 1, 0]);
      assert.deepEqual([run.state, run.units_kwh, run.payable_paise > 0], ["done", 250, true]);
    })
  );
});

testOnEachDatabase("A run whose waiting accounts break its bounds", {
  "halts, done though its pages are; nothing of it goes out until it is resumed": async (db) => {
    const keys = await askAll(db, 100);
    for (let n = 101; n < 201; n++) {
      await addReading(db, n, READ, n < 112 ? 900_000 : 1_250_900); // Eleven went back.
    }
    const context = contextOf(db, NOW + 3_000);
    const later = await stepLater(context, keys, LOOK);
    assert.ok(later.did === "halted");
    assert.match(later.reason, /^11 of the first 100 accounts park, more than 10 % may/);
    assert.deepEqual([(await counts(db)).invoices, (await lastRun(db)).state], [0, "halted"]);
    assert.deepEqual([(await lastRun(db)).waiting, (await lastRun(db)).parked], [100, 0]);
    assert.deepEqual((await cyclesWithReading(db)).ready, []);
    assert.deepEqual(await cyclesDue(db, NOW + 86_400_000, 500), []);
    // What looked for them before it halted does not issue them behind it.
    assert.equal((await stepLater(context, keys.slice(50), LOOK)).did, "halted");
    assert.equal((await counts(db)).invoices, 0);
    const bounds = { ...RUN_BOUNDS, parked_max_percent: 50 };
    const asked = { requested_by: "asha", now_ms: NOW + 4_000, reason: "looked at" };
    await resumeRun(db, { ...asked, period: APRIL, bounds });
    assert.equal((await workPage(context)).did, "done");
    assert.equal((await cyclesWithReading(db)).ready.length, 100);
    assert.equal((await stepLater(context, keys, LOOK)).did, "stepped");
    const run = await lastRun(db);
    assert.deepEqual([run.issued, run.parked, run.waiting, run.looked], [89, 11, 0, 100]);
  },
});
