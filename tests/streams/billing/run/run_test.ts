/** Billing runs: pages, bounds, faults of one account, two workers at once, resuming. */
import assert from "node:assert/strict";
import { workPage } from "../../../../streams/billing/run/page.ts";
import { unbilled } from "../../../../streams/billing/close_period.ts";
import { previewPeriod } from "../../../../streams/billing/preview.ts";
import { countSkipped } from "../../../../streams/billing/skipped.ts";
import { runProgress } from "../../../../streams/billing/run/progress.ts";
import { resumeRun } from "../../../../streams/billing/run/start.ts";
import { startRunWorker } from "../../../../streams/billing/run/worker.ts";
import { silentLog } from "../../../../streams/terminal/log.ts";
import { testOnEachDatabase } from "../../../support/database.ts";
import { RUN_BOUNDS } from "../../../../actors/billing/run.ts";
import { addAccount, addReading, at, contextOf, counts } from "../fixture.ts";
import {
  addRead,
  APRIL,
  invoices,
  lastRun,
  MAY,
  refuse,
  refuseNobody,
  start,
  workAll,
} from "./fixture.ts";

const numberOf = (i: number) => `MH/2026-27/${String(i).padStart(6, "0")}`;
const RESUMED = { bounds: RUN_BOUNDS, requested_by: "asha", now_ms: MAY, reason: "looked at" };

testOnEachDatabase("A billing run", {
  "bills every account page by page, numbered in the order of their names": async (db) => {
    const accounts = await addRead(db, 10);
    const { accounts: asked, joined } = await start(db);
    assert.deepEqual([asked, joined], [10, false]);
    const results = await workAll(db);
    assert.deepEqual(results.map(({ did }) => did), ["page", "page", "page", "done"]);
    assert.deepEqual(
      await invoices(db),
      accounts.map((account_id, i) => ({ number: numberOf(i + 1), account_id })),
    );
    const run = await lastRun(db);
    assert.deepEqual(
      [run.state, run.accounts, run.looked, run.issued, run.parked, run.units_kwh],
      ["done", 10, 10, 10, 0, 2_500],
    );
    const { total } = await db.selectFrom("invoice")
      .select((of) => of.fn.sum<number>("payable_paise").as("total")).executeTakeFirstOrThrow();
    assert.equal(run.payable_paise, Number(total));
    assert.deepEqual((await runProgress(db, APRIL))?.looked, 10);
  },

  "leaves out who has no bill for an earlier month, until that is billed or a person goes on":
    async (
      db,
    ) => {
      const accounts = await addRead(db, 3);
      // One was put up before: in February, of which there is no bill.
      const since = { installed_at: new Date(at("2026-02-10T12:00:00+05:30")) };
      await db.updateTable("installation").set(since).where("account_id", "=", "A101").execute();
      await db.updateTable("account").set({ opened_on: "2026-02-10" })
        .where("account_id", "=", "A101").execute();
      const told = await countSkipped(db, unbilled(APRIL), APRIL);
      assert.deepEqual(told, [{ period: "2026-02", accounts: 1 }]);
      const dry = await previewPeriod(db, APRIL, contextOf(db, MAY));
      assert.deepEqual(dry.skipped, told);
      assert.deepEqual(dry.accounts.map(({ would }) => would), ["park", "issue", "issue"]);
      const meant = await previewPeriod(db, APRIL, contextOf(db, MAY), null, true);
      assert.deepEqual(meant.accounts.map(({ would }) => would), ["issue", "issue", "issue"]);
      await start(db);
      await workAll(db);
      assert.deepEqual((await invoices(db)).map((one) => one.account_id), accounts.slice(1));
      const { state, reason } = await db.selectFrom("billing_cycle").selectAll()
        .where("account_id", "=", "A101").executeTakeFirstOrThrow();
      assert.equal(state, "parked");
      assert.match(reason!, /^no bill for 2026-02: .*could never be billed.* --skip-months$/);
      // It is no sign that the run goes wrong: the bound does not count it.
      assert.equal((await lastRun(db)).parked, 0);
      await start(db, { skip_months: true }, 4, APRIL, MAY + 1_000);
      await workAll(db);
      assert.deepEqual((await invoices(db)).length, 3);
      // Nobody is left out of the month behind one that is billed.
      assert.deepEqual(await countSkipped(db, unbilled("2026-05"), "2026-05"), []);
    },

  "of a later month waits while an earlier one is being billed": async (db) => {
    await addRead(db, 2);
    await start(db, {}, 4, "2026-05");
    await start(db);
    const [first] = await workAll(db);
    assert.deepEqual(first!.did === "page" && first!.page.period, APRIL);
    assert.equal((await invoices(db)).length, 2);
  },

  "is joined, not begun twice, whoever asks at once; done, it is begun anew": async (db) => {
    await addRead(db, 2);
    const runs = await Promise.all([1, 2, 3].map(() => start(db)));
    assert.deepEqual(new Set(runs.map(({ run_id }) => run_id)).size, 1);
    assert.deepEqual(runs.filter(({ joined }) => !joined).length, 1);
    await workAll(db);
    const again = await start(db);
    assert.deepEqual([again.accounts, again.joined], [0, false]);
    assert.deepEqual((await workAll(db)).map(({ did }) => did), ["done"]);
    assert.equal((await invoices(db)).length, 2);
  },

  "parks the account that the database refuses, and bills its neighbours": async (db) => {
    const accounts = await addRead(db, 8);
    await refuse(db, "A102");
    try {
      await start(db);
      await workAll(db);
    } finally {
      await refuseNobody(db);
    }
    const billed = accounts.filter((one) => one !== "A102");
    assert.deepEqual((await invoices(db)).map((row) => row.account_id), billed);
    assert.deepEqual(
      (await invoices(db)).map((row) => row.number),
      billed.map((_, i) => numberOf(i + 1)),
    );
    const cycle = await db.selectFrom("billing_cycle").select(["state", "reason"])
      .where("account_id", "=", "A102").executeTakeFirstOrThrow();
    assert.equal(cycle.state, "parked");
    assert.match(cycle.reason!, /could not be billed: .*refused/);
    const run = await lastRun(db);
    assert.deepEqual([run.state, run.looked, run.issued, run.parked], ["done", 8, 7, 1]);
    // What was in the way is gone: the next run bills it.
    await start(db, {}, 4, APRIL, MAY + 1);
    await workAll(db);
    assert.equal((await invoices(db)).length, 8);
  },

  "halts before the page stands when too many park, and goes on when a person says so": async (
    db,
  ) => {
    // 96 that can be billed, then 16 whose register went back: 112 are looked at, 16 park.
    await addRead(db, 96);
    for (let n = 201; n < 217; n++) {
      await addAccount(db, n);
      await addReading(db, n, at("2026-04-30T23:00:00+05:30"), 900_000);
    }
    await start(db, {}, 16);
    const results = await workAll(db);
    assert.equal(results.at(-1)!.did, "halted");
    const run = await lastRun(db);
    assert.equal(run.state, "halted");
    assert.match(run.halted_reason!, /^16 of the first 112 accounts park, more than 10 % may; /);
    assert.match(run.halted_reason!, /the first of this page, account A201: .*less than/);
    assert.equal((await counts(db)).cycles, 96);
    // A halted run is nobody's to begin anew.
    await assert.rejects(start(db), /The run of 2026-04 has halted: 16 of .*--resume/);
    assert.equal((await workPage(contextOf(db, MAY))).did, "nothing");
    const bounds = { ...RUN_BOUNDS, parked_max_percent: 50 };
    await resumeRun(db, { ...RESUMED, period: APRIL, bounds });
    assert.deepEqual((await workAll(db)).map(({ did }) => did), ["page", "done"]);
    assert.deepEqual([(await lastRun(db)).issued, (await lastRun(db)).parked], [96, 16]);
    await assert.rejects(resumeRun(db, { ...RESUMED, period: APRIL }), /No run of 2026-04/);
    const trail = await db.selectFrom("audit").select(["actor", "action"])
      .where("action", "like", "run.%").orderBy("audit_id").execute();
    assert.deepEqual(trail.map((row) => `${row.actor} ${row.action}`), [
      "asha run.started",
      "billing run.halted",
      "asha run.resumed",
    ]);
  },

  "halts when the sum is out of all proportion to the month before": async (db) => {
    const accounts = await addRead(db, 104);
    await start(db, {}, 52);
    await workAll(db);
    for (const [i] of accounts.entries()) {
      await addReading(db, 101 + i, at("2026-05-31T23:00:00+05:30"), 2_650_900); // 1,400 kWh.
    }
    const june = at("2026-06-02T10:00:00+05:30");
    const context = contextOf(db, june);
    await start(db, { change_max_percent: 50 }, 52, "2026-05", june);
    assert.equal((await workPage(context)).did, "page");
    assert.equal((await workPage(context)).did, "halted");
    assert.equal((await invoices(db, "2026-05")).length, 52);
    assert.match(
      (await lastRun(db)).halted_reason!,
      /^the first 104 bills that have one of the month before come to \d+\.\d % more than those/,
    );
  },

  "parks a bill above the bound for one bill, and issues the others": async (db) => {
    await addRead(db, 2);
    await addAccount(db, 103);
    await addReading(db, 103, at("2026-04-30T23:00:00+05:30"), 3_000_900);
    await start(db, { bill_max_paise: 500_000 });
    await workAll(db);
    assert.deepEqual((await invoices(db)).map((row) => row.account_id), ["A101", "A102"]);
    const parked = await db.selectFrom("billing_cycle").select(["reason", "closing_wh"])
      .where("state", "=", "parked").executeTakeFirstOrThrow();
    assert.match(parked.reason!, /^the bill would be .* above this run's bound of 5000 rupees/);
    assert.equal(parked.closing_wh, null);
  },

  "is done once by several workers, on several connections": async (db) => {
    const accounts = await addRead(db, 40);
    await start(db, {}, 3);
    const numbers: string[] = [];
    const workers = [1, 2, 3].map(() =>
      startRunWorker({
        context: contextOf(db, MAY),
        log: silentLog,
        pages_at_once: 2,
        poll_ms: 20,
        onPage: (some) => void numbers.push(...some),
      })
    );
    for (let i = 0; i < 500 && (await lastRun(db)).state !== "done"; i++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await Promise.all(workers.map((worker) => worker.stop()));
    const rows = await invoices(db);
    assert.deepEqual(rows.map((row) => row.number), accounts.map((_, i) => numberOf(i + 1)));
    assert.deepEqual(rows.map((row) => row.account_id).sort(), accounts);
    assert.deepEqual(numbers.sort(), rows.map((row) => row.number));
    assert.deepEqual([(await lastRun(db)).looked, (await lastRun(db)).issued], [40, 40]);
  },

  "asks the meters of a month that lasts, and waits for them": async (db) => {
    const now = at("2026-04-30T18:00:00+05:30");
    for (const n of [101, 102, 103]) await addAccount(db, n);
    await start(db, {}, 2, APRIL, now);
    const result = await workPage(contextOf(db, now));
    assert.equal(result.did, "page");
    const outbox = await db.selectFrom("outbox").select("subject").orderBy("outbox_id").execute();
    assert.deepEqual(outbox.map((row) => row.subject), Array(2).fill("samay.command.SL1"));
    assert.equal((await lastRun(db)).waiting, 2);
  },
});
