/** Final and start readings that were noted wrongly are corrected by a person. */
import assert from "node:assert/strict";
import { CYCLE_RULES } from "../../../actors/billing/rules.ts";
import { utf8 } from "../../../protocol/bytes.ts";
import { invoiceSheet } from "../../../streams/billing/invoices.ts";
import { stepCycle } from "../../../streams/billing/step.ts";
import { voidInvoice } from "../../../streams/billing/void.ts";
import type { OfficeContext } from "../../../streams/office/office.ts";
import { premisesVerbs } from "../../../streams/office/premises_verbs.ts";
import type { Noted } from "../../../streams/premises/note.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { testOnEachDatabase } from "../../support/database.ts";
import { addAccount, addReading, at, contextOf, counts, type Db } from "../billing/fixture.ts";

const APRIL = "2026-04";
const MAY = at("2026-05-02T10:00:00+05:30");

async function ask<T>(db: Db, name: string, input: object, now = MAY): Promise<T> {
  const context = { db, log: silentLog, now_ms: () => now } as unknown as OfficeContext;
  return await premisesVerbs[name]!.handle(utf8(JSON.stringify(input)), name, context) as T;
}

async function addMeter(db: Db, n: number): Promise<void> {
  await db.insertInto("meter").values({
    ...{ meter_id: `M${n}`, serial_number: `S${n}`, slave_id: "SL1", alias: 9_000 + n },
  }).execute();
}

const close = async (db: Db, now: number, account = "A1") =>
  await stepCycle(contextOf(db, now), account, APRIL, { step: "close", requested_at_ms: now });

const unitsOf = async (db: Db, number: string) => (await invoiceSheet(db, number)).inputs.units_kwh;

const note = (which: "final" | "start", value_wh: number, meter_id = "M1") => ({
  ...{ meter_id, account_id: "A1", which, value_wh, reason: "photo", actor: "asha" },
});
const out = {
  ...{ account_id: "A1", at: "2026-04-20", final_wh: 9_160_000, reason: "moved out" },
};
const exchange = {
  ...{ old_meter_id: "M1", new_meter_id: "M9", final_wh: 1_130_400, start_wh: 12_300 },
  ...{ at: "2026-04-16T11:00:00+05:30", reason: "display dark" },
};

async function stateOf(db: Db) {
  return await db.selectFrom("billing_cycle").select(["state", "parked_rule"])
    .where("account_id", "=", "A1").where("state", "<>", "void").executeTakeFirstOrThrow();
}

/** The latest decision about the reading of meter M9. */
async function decisionOf(db: Db) {
  const latest = await db.selectFrom("reading_decision").select(["status", "rule", "decided_by"])
    .where("meter_id", "=", "M9").orderBy("decision_id", "desc").executeTakeFirst();
  return latest === undefined ? null : Object.values(latest).join(" ");
}

testOnEachDatabase("Noted readings", {
  "a final reading that a rule refused: corrected, audited, and the last bill goes out": async (
    db,
  ) => {
    await addAccount(db, 1);
    await ask(db, "account-close", out);
    await close(db, MAY);
    assert.deepEqual(await stateOf(db), { state: "parked", parked_rule: "spike" });
    await db.deleteFrom("outbox").execute();
    const done = await ask<Noted>(db, "meter-note", note("final", 1_160_000), MAY + 1);
    assert.deepEqual([done.before_wh, done.value_wh, done.periods], [
      ...[9_160_000, 1_160_000],
      [APRIL],
    ]);
    const audit = await db.selectFrom("audit").select(["actor", "subject", "detail"])
      .where("action", "=", "meter.noted").orderBy("audit_id").execute();
    assert.deepEqual(audit.map((one) => [one.actor, one.subject]), [["asha", "M1"], [
      "asha",
      "A1",
    ]]);
    const { before_wh, value_wh, which, reason } = audit[0]!.detail as Record<string, unknown>;
    assert.deepEqual([before_wh, value_wh, which, reason], [
      ...[9_160_000, 1_160_000, "final", "photo"],
    ]);
    const [command] = await db.selectFrom("outbox").select(["subject", "payload"]).execute();
    assert.deepEqual(command!.payload, {
      ...{ command: "close", account_id: "A1", period: APRIL, requested_at_ms: MAY + 1 },
    });
    assert.match(command!.subject, /^samay\.billing\..*A1$/);
    const { issued } = await close(db, MAY + 1);
    assert.equal(await unitsOf(db, issued!), 160);

    const again = note("final", 1_161_000);
    const before = await counts(db);
    await assert.rejects(
      ask(db, "meter-note", again, MAY + 2),
      /final reading of meter M1 of .* is in the bill of A1 for 2026-04: void it first/,
    );
    assert.deepEqual(await counts(db), before);
    await voidInvoice(db, { bill: issued!, reason: "x", actor: "asha", now_ms: MAY + 3 });
    assert.deepEqual((await ask<Noted>(db, "meter-note", again, MAY + 4)).periods, []);
    assert.equal(await unitsOf(db, (await close(db, MAY + 5)).issued!), 161);
  },

  "a start reading too high: the reading that closes is lifted from quarantine, and judged anew":
    async (db) => {
      await addAccount(db, 1);
      await addMeter(db, 9);
      await ask(db, "meter-exchange", { ...exchange, start_wh: 812_300 });
      await addReading(db, 9, at("2026-04-30T23:00:00+05:30"), 132_100);
      await close(db, MAY);
      assert.equal((await stateOf(db)).state, "parked");
      assert.match((await decisionOf(db))!, /^quarantined .* billing$/);
      await assert.rejects(
        ask(db, "meter-note", note("start", 140_000, "M9")),
        /start reading 140 kWh of meter M9 is more than the 132.1 kWh that it showed/,
      );
      const done = await ask<Noted>(db, "meter-note", note("start", 12_300, "M9"), MAY + 1);
      assert.deepEqual(done.periods, [APRIL]);
      assert.match((await decisionOf(db))!, /^accepted .* asha$/);
      const { issued } = await close(db, MAY + 1);
      assert.equal(await unitsOf(db, issued!), 250);
      await assert.rejects(ask(db, "meter-note", note("start", 12_400, "M9")), /void it first/);
    },

  "a correction that is wrong as well waits for a person once more": async (db) => {
    await addAccount(db, 1);
    await addMeter(db, 9);
    await ask(db, "meter-exchange", exchange);
    await addReading(db, 9, at("2026-04-30T23:00:00+05:30"), 9_132_100);
    await close(db, MAY);
    await ask(db, "meter-note", note("start", 20_000, "M9"), MAY + 1);
    await close(db, MAY + 1);
    assert.deepEqual(await stateOf(db), { state: "parked", parked_rule: "spike" });
    assert.equal(await decisionOf(db), "quarantined spike billing");
    await ask(db, "meter-note", note("start", 9_012_300, "M9"), MAY + 2);
    assert.equal(await unitsOf(db, (await close(db, MAY + 2)).issued!), 250);
  },

  "a final reading that nobody noted is noted, and the month goes on": async (db) => {
    await addAccount(db, 1);
    await addMeter(db, 9);
    await ask(db, "meter-exchange", exchange);
    await db.updateTable("installation").set({ final_reading_wh: null })
      .where("meter_id", "=", "M1").execute();
    await addReading(db, 9, at("2026-04-30T23:00:00+05:30"), 132_100);
    assert.match((await close(db, MAY)).reason!, /nobody noted its final reading/);
    const done = await ask<Noted>(db, "meter-note", note("final", 1_130_400), MAY + 1);
    assert.deepEqual([done.before_wh, done.periods], [null, [APRIL]]);
    assert.equal(await unitsOf(db, (await close(db, MAY + 1)).issued!), 250);
  },

  "a draft that stands on it is made anew": async (db) => {
    await addAccount(db, 1);
    await ask(db, "account-close", { ...out, final_wh: 1_160_000 });
    const graced = (now: number) => ({
      ...contextOf(db, now),
      rules: { ...CYCLE_RULES, draft_grace_ms: 86_400_000 },
    });
    const request = { step: "close" as const, requested_at_ms: MAY };
    assert.equal((await stepCycle(graced(MAY), "A1", APRIL, request)).state, "draft");
    const done = await ask<Noted>(db, "meter-note", note("final", 1_161_000), MAY + 1);
    assert.deepEqual(done.periods, [APRIL]);
    assert.equal(await unitsOf(db, (await close(db, MAY + 1)).issued!), 161);
  },

  "a month that is parked for something else stays parked": async (db) => {
    await addAccount(db, 1);
    await ask(db, "account-close", { ...out, final_wh: 1_160_000 });
    await db.insertInto("billing_cycle").values({
      ...{ account_id: "A1", period: APRIL, state: "parked", reason: "draft dropped: wrong load" },
      requested_at: new Date(MAY),
    }).execute();
    assert.deepEqual((await ask<Noted>(db, "meter-note", note("final", 1_161_000))).periods, []);
  },

  "what cannot be is refused, and changes nothing": async (db) => {
    for (const n of [1, 2]) await addAccount(db, n);
    await addReading(db, 1, at("2026-04-19T10:45:00+05:30"), 1_130_300);
    const refused = async (change: object, words: RegExp) =>
      await assert.rejects(
        ask(db, "meter-note", { ...note("final", 1_140_000), ...change }),
        words,
      );
    await refused({}, /hangs at account A1 still/);
    await ask(db, "account-close", { ...out, final_wh: 1_160_000 });
    await ask(db, "account-open", {
      ...{ account_id: "A3", meter_id: "M1", consumer_number: "C3", name: "Ravi Joshi" },
      ...{ at: "2026-04-22", start_wh: 1_160_000, reason: "moved in" },
    });
    const before = await counts(db);
    await refused({ account_id: "A2" }, /never hung at an account A2/);
    await refused({ value_wh: 1_160_000 }, /noted as 1160 kWh already/);
    await refused({ value_wh: 1_130_200 }, /less than the 1130.3 kWh that it showed/);
    await refused({ value_wh: 1_170_000 }, /A3 begins at meter M1 with 1160 kWh/);
    const start = { account_id: "A3", which: "start" };
    await refused({ ...start, value_wh: 1_159_000 }, /A1 ended at meter M1 with 1160 kWh/);
    await refused({ reason: " " }, /say why/);
    assert.deepEqual(await counts(db), before);
    const noted = await db.selectFrom("installation")
      .select(["opening_reading_wh", "final_reading_wh"]).where("meter_id", "=", "M1")
      .orderBy("installed_at").execute();
    assert.deepEqual(noted.map((one) => Object.values(one)), [
      [1_000_900, 1_160_000],
      [1_160_000, null],
    ]);
  },
});
