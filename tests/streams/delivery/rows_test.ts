/** Notifications in the table, on each database: under locks, in transactions, and from older ones. */
import assert from "node:assert/strict";
import { migrations } from "../../../migrations/mod.ts";
import { RetryableError, TerminalError } from "../../../protocol/errors.ts";
import { embeddedDatabase } from "../../../streams/database/connect.ts";
import { Migrator } from "../../../streams/database/kysely.ts";
import { migrate } from "../../../streams/database/migrate.ts";
import { startEmbedded } from "../../../streams/database/pglite.ts";
import { handOutDue } from "../../../streams/delivery/due.ts";
import {
  decideLocked,
  notificationOf,
  writeDecision,
} from "../../../streams/delivery/notification_rows.ts";
import { applyReport } from "../../../streams/delivery/provider_report.ts";
import { redrive, redriveParked } from "../../../streams/delivery/redrive.ts";
import { suppress, suppressionOf, suppressions } from "../../../streams/delivery/suppressions.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { testOnEachDatabase } from "../../support/database.ts";
import { type Db, NOW } from "../billing/fixture.ts";
import { issueBill, noticeOf } from "./issued.ts";

const DEED = { reason: "well again", actor: "asha", now_ms: NOW };

const messagesOf = async (db: Db) =>
  (await db.selectFrom("outbox").select("message_id").orderBy("outbox_id").execute())
    .map(({ message_id }) => message_id);

testOnEachDatabase("notifications", {
  "handOutDue() hands each notice out once, whoever else is at it": async (db) => {
    for (const n of [1, 2, 3]) await issueBill(db, n, { phone: null });
    await db.deleteFrom("outbox").execute();
    const later = { due_at: new Date(NOW + 60_000) };
    await db.updateTable("notification").set(later).where("channel", "=", "email").execute();
    assert.equal(await handOutDue(db, NOW), 0);
    const counts = await Promise.all([1, 2, 3].map(() => handOutDue(db, NOW + 60_000)));
    assert.equal(counts.reduce((sum, count) => sum + count), 3);
    assert.equal((await messagesOf(db)).length, 3);
    // What was parked or sent meanwhile is nobody's work.
    await db.updateTable("notification").set({ ...later, state: "parked" }).execute();
    assert.equal(await handOutDue(db, NOW + 60_000), 0);
  },
  "writeDecision() changes no row that changed meanwhile, and suppresses nobody then": async (
    db,
  ) => {
    await issueBill(db, 1);
    const row = await noticeOf(db, 1, "email");
    const from = notificationOf(row);
    const next = { ...from, state: "parked" as const, last_error: "550" };
    const effect = { effect: "suppress", recipient: "c1@example.org", reason: "550" } as const;
    const decision = { next, effects: [effect] };
    for (const changed of [{ ...from, attempts: 7 }, { ...from, drive: 7 }]) {
      await assert.rejects(() => writeDecision(db, row, changed, decision), RetryableError);
      assert.deepEqual(await suppressions(db), []);
    }
    await writeDecision(db, row, from, decision);
    assert.equal(await suppressionOf(db, "email", "c1@example.org") === null, false);
  },
  "suppress() keeps the first reason, and one address in any case": async (db) => {
    const entry = { channel: "email", notification_id: null } as const;
    await suppress(db, { ...entry, recipient: "A@B.example", reason: "first" });
    await suppress(db, { ...entry, recipient: "a@b.example", reason: "second" });
    assert.match((await suppressionOf(db, "email", "a@B.example"))!, /\(first\)/);
    assert.equal(await suppressionOf(db, "sms", "a@b.example"), null);
    assert.equal((await db.selectFrom("audit").selectAll().execute()).length, 1);
  },
  "redrive() of one notice by many people sends it anew once": async (db) => {
    await issueBill(db, 1);
    const { notification_id } = await noticeOf(db, 1, "sms");
    await db.deleteFrom("outbox").execute();
    await db.updateTable("notification").set({ state: "parked", last_error: "no" }).execute();
    const results = await Promise.allSettled(
      [1, 2, 3].map(() => redrive(db, notification_id, null, DEED)),
    );
    assert.equal(results.filter(({ status }) => status === "fulfilled").length, 1);
    for (const result of results) {
      if (result.status === "rejected") assert.ok(result.reason instanceof TerminalError);
    }
    assert.deepEqual(await messagesOf(db), [`notice-${notification_id}-1`]);
    const audited = await db.selectFrom("audit").select("action")
      .where("action", "=", "notice.redriven").execute();
    assert.equal(audited.length, 1);
  },
  "redriveParked() goes part by part, from the lowest number up, and ends": async (db) => {
    await issueBill(db, 1);
    const { invoice_id } = await noticeOf(db, 1, "sms");
    await db.deleteFrom("notification").execute();
    await db.deleteFrom("outbox").execute();
    const rows = Array.from({ length: 250 }, (_, day) => ({
      ...{ invoice_id, channel: "sms", recipient: "+919800000001", kind: "reminder" } as const,
      ...{ state: "parked", attempts: 1, provider_id: null, last_error: "100 % full" } as const,
      occasion: String(day),
    }));
    await db.insertInto("notification").values(rows).execute();
    // A percent sign is one, and not everything.
    assert.equal((await redriveParked(db, { why: "1%0" }, 0, DEED)).count, 0);
    const first = await redriveParked(db, { why: "100 %" }, 0, DEED);
    assert.equal(first.count, 200);
    const second = await redriveParked(db, { why: "100 %" }, first.last_id!, DEED);
    assert.deepEqual(second, { count: 50, last_id: null });
    assert.equal((await messagesOf(db)).length, 250);
  },
  "applyReport() ends the same whatever comes at once": async (db) => {
    await issueBill(db, 1);
    const { notification_id } = await noticeOf(db, 1, "sms");
    await db.updateTable("notification").set({ state: "sending", attempts: 1, unanswered: 1 })
      .where("notification_id", "=", notification_id).execute();
    const report = { notification_id, drive: 0, provider_id: "SM1", reason: "said" };
    const words = ["sent", "delivered", "queued", "undelivered", "accepted", "sent"] as const;
    await Promise.all([
      ...words.map((word) => applyReport(db, silentLog, { ...report, word }, NOW)),
      db.transaction().execute((trx) =>
        decideLocked(trx, notification_id, { type: "accepted", provider_id: "SM1" }, NOW)
      ),
    ]);
    const row = await noticeOf(db, 1, "sms");
    assert.deepEqual([row.state, row.delivery, row.provider_id, row.unanswered], [
      "delivered",
      "delivered",
      "SM1",
      0,
    ]);
  },
});

Deno.test("migrate() takes notifications of an older head-end along, and what may have left of them", async () => {
  const db = await embeddedDatabase(await startEmbedded());
  try {
    const older = Object.fromEntries(
      Object.entries(migrations).filter(([name]) => name < "0005"),
    );
    const provider = { getMigrations: () => Promise.resolve(older) };
    const { error } = await new Migrator({ db, provider }).migrateToLatest();
    assert.equal(error, undefined);
    const issued_at = new Date("2026-05-01T00:30:00+05:30");
    const invoice = {
      ...{ number: "N/1", account_id: "A1", period: "2026-04", issued_at, due_on: "2026-05-21" },
      ...{ total_paise: 0, rounding_paise: 0, payable_paise: 0, inputs: "{}", void_reason: null },
    };
    await db.insertInto("consumer").values({
      ...{ consumer_number: "C1", name: "C", address: "Pune", phone: null, email: null },
      language: "en",
    }).execute();
    await db.insertInto("account").values({
      ...{ account_id: "A1", consumer_number: "C1", tariff_id: "t", phase: 1, municipal: false },
      ...{ sanctioned_load_w: 0, status: "active", opened_on: "2025-01-01" },
    }).execute();
    const { cycle_id } = await db.insertInto("billing_cycle")
      .values({ account_id: "A1", period: "2026-04", state: "issued" })
      .returning("cycle_id").executeTakeFirstOrThrow();
    const { invoice_id } = await db.insertInto("invoice")
      .values({ ...invoice, cycle_id, state: "issued" })
      .returning("invoice_id").executeTakeFirstOrThrow();
    const row = { invoice_id, recipient: "x", provider_id: null, last_error: null };
    await db.insertInto("notification").values([
      { ...row, channel: "email", state: "sent", attempts: 1 },
      { ...row, channel: "sms", state: "sending", attempts: 2 },
    ]).execute();
    await migrate(db);
    const rows = await db.selectFrom("notification").selectAll().orderBy("channel").execute();
    assert.deepEqual(
      rows.map((one) => [one.state, one.delivery, one.unanswered, one.kind, one.created_at]),
      [["sent", "accepted", 0, "bill", issued_at], ["sending", null, 2, "bill", issued_at]],
    );
  } finally {
    await db.destroy();
  }
});
