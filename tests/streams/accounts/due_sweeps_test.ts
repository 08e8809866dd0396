/** What happens by itself around due dates: once each, whatever stops in between. */
import assert from "node:assert/strict";
import { datePlus } from "../../../actors/billing/calendar.ts";
import type { Settlement } from "../../../actors/billing/tariff/settlement.ts";
import { startOfIndianDate_ms } from "../../../protocol/indian_time.ts";
import { checkLedger } from "../../../streams/accounts/check.ts";
import { startDueSweeps, sweepOnce } from "../../../streams/accounts/due_sweeps.ts";
import { SWEEP_PAGE } from "../../../streams/accounts/sweep.ts";
import { openDatabase } from "../../../streams/database/connect.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { testOnEachDatabase, withPostgres } from "../../support/database.ts";
import { eventually } from "../../support/eventually.ts";
import { postgresBinaries } from "../../support/postgres.ts";
import { accounts, bill, type Db, entries, payment, voided } from "./booked.ts";

const HOUR_MS = 3_600_000;
const noon = (date: string) => startOfIndianDate_ms(date) + 12 * HOUR_MS;

const rules = { reminder_days: [-3, 2], late_charge_after_days: 3 };

async function sweep(db: Db, date: string, of: Partial<typeof rules> = {}): Promise<void> {
  const options = { db, log: silentLog, rules: { ...rules, ...of }, now_ms: () => noon(date) };
  while (await sweepOnce(options));
}

/** The bill's own notice, as it is written with the bill. */
async function notified(db: Db, invoice_id: number): Promise<number> {
  await db.insertInto("notification").values({
    ...{ invoice_id, channel: "email", recipient: "a@example.org", state: "sent", attempts: 1 },
    ...{ provider_id: "m", last_error: null },
  }).execute();
  return invoice_id;
}

const reminders = async (db: Db) =>
  (await db.selectFrom("notification")
    .innerJoin("invoice", "invoice.invoice_id", "notification.invoice_id")
    .select(["number", "occasion"]).where("kind", "=", "reminder").orderBy("notification_id")
    .execute())
    .map(({ number, occasion }) => `${number} ${occasion}`);

const DPC: Settlement = {
  ...{ code: "dpc", description: "Delayed payment charge 1.25 %", percent_hundredths: 125 },
  ...{ of: ["total"], cap_paise: null, when: "paid_late", enabled: true } as const,
};

const under = (settlement: Settlement[]) => ({ tariff_document: { versions: [{ settlement }] } });

testOnEachDatabase("due dates", {
  "an unpaid bill is reminded of on its days, and a paid, void or credited one never": async (
    db,
  ) => {
    await accounts(db, 5);
    await sweep(db, "2026-05-10");
    await notified(db, await bill(db, "MH/1"));
    await notified(db, await bill(db, "MH/2", { account_id: "A2" }));
    await payment(db, "p", 100_000, { account_id: "A2" });
    await voided(db, await notified(db, await bill(db, "MH/3", { account_id: "A3" })));
    await notified(db, await bill(db, "MH/4", { account_id: "A4", payable_paise: -10 }));
    await notified(db, await bill(db, "MH/5", { account_id: "A5" }));
    await payment(db, "part", 99_999, { account_id: "A5" });
    for (let date = "2026-05-11"; date <= "2026-05-30"; date = datePlus(date, 1)) {
      await sweep(db, date);
      if (date === "2026-05-20") await payment(db, "rest", 1, { account_id: "A5" });
    }
    assert.deepEqual(await reminders(db), [
      ...["MH/1 2026-05-19", "MH/5 2026-05-19", "MH/1 2026-05-24"],
    ]);
    const queued = await db.selectFrom("outbox").select("message_id").execute();
    assert.equal(queued.length, 3);
  },

  "a restart in the middle leaves out nobody and reminds nobody twice": async (db) => {
    await accounts(db, 1);
    await sweep(db, "2026-05-18");
    const count = SWEEP_PAGE + 5;
    for (let n = 0; n < count; n++) {
      const period = `${2000 + Math.floor(n / 12)}-${String(n % 12 + 1).padStart(2, "0")}`;
      await notified(db, await bill(db, `MH/${n}`, { period }));
    }
    const options = { db, log: silentLog, rules, now_ms: () => noon("2026-05-19") };
    // It dies in the second page, after the page's reminders were written and before it stood.
    assert.equal(await sweepOnce(options), true);
    const dying = {
      ...options,
      log: { ...silentLog },
      db: db.withPlugin({
        transformQuery: ({ node }) => {
          const text = JSON.stringify(node);
          if (node.kind === "UpdateQueryNode" && text.includes("due_sweep")) {
            throw new Error("killed");
          }
          return node;
        },
        transformResult: ({ result }) => Promise.resolve(result),
      }),
    };
    await assert.rejects(sweepOnce(dying), /killed/);
    assert.equal((await reminders(db)).length, SWEEP_PAGE);
    await sweep(db, "2026-05-19");
    await sweep(db, "2026-05-19");
    await sweep(db, "2026-05-20");
    const all = await reminders(db);
    assert.equal(all.length, count);
    assert.equal(new Set(all).size, count);
  },

  "a reminder is a day late at most; who starts reminding does not begin with the past": async (
    db,
  ) => {
    await accounts(db, 1);
    await notified(db, await bill(db, "MH/0", { period: "2026-01", due_on: "2026-05-13" }));
    await sweep(db, "2026-05-18", { reminder_days: [-3] });
    assert.deepEqual(await reminders(db), []);
    await notified(db, await bill(db, "MH/1", { period: "2026-02", due_on: "2026-05-22" }));
    await notified(db, await bill(db, "MH/2", { period: "2026-03", due_on: "2026-05-24" }));
    await notified(db, await bill(db, "MH/3", { period: "2026-04", due_on: "2026-05-25" }));
    // Nothing ran from the 19th to the 21st.
    await sweep(db, "2026-05-22", { reminder_days: [-3] });
    assert.deepEqual(await reminders(db), ["MH/2 2026-05-22", "MH/3 2026-05-22"]);
  },

  "a bill that is written later than one of a higher id is not passed over": async (db) => {
    await accounts(db, 2);
    // Bills of today, due on the very day whose reminders are of today.
    const at = (minutes: number) => noon("2026-05-19") + minutes * 60_000;
    const sweepAt = async (now_ms: number) => {
      while (await sweepOnce({ db, log: silentLog, rules, now_ms: () => now_ms }));
    };
    await sweepAt(at(-60));
    const low = await notified(db, await bill(db, "MH/1", { issued_at: new Date(at(0)) }));
    const of = { account_id: "A2", issued_at: new Date(at(0)) };
    const high = await notified(db, await bill(db, "MH/2", of));
    assert.ok(low < high);
    // As another connection sees it while the transaction of the lower one lasts.
    const hidden = db.withPlugin({
      transformQuery: ({ node }) => node,
      transformResult: ({ result }) =>
        Promise.resolve({
          ...result,
          rows: result.rows.filter((row) => row.number !== "MH/1"),
        }),
    });
    while (await sweepOnce({ db: hidden, log: silentLog, rules, now_ms: () => at(1) }));
    await sweepAt(at(11));
    assert.deepEqual(await reminders(db), ["MH/1 2026-05-19", "MH/2 2026-05-19"]);
  },

  "paying late is charged once, where the bill's own tariff has it, days after the due date":
    async (
      db,
    ) => {
      await accounts(db, 5);
      await sweep(db, "2026-05-10");
      const late = await bill(db, "MH/1", { inputs: under([DPC]) });
      await bill(db, "MH/2", { account_id: "A2", inputs: under([{ ...DPC, enabled: false }]) });
      await bill(db, "MH/3", { account_id: "A3", inputs: under([DPC]) });
      await payment(db, "in time", 100_000, { account_id: "A3", paid_on: "2026-05-22" });
      await bill(db, "MH/4", { account_id: "A4" });
      await bill(db, "MH/5", { account_id: "A5", inputs: { tariff_document: { versions: "?" } } });
      await sweep(db, "2026-05-25");
      assert.deepEqual(await entries(db), ["invoice 100000"]);
      // Until the day before it, payments of the due date may come in; a month's outage loses nothing.
      await sweep(db, "2026-06-26");
      await sweep(db, "2026-06-27");
      assert.deepEqual(await entries(db), ["invoice 100000", "late_charge 1250"]);
      for (const id of ["A2", "A4", "A5"]) {
        assert.deepEqual(await entries(db, id), ["invoice 100000"]);
      }
      assert.deepEqual(await entries(db, "A3"), ["invoice 100000", "payment -100000"]);
      // Were its cursor lost, it would look again and find it done.
      await db.updateTable("due_sweep").set({ due_on: "2026-05-01", invoice_id: 0 }).execute();
      await sweep(db, "2026-06-28");
      assert.equal((await entries(db)).length, 2);
      await voided(db, late);
      assert.deepEqual((await entries(db)).slice(2), ["void -100000", "void -1250"]);
      assert.deepEqual((await checkLedger(db)).faults, []);
    },
});

Deno.test({
  name: "three sweepers at once, one of them stopped, remind and charge each bill once",
  ignore: postgresBinaries() === undefined,
  fn: async () => {
    await withPostgres(async (db, url) => {
      await accounts(db, 3);
      await sweep(db, "2026-05-18");
      for (let n = 0; n < 30; n++) {
        const of = { account_id: `A${n % 3 + 1}`, period: `${2000 + n}-01`, inputs: under([DPC]) };
        await notified(db, await bill(db, `MH/${n}`, of));
      }
      const clients = await Promise.all([1, 2, 3].map(() => openDatabase({ url })));
      let now_ms = noon("2026-05-19");
      const sweepers = clients.map((client) =>
        startDueSweeps({ db: client, log: silentLog, rules, now_ms: () => now_ms, poll_ms: 5 })
      );
      try {
        await eventually(async () => assert.equal((await reminders(db)).length, 30));
        await sweepers[0]!.stop();
        now_ms = noon("2026-05-26");
        const charges = () =>
          db.selectFrom("account_entry").select("entry_id").where("kind", "=", "late_charge")
            .execute();
        await eventually(async () => assert.equal((await charges()).length, 30));
        assert.equal((await reminders(db)).length, 30);
      } finally {
        await Promise.all(sweepers.map((one) => one.stop()));
        await Promise.all(clients.map((client) => client.destroy()));
      }
    });
  },
});
