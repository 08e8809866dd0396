/** A run that halts while another page of it is in hand; and a month-end that finds one halted. */
import assert from "node:assert/strict";
import { MonthEnd } from "../../../../streams/billing/month_end.ts";
import { workPage } from "../../../../streams/billing/run/page.ts";
import { silentLog } from "../../../../streams/terminal/log.ts";
import { withDatabase, withPostgres } from "../../../support/database.ts";
import { postgresBinaries } from "../../../support/postgres.ts";
import { contextOf, counts, type Db, NOW } from "../fixture.ts";
import { addRead, lastRun, MAY, start } from "./fixture.ts";

const HALTED = { state: "halted", halted_reason: "by hand" } as const;

Deno.test({
  name: "A page in hand is taken back when its run halts meanwhile",
  ignore: postgresBinaries() === undefined,
  fn: async () =>
    void await withPostgres(async (db: Db) => {
      await addRead(db, 3);
      await start(db);
      let page: ReturnType<typeof workPage> | undefined;
      await db.transaction().execute(async (trx) => {
        await trx.updateTable("billing_run").set(HALTED).execute();
        // It reads the run as it was, and waits for its row with everything written.
        page = workPage(contextOf(db, MAY));
        await new Promise((resolve) => setTimeout(resolve, 1_000));
      });
      assert.equal((await page!).did, "nothing");
      assert.deepEqual(await counts(db), {
        ...await counts(db),
        cycles: 0,
        invoices: 0,
        outbox: 0,
      });
      assert.equal((await lastRun(db)).looked, 0);
    }),
});

Deno.test("A month-end that finds its month's run halted leaves it to people, and goes on", async () => {
  await withDatabase(async (db) => {
    await addRead(db, 1);
    const warned: string[] = [];
    const log = { ...silentLog, warn: (message: string) => void warned.push(message) };
    const monthEnd = new MonthEnd({ db, log, settle_ms: 0 });
    await monthEnd.closeDue(NOW);
    await start(db);
    await db.updateTable("billing_run").set(HALTED).execute();
    await monthEnd.closeDue(MAY);
    await monthEnd.closeDue(MAY + 1);
    assert.deepEqual(warned, ["the month was closed by hand"]);
    assert.equal((await lastRun(db)).state, "halted");
  });
});
