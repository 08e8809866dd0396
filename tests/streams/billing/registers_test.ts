import assert from "node:assert/strict";
import { CYCLE_RULES } from "../../../actors/billing/rules.ts";
import { tariffOf, tariffs } from "../../../actors/billing/tariff/catalogue.ts";
import { explain } from "../../../streams/billing/explain.ts";
import { explanationText } from "../../../streams/billing/explain_text.ts";
import { findInvoice, invoiceSheet } from "../../../streams/billing/invoices.ts";
import { withRegisters } from "../../../streams/billing/registers.ts";
import { stepCycle } from "../../../streams/billing/step.ts";
import { testOnEachDatabase } from "../../support/database.ts";
import { candidate, facts } from "../../actors/billing/cycle_fixture.ts";
import { addAccount, addReading, at, contextOf, type Db } from "./fixture.ts";

const { example_only: _, ...example } = tariffOf("example-commercial-tod");
const TOD = { ...example, id: "my-commercial-tod" };
const RULES = { ...CYCLE_RULES, tariffs: tariffs([TOD]) };
const OPENED = at("2026-05-31T18:00:00+05:30");
const CLOSED = at("2026-06-30T18:00:00+05:30");
const JUNE = "2026-06";

/** A1 under the made-up commercial tariff, billed to the end of May; 9000 kWh in June. */
async function commercial(db: Db) {
  await addAccount(db, 1, { tariff_id: TOD.id, sanctioned_load_w: 60_000 });
  await db.updateTable("account").set({ contract_va: 60_000 }).execute();
  await db.insertInto("billing_cycle").values({
    ...{ account_id: "A1", period: "2026-05", state: "imported", meter_id: "M1" },
    ...{ to_date: "2026-05-31", closing_wh: 1_000_900, closing_read_at: new Date(OPENED) },
  }).execute();
  await addReading(db, 1, CLOSED, 10_000_950);
}

async function addRegister(db: Db, obis: string, at_ms: number, value: number, unit = "VAh") {
  await db.insertInto("raw_reading").values({
    ...{ meter_id: "M1", obis, read_at: new Date(at_ms), value, unit, source: "import" },
    flags: "[]",
  }).execute();
}

async function addRegisters(db: Db) {
  const energy: [string, number, number][] = [
    ["1-0:9.8.0", 500_300, 10_100_200],
    ["1-0:9.8.1", 100_900, 2_100_100],
    ["1-0:9.8.2", 200_000, 4_200_999],
    ["1-0:9.8.3", 199_400, 3_799_300],
  ];
  for (const [obis, first, last] of energy) {
    await addRegister(db, obis, OPENED, first);
    await addRegister(db, obis, CLOSED, last);
  }
  await addRegister(db, "1-0:9.6.0", CLOSED, 50_000, "VA");
  // At another moment: not of this bill.
  await addRegister(db, "1-0:9.8.0", CLOSED - 900_000, 10_000_000);
}

const step = (db: Db, later: number) =>
  stepCycle({ ...contextOf(db, later), rules: RULES }, "A1", JUNE, {
    ...{ step: "close", requested_at_ms: later },
  });

testOnEachDatabase("Registers beside kWh", {
  "bill the made-up commercial month as its worked example, and explain it": async (db) => {
    await commercial(db);
    await addRegisters(db);
    const done = await step(db, CLOSED + 86_400_000);
    assert.equal(done.state, "issued", done.reason ?? "");
    const sheet = await invoiceSheet(db, done.issued!);
    const [worked] = TOD.versions[0]!.examples;
    assert.deepEqual(
      [sheet.total_paise, sheet.payable_paise],
      [worked!.total_paise, worked!.payable_paise],
    );
    const sums = Map.groupBy(sheet.lines, ({ code }) => code);
    for (const [code, paise] of Object.entries(worked!.paise_by_code)) {
      const sum = (sums.get(code) ?? []).reduce((total, one) => total + one.amount_paise, 0);
      assert.deepEqual([code, sum], [code, paise]);
    }
    const explained = explain(sheet, (await findInvoice(db, done.issued!)).inputs);
    assert.equal(explained.recomputed_equal, true);
    const text = explanationText(explained, 100);
    assert.match(text, /1-0:9\.8\.0 +500\.3 to 10100\.2 kVAh/);
    assert.match(text, /1-0:9\.6\.0 +50 kVA/);
    assert.match(text, /contract demand 60 kVA/);
    assert.match(text, /night 2000, solar 4000, evening 3600/);
  },

  "park the cycle with words while one is missing, and bill once it is there": async (db) => {
    await commercial(db);
    const first = await step(db, CLOSED + 86_400_000);
    assert.equal(first.state, "parked");
    assert.match(first.reason!, /register 1-0:9\.8\.0 of meter M1 at 2026-05-31T12:30:00/);
    assert.equal((await db.selectFrom("invoice").selectAll().execute()).length, 0);
    await addRegisters(db);
    await db.insertInto("reading_decision").values({
      ...{ meter_id: "M1", obis: "1-0:9.8.0", read_at: new Date(CLOSED), status: "rejected" },
      ...{ quality: "measured", value: null, rule: "person", detail: "wrong", reason: "photo" },
      decided_by: "asha",
    }).execute();
    assert.match((await step(db, CLOSED + 90_000_000)).reason!, /waits for a decision, or is rej/);
    await db.insertInto("reading_decision").values({
      ...{ meter_id: "M1", obis: "1-0:9.8.0", read_at: new Date(CLOSED), status: "accepted" },
      ...{ quality: "measured", value: 10_100_200, rule: "person", detail: "seen", reason: "ok" },
      decided_by: "asha",
    }).execute();
    assert.equal((await step(db, CLOSED + 95_000_000)).state, "issued");
  },

  "are asked of no database where the tariff is plain": async () => {
    const untouched = new Proxy({}, {
      get: () => assert.fail("a plain account has asked for registers"),
    }) as Db;
    const closings = [{ candidate: candidate(), facts: facts() }];
    const found = await withRegisters(untouched, closings, tariffs());
    assert.deepEqual(found, [candidate()]);
  },
});
