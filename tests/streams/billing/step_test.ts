import assert from "node:assert/strict";
import { tariffs } from "../../../actors/billing/tariff/catalogue.ts";
import { TerminalError } from "../../../protocol/errors.ts";
import { invoiceInputs } from "../../../protocol/messages/invoice_inputs.ts";
import { cyclesDue, cyclesWithReading } from "../../../streams/billing/awaiting.ts";
import { accountsToClose } from "../../../streams/billing/close_period.ts";
import { CYCLE_RULES } from "../../../actors/billing/rules.ts";
import { showDraft } from "../../../streams/billing/drafts.ts";
import { explain } from "../../../streams/billing/explain.ts";
import { explanationText } from "../../../streams/billing/explain_text.ts";
import { findInvoice, invoiceSheet } from "../../../streams/billing/invoices.ts";
import { parkCycle } from "../../../streams/billing/park.ts";
import { previewPeriod } from "../../../streams/billing/preview.ts";
import { periodStatus } from "../../../streams/billing/status.ts";
import { stepCycle } from "../../../streams/billing/step.ts";
import { storeTariffs } from "../../../streams/billing/tariff_store.ts";
import { voidInvoice } from "../../../streams/billing/void.ts";
import { loadBill } from "../../../streams/delivery/bills.ts";
import { decideByPerson } from "../../../streams/validation/person.ts";
import { emptyTables, testOnEachDatabase } from "../../support/database.ts";
import { addAccount, addReading, at, contextOf, counts, type Db, NOW } from "./fixture.ts";

const APRIL = "2026-04";
const close = (requested_at_ms = NOW) => ({ step: "close" as const, requested_at_ms });
const look = { step: "look" as const };

/** Closes April of A`n` with `value` on the register. */
async function bill(db: Db, n: number, value: number, flags: string[] = []) {
  await stepCycle(contextOf(db), `A${n}`, APRIL, close());
  await addReading(db, n, NOW + 2_000, value, flags);
  return await stepCycle(contextOf(db, NOW + 3_000), `A${n}`, APRIL, look);
}

testOnEachDatabase("The billing cycle", {
  "asks the meter, then issues one invoice with all that belongs to it": async (db) => {
    await addAccount(db, 1);
    const asked = await stepCycle(contextOf(db), "A1", APRIL, close());
    assert.deepEqual(asked, { state: "awaiting_reading", reason: null, issued: null });
    const [command] = await db.selectFrom("outbox").selectAll().execute();
    assert.equal(command!.subject, "samay.command.SL1");
    assert.deepEqual(command!.payload, {
      command: "read-now",
      request_id: `bill-A1-2026-04-${NOW}`,
      meter_id: "M1",
      requested_at_ms: NOW,
      expires_at_ms: NOW + 15 * 60_000,
    });
    // A reading from before the request does not close the cycle.
    await addReading(db, 1, NOW - 60_000, 1_249_000);
    assert.deepEqual((await cyclesWithReading(db)).ready, []);
    assert.equal((await stepCycle(contextOf(db), "A1", APRIL, look)).state, "awaiting_reading");

    await addReading(db, 1, NOW + 2_000, 1_250_100);
    await addReading(db, 1, NOW + 9_000, 1_251_100);
    assert.deepEqual((await cyclesWithReading(db)).ready, [{ account_id: "A1", period: APRIL }]);
    const done = await stepCycle(contextOf(db, NOW + 10_000), "A1", APRIL, look);
    assert.deepEqual(done, { state: "issued", reason: null, issued: "MH/2026-27/000001" });

    const sheet = await invoiceSheet(db, "MH/2026-27/000001");
    assert.equal(sheet.inputs.units_kwh, 250);
    assert.equal(sheet.inputs.closing.frame_sequence, 71);
    assert.equal(sheet.lines.at(-1)!.code, "rounding");
    const sum = sheet.lines.reduce((total, line) => total + line.amount_paise, 0);
    assert.equal(sum, sheet.payable_paise);
    assert.deepEqual(sheet.notifications.map((one) => [one.channel, one.state]), [
      ["email", "intended"],
      ["sms", "intended"],
    ]);
    const outbox = await db.selectFrom("outbox").select(["subject", "payload"])
      .where("subject", "like", "samay.notice.%").orderBy("outbox_id").execute();
    assert.deepEqual(outbox.map((row) => (row.payload as { channel: string }).channel), [
      "email",
      "sms",
    ]);
    assert.deepEqual((await cyclesWithReading(db)).ready, []);
    assert.ok(invoiceInputs.safeParse((await findInvoice(db, "1")).inputs).success);
  },

  "explains a bill down to the frame, and computes it again from its inputs": async (db) => {
    await addAccount(db, 1);
    const { issued } = await bill(db, 1, 1_250_100);
    const { inputs } = await findInvoice(db, issued!);
    const explained = explain(await invoiceSheet(db, issued!), inputs);
    assert.equal(explained.recomputed_equal, true);
    assert.equal(explained.units.formula, "1250 - 1000 = 250 kWh");
    assert.equal(explained.segments[0]!.closing.second_found_s, Math.floor((NOW + 2_000) / 1000));
    assert.match(explained.lines[0]!.clause, /Case 75 of 2025.*page 94/);
    assert.match(explained.lines.at(-2)!.clause, /page 95/);
  },

  "parks an account whose tariff is not whole, or that lacks what its tariff needs": async (
    db,
  ) => {
    const may = at("2026-05-31T18:00:00+05:30");
    const tariffs: [string, number][] = [
      ["karnataka-lt-1", 3_000],
      ["rajasthan-lt-1", 3_000],
      ["karnataka-lt-1", 0],
    ];
    for (const [i, [tariff_id, sanctioned_load_w]] of tariffs.entries()) {
      await addAccount(db, i + 1, { tariff_id, sanctioned_load_w });
      // The end of an imported April, so that the cycle begins under these tariffs.
      await db.insertInto("billing_cycle").values({
        account_id: `A${i + 1}`,
        period: APRIL,
        state: "imported",
        meter_id: `M${i + 1}`,
        to_date: "2026-05-01",
        closing_wh: 1_000_900,
        closing_read_at: new Date(at("2026-05-01T09:00:00+05:30")),
      }).execute();
      await addReading(db, i + 1, may, 1_152_000);
    }
    const later = at("2026-06-02T10:00:00+05:30");
    const step = (n: number) => stepCycle(contextOf(db, later), `A${n}`, "2026-05", close(later));
    const reasons = [
      /karnataka-lt-1 is not whole/,
      /rajasthan-lt-1 is not whole/,
      /sanctioned load/,
    ];
    for (const [i, because] of reasons.entries()) {
      const { state, issued, reason } = await step(i + 1);
      assert.deepEqual([state, issued], ["parked", null]);
      assert.match(reason!, because);
    }
  },

  "skips a channel that the consumer does not have, and says why": async (db) => {
    await addAccount(db, 1, { phone: null, email: null });
    const { issued } = await bill(db, 1, 1_250_100);
    const { notifications } = await invoiceSheet(db, issued!);
    assert.deepEqual(notifications.map((one) => [one.state, one.last_error]), [
      ["skipped", "consumer C1 has no e-mail address"],
      ["skipped", "consumer C1 has no telephone number"],
    ]);
    const { outbox } = await counts(db);
    assert.equal(outbox, 1); // The command to the slave alone.
  },

  "never bills a register that went back": async (db) => {
    await addAccount(db, 1);
    await addAccount(db, 2);
    await addAccount(db, 3);
    const marked = await bill(db, 1, 1_250_100, ["register_went_back"]);
    const below = await bill(db, 2, 900_000);
    await addReading(db, 3, NOW - 86_400_000, 1_100_000, ["register_went_back"]);
    const within = await bill(db, 3, 1_250_100);
    for (const result of [marked, below, within]) assert.equal(result.state, "parked");
    assert.match(within.reason!, /went back on 2026-04-29/);
    assert.equal((await counts(db)).invoices, 0);
    const status = await periodStatus(db, APRIL, null);
    assert.deepEqual([status.accounts, status.parked, status.issued], [3, 3, 0]);
    assert.deepEqual(status.attention.map((one) => one.account_id), ["A1", "A2", "A3"]);
  },

  "never closes a month with a reading whose time nobody knows": async (db) => {
    await addAccount(db, 1);
    await addReading(db, 1, at("2026-04-28T10:00:00+05:30"), 1_100_000);
    await addReading(db, 1, at("2026-04-30T23:59:00+05:30"), 1_250_000, ["time_uncertain"]);
    const now = at("2026-05-02T10:00:00+05:30");
    const result = await stepCycle(contextOf(db, now), "A1", APRIL, close(now));
    const { inputs } = await invoiceSheet(db, result.issued!);
    assert.equal(inputs.closing.read_at_ms, at("2026-04-28T10:00:00+05:30"));
  },

  "does not look for ever at a month in which no time is known": async (db) => {
    await addAccount(db, 1);
    await addAccount(db, 2);
    await addReading(db, 1, at("2026-04-30T23:59:00+05:30"), 1_250_000, ["time_uncertain"]);
    const now = at("2026-05-02T10:00:00+05:30");
    for (const account of ["A1", "A2"]) {
      const { state } = await stepCycle(contextOf(db, now), account, APRIL, close(now));
      assert.equal(state, "awaiting_reading");
    }
    assert.deepEqual((await cyclesWithReading(db)).ready, []);
    await addReading(db, 2, at("2026-04-30T10:00:00+05:30"), 1_100_000);
    assert.deepEqual((await cyclesWithReading(db)).ready, [{ account_id: "A2", period: APRIL }]);
  },

  "closes a month that is over with its last reading, and asks nobody": async (db) => {
    await addAccount(db, 1);
    await addReading(db, 1, at("2026-04-15T10:00:00+05:30"), 1_100_000);
    await addReading(db, 1, at("2026-04-30T23:59:00+05:30"), 1_250_000);
    await addReading(db, 1, at("2026-05-01T00:00:00+05:30"), 1_260_000);
    const now = at("2026-05-02T10:00:00+05:30");
    const result = await stepCycle(contextOf(db, now), "A1", APRIL, close(now));
    assert.equal(result.state, "issued");
    const { inputs } = await invoiceSheet(db, result.issued!);
    assert.equal(inputs.closing.read_at_ms, at("2026-04-30T23:59:00+05:30"));
    const commands = await db.selectFrom("outbox").select("subject")
      .where("subject", "like", "samay.command.%").execute();
    assert.deepEqual(commands, []);
  },

  "waits for a month that is over without a reading, and takes a late one": async (db) => {
    await addAccount(db, 1);
    const now = at("2026-05-02T10:00:00+05:30");
    await addReading(db, 1, at("2026-05-01T00:00:00+05:30"), 1_260_000);
    const waiting = await stepCycle(contextOf(db, now), "A1", APRIL, close(now));
    assert.equal(waiting.state, "awaiting_reading");
    assert.match(waiting.reason!, /no reading of meter M1 within 2026-04/);
    assert.deepEqual((await cyclesWithReading(db)).ready, []);
    assert.equal((await periodStatus(db, APRIL, null)).silent, 1);
    await addReading(db, 1, at("2026-04-30T22:00:00+05:30"), 1_250_000);
    assert.deepEqual((await cyclesWithReading(db)).ready, [{ account_id: "A1", period: APRIL }]);
    assert.equal((await stepCycle(contextOf(db, now), "A1", APRIL, look)).state, "issued");
  },

  "counts drafts by themselves, and lets the draft of an earlier month go first": async (db) => {
    await addAccount(db, 1);
    await addReading(db, 1, at("2026-04-30T22:00:00+05:30"), 1_250_000);
    await addReading(db, 1, at("2026-05-31T22:00:00+05:30"), 1_400_000);
    const now = at("2026-06-02T10:00:00+05:30");
    const context = {
      ...contextOf(db, now),
      rules: { ...CYCLE_RULES, draft_grace_ms: 3_600_000 },
    };
    for (const month of [APRIL, "2026-05"]) {
      const { state } = await stepCycle(context, "A1", month, close(now));
      assert.equal(state, "draft");
    }
    const { drafts, awaiting, issued } = await periodStatus(db, APRIL, now);
    assert.deepEqual([drafts, awaiting, issued], [1, 0, 0]);

    const release = { step: "release" } as const;
    const may = await stepCycle(context, "A1", "2026-05", release);
    assert.deepEqual(
      [may.state, may.reason],
      ["draft", "the draft of 2026-04 goes first: release or drop it"],
    );
    const sheet = await showDraft(db, { account_id: "A1", period: "2026-05" }, context);
    assert.equal(sheet.bill?.inputs.units_kwh, 400);
    assert.equal((await stepCycle(context, "A1", APRIL, release)).state, "issued");
    assert.match((await stepCycle(context, "A1", "2026-05", release)).reason!, /400 kWh/);
    const { issued: number } = await stepCycle(context, "A1", "2026-05", release);
    assert.equal((await invoiceSheet(db, number!)).inputs.units_kwh, 150);
  },

  "says so when a meter has not answered in time": async (db) => {
    await addAccount(db, 1);
    await stepCycle(contextOf(db), "A1", APRIL, close());
    const late = NOW + 15 * 60_000;
    assert.deepEqual(await cyclesDue(db, late - 1, 10), []);
    assert.deepEqual(await cyclesDue(db, late, 10), [{ account_id: "A1", period: APRIL }]);
    const told = await stepCycle(contextOf(db, late), "A1", APRIL, { step: "deadline" });
    assert.match(told.reason!, /has not answered/);
    assert.deepEqual(await cyclesDue(db, late, 10), []);
    // It is asked once more, with a command of its own.
    const asked = await db.selectFrom("outbox").select("message_id")
      .where("subject", "=", "samay.command.SL1").orderBy("outbox_id").execute();
    assert.deepEqual(asked.map((row) => row.message_id), [
      `bill-A1-2026-04-${NOW}`,
      `bill-A1-2026-04-${late}`,
    ]);
  },

  "begins a cycle where the last one ended, with its history": async (db) => {
    await addAccount(db, 1);
    await db.insertInto("billing_cycle").values({
      account_id: "A1",
      period: "2026-02",
      state: "imported",
      units_kwh: 111,
    }).execute();
    const before = await bill(db, 1, 1_250_700);
    const may = at("2026-05-30T18:00:00+05:30");
    await stepCycle(contextOf(db, may), "A1", "2026-05", close(may));
    await addReading(db, 1, may + 1_000, 1_400_600);
    const { issued } = await stepCycle(contextOf(db, may + 2_000), "A1", "2026-05", look);
    assert.equal(issued, "MH/2026-27/000002");
    const { inputs } = await invoiceSheet(db, issued!);
    assert.equal(inputs.opening.value_wh, 1_250_700);
    // It is the closing one of the bill before, and tells how it came as that bill does.
    const { flags: _flags, checks: _checks, ...closed } =
      (await invoiceSheet(db, before.issued!)).inputs.closing;
    assert.deepEqual(inputs.opening, closed);
    assert.deepEqual([closed.source, closed.quality, closed.frame_sequence], [
      ...["frame", "measured", 71],
    ]);
    assert.equal(inputs.units_kwh, 150); // 1400 - 1250
    assert.deepEqual(inputs.history, [
      { period: "2026-02", units_kwh: 111 },
      { period: "2026-04", units_kwh: 250, days: 30 },
    ]);
  },

  "parks instead of guessing the final reading of a meter that was changed": async (db) => {
    await addAccount(db, 1);
    await db.insertInto("meter").values({
      meter_id: "M9",
      serial_number: "S9",
      slave_id: "SL1",
      alias: 9_999,
    }).execute();
    await db.updateTable("installation").set({ removed_at: new Date(NOW - 1_000) }).execute();
    await db.insertInto("installation").values({
      account_id: "A1",
      meter_id: "M9",
      premises: "Pune",
      installed_at: new Date(NOW - 1_000),
      removed_at: null,
      multiplying_factor: 1,
      opening_reading_wh: 0,
    }).execute();
    const result = await stepCycle(contextOf(db), "A1", APRIL, close());
    assert.equal(result.state, "parked");
    assert.match(result.reason!, /M1 was taken down on 2026-04-30 and nobody noted its final/);
  },

  "adds nothing when closed again": async (db) => {
    await addAccount(db, 1);
    await bill(db, 1, 1_250_100);
    const before = await counts(db);
    for (const step of [close(), close(NOW + 60_000), look]) {
      const again = await stepCycle(contextOf(db, NOW + 60_000), "A1", APRIL, step);
      assert.deepEqual(again, { state: "issued", reason: null, issued: null });
    }
    assert.deepEqual(await counts(db), before);
  },

  "voids a bill with a reason, and bills the period anew": async (db) => {
    await addAccount(db, 1);
    const { issued } = await bill(db, 1, 1_250_100);
    const request = { reason: "wrong reading", actor: "asha", now_ms: NOW + 5_000 };
    await voidInvoice(db, { ...request, bill: issued! });
    await assert.rejects(voidInvoice(db, { ...request, bill: issued! }), /is void already/);
    await assert.rejects(voidInvoice(db, { ...request, bill: "MH/2026-27/999999" }), TerminalError);
    const old = await invoiceSheet(db, issued!);
    assert.deepEqual([old.state, old.void_reason], ["void", "wrong reading"]);
    assert.ok(old.notifications.every((one) => one.state === "skipped"));
    const { invoice_id } = await findInvoice(db, issued!);
    const { bill: page } = await loadBill(db, invoice_id, { name: "Samay Vidyut" });
    assert.equal(page.withdrawn, true);
    // The first command, delivered once more, does not bring the bill back.
    assert.equal((await stepCycle(contextOf(db), "A1", APRIL, close())).state, "void");

    // What follows a reading that was wrong follows from the one before that.
    const wrong = {
      meter_id: "M1",
      read_at_ms: NOW + 2_000,
      deed: "reject",
      value_wh: null,
    } as const;
    await decideByPerson(db, { ...wrong, reason: "wrong reading", actor: "asha" }, NOW + 6_000);
    const later = NOW + 60_000;
    await stepCycle(contextOf(db, later), "A1", APRIL, close(later));
    await addReading(db, 1, later + 1_000, 1_240_000);
    const anew = await stepCycle(contextOf(db, later + 2_000), "A1", APRIL, look);
    assert.equal(anew.issued, "MH/2026-27/000002");
    assert.equal((await invoiceSheet(db, anew.issued!)).inputs.units_kwh, 240);
    assert.equal((await counts(db)).cycles, 2);
  },

  "does not void a bill on which a later one builds": async (db) => {
    await addAccount(db, 1);
    const { issued } = await bill(db, 1, 1_250_100);
    const may = at("2026-05-30T18:00:00+05:30");
    await stepCycle(contextOf(db, may), "A1", "2026-05", close(may));
    await addReading(db, 1, may + 1_000, 1_400_000);
    await stepCycle(contextOf(db, may + 2_000), "A1", "2026-05", look);
    const request = { bill: issued!, reason: "wrong", actor: "asha", now_ms: may };
    await assert.rejects(voidInvoice(db, request), /The bill for 2026-05 begins where this one/);
    assert.equal((await invoiceSheet(db, issued!)).state, "issued");
  },

  "gives one invoice and numbers without gaps, whatever closes at once": async (db) => {
    for (const n of [1, 2, 3]) {
      await addAccount(db, n);
      await stepCycle(contextOf(db), `A${n}`, APRIL, close());
      await addReading(db, n, NOW + 2_000, 1_250_000 + n);
    }
    // A fourth one takes a number and fails: the number must come back.
    await addAccount(db, 4);
    await assert.rejects(
      db.transaction().execute(async (trx) => {
        const { nextNumber } = await import("../../../streams/database/invoice_series.ts");
        await nextNumber(trx, "MH/2026-27");
        throw new Error("power cut");
      }),
    );
    const closers = [1, 2, 3].flatMap((n) =>
      Array.from(
        { length: 6 },
        (_, i) =>
          stepCycle(contextOf(db, NOW + 3_000), `A${n}`, APRIL, i % 2 === 0 ? look : close()),
      )
    );
    const results = await Promise.all(closers);
    assert.ok(results.every((result) => result.state === "issued"));
    const rows = await db.selectFrom("invoice").select(["number", "account_id"])
      .orderBy("number").execute();
    assert.deepEqual(rows.map((row) => row.number), [1, 2, 3].map((n) => `MH/2026-27/00000${n}`));
    assert.deepEqual(rows.map((row) => row.account_id).sort(), ["A1", "A2", "A3"]);
    assert.equal((await counts(db)).notifications, 6);
  },

  "bills no use twice when two months of an account close at once": async (db) => {
    const now = at("2026-06-02T10:00:00+05:30");
    const accounts = Array.from({ length: 8 }, (_, i) => i + 1);
    for (const n of accounts) {
      await addAccount(db, n);
      await addReading(db, n, at("2026-04-30T20:00:00+05:30"), 1_100_000);
      await addReading(db, n, at("2026-05-31T20:00:00+05:30"), 1_300_000);
    }
    await Promise.all(
      accounts.flatMap((n) =>
        [APRIL, "2026-05"].map((period) =>
          stepCycle(contextOf(db, now), `A${n}`, period, close(now))
        )
      ),
    );
    const rows = await db.selectFrom("billing_cycle").select(["account_id", "units_kwh"])
      .where("state", "=", "issued").execute();
    for (const n of accounts) {
      const billed = rows.filter((row) => row.account_id === `A${n}`)
        .reduce((sum, row) => sum + row.units_kwh!, 0);
      assert.equal(billed, 300);
    }
  },

  "counts a lost race as success: what the other did is the result": async (db) => {
    await addAccount(db, 1);
    await stepCycle(contextOf(db), "A1", APRIL, close());
    await addReading(db, 1, NOW + 2_000, 1_250_000);
    const { cycle_id } = await db.selectFrom("billing_cycle").select("cycle_id")
      .executeTakeFirstOrThrow();
    // Another program issued without the lock: the unique index is the last word.
    await db.insertInto("invoice").values({
      number: "X/1",
      account_id: "A1",
      period: APRIL,
      cycle_id,
      state: "issued",
      issued_at: new Date(NOW),
      due_on: "2026-05-21",
      total_paise: 1,
      rounding_paise: 0,
      payable_paise: 1,
      inputs: "{}",
      void_reason: null,
    }).execute();
    const result = await stepCycle(contextOf(db), "A1", APRIL, look);
    assert.equal(result.issued, null);
    assert.equal((await counts(db)).invoices, 1);
    assert.deepEqual(await db.selectFrom("invoice_series").selectAll().execute(), []);
  },

  "parks a failing account, but never one that is billed": async (db) => {
    await addAccount(db, 1);
    await addAccount(db, 2);
    await bill(db, 1, 1_250_100);
    await parkCycle(db, "A1", APRIL, "failed", NOW);
    await parkCycle(db, "A2", APRIL, "failed", NOW);
    const rows = await db.selectFrom("billing_cycle").select(["account_id", "state", "reason"])
      .orderBy("account_id").execute();
    assert.deepEqual(rows, [
      { account_id: "A1", state: "issued", reason: null },
      { account_id: "A2", state: "parked", reason: "failed" },
    ]);
    await assert.rejects(stepCycle(contextOf(db), "A9", APRIL, close()), /no account A9/);
  },

  "tries a parked account again at the next run": async (db) => {
    await addAccount(db, 1);
    await stepCycle(contextOf(db), "A1", APRIL, close());
    await parkCycle(db, "A1", APRIL, "failed", NOW + 5_000);
    assert.deepEqual(await accountsToClose(db, APRIL, {}, 10), ["A1"]);
    const next = await stepCycle(contextOf(db, NOW + 6_000), "A1", APRIL, close(NOW + 6_000));
    assert.equal(next.state, "awaiting_reading");
  },

  "bills a reading that is marked meter_error, and explains the mark": async (db) => {
    await addAccount(db, 1);
    const { issued } = await bill(db, 1, 1_250_100, ["meter_error"]);
    const { inputs } = await findInvoice(db, issued!);
    const text = explanationText(explain(await invoiceSheet(db, issued!), inputs), 120);
    assert.match(text, /marked meter_error: the meter's error register F\.F is not 0/);
  },

  "previews a month without writing": async (db) => {
    for (const n of [1, 2, 3]) await addAccount(db, n, n === 3 ? { phase: 3 } : {});
    await addReading(db, 1, NOW, 1_250_000);
    await addReading(db, 2, NOW, 900_000);
    await addReading(db, 3, NOW, 1_250_000);
    const before = await counts(db);
    const over = await previewPeriod(db, APRIL, contextOf(db, at("2026-05-02T00:00:00+05:30")));
    assert.deepEqual(over.accounts.map((one) => [one.account_id, one.would, one.units_kwh]), [
      ["A1", "issue", 250],
      ["A2", "park", null],
      ["A3", "park", null],
    ]);
    const graced = await previewPeriod(db, APRIL, {
      ...contextOf(db, at("2026-05-02T00:00:00+05:30")),
      rules: { ...CYCLE_RULES, draft_grace_ms: 3_600_000 },
    });
    const [first] = over.accounts;
    assert.deepEqual(graced.accounts[0], { ...first, would: "draft" });
    assert.ok(first!.payable_paise! > 0);
    const still_on = await previewPeriod(db, APRIL, contextOf(db));
    assert.deepEqual(still_on.accounts.map((one) => one.would), ["ask", "ask", "ask"]);
    await assert.rejects(previewPeriod(db, "2026-06", contextOf(db)), /2026-06 has not begun/);
    assert.deepEqual(await counts(db), before);
  },

  "keeps the versions of the tariffs": async (db) => {
    await emptyTables(db);
    await storeTariffs(db, tariffs());
    await storeTariffs(db, tariffs());
    const rows = await db.selectFrom("tariff").select(["tariff_id", "effective_to"])
      .orderBy("tariff_id").orderBy("effective_from").execute();
    // Examples bill nobody.
    assert.deepEqual(rows.map((row) => [row.tariff_id, row.effective_to]), [
      ["karnataka-lt-1", "2027-03-31"],
      ["msedcl-lt-1b", "2025-06-30"],
      ["msedcl-lt-1b", "2026-03-31"],
      ["msedcl-lt-1b", null],
      ["rajasthan-lt-1", null],
      ["tnpdcl-lt-1a", null],
    ]);
  },
});
