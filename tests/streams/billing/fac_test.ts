import assert from "node:assert/strict";
import { tariffOf } from "../../../actors/billing/tariff/catalogue.ts";
import { explain } from "../../../streams/billing/explain.ts";
import { listFac, type NewFac, setFac } from "../../../streams/billing/fac.ts";
import { findInvoice, invoiceSheet } from "../../../streams/billing/invoices.ts";
import { stepCycle } from "../../../streams/billing/step.ts";
import { auditOf } from "../../../streams/database/audit.ts";
import { testOnEachDatabase } from "../../support/database.ts";
import { addAccount, addReading, contextOf, type Db, NOW } from "./fixture.ts";

const APRIL = "2026-04";
const LT1B = tariffOf("msedcl-lt-1b");

const given = (change: Partial<NewFac> = {}): NewFac => ({
  ...{ month: APRIL, rates: [5_000], source: "Circular 6, page 1", bills_stand: false },
  ...{ reason: "published", actor: "asha" },
  ...change,
});

/** Closes April of A`n`. */
async function bill(db: Db, n: number) {
  const close = { step: "close" as const, requested_at_ms: NOW };
  await stepCycle(contextOf(db), `A${n}`, APRIL, close);
  await addReading(db, n, NOW + 2_000, 1_250_100);
  return (await stepCycle(contextOf(db, NOW + 3_000), `A${n}`, APRIL, { step: "look" })).issued!;
}

async function facOf(db: Db, number: string): Promise<number> {
  const { lines } = await invoiceSheet(db, number);
  return lines.reduce((sum, one) => one.code === "fac" ? sum + one.amount_paise : sum, 0);
}

testOnEachDatabase("The fuel adjustment of a month", {
  "is billed, kept in the bill, and explained from there": async (db) => {
    await addAccount(db, 1);
    const set = await setFac(db, LT1B, given());
    assert.deepEqual(set, {
      ...{ tariff_id: LT1B.id, month: APRIL, before: null, issued: 0, unchanged: false },
    });
    const number = await bill(db, 1);
    assert.equal(await facOf(db, number), 250 * 50);
    const sheet = await invoiceSheet(db, number);
    assert.deepEqual(sheet.inputs.fac, [
      { month: APRIL, from: "2026-03-31", rates: [5_000], source: "Circular 6, page 1" },
    ]);
    await setFac(db, LT1B, given({ rates: [9_000], bills_stand: true }));
    const explained = explain(sheet, (await findInvoice(db, number)).inputs);
    assert.equal(explained.recomputed_equal, true);
    const line = explained.lines.find(({ code }) => code === "fac")!;
    assert.match(line.clause, /page \d+; rates: Circular 6, page 1/);
  },

  "is not entered behind the back of bills that are issued": async (db) => {
    await addAccount(db, 1);
    await addAccount(db, 2);
    const first = await bill(db, 1);
    assert.equal(await facOf(db, first), 0);
    const set = (change: Partial<NewFac> = {}) => setFac(db, LT1B, given(change));
    await assert.rejects(set(), /1 bill of 2026-04 by msedcl-lt-1b is issued, with no FAC/);
    assert.deepEqual(await listFac(db, { all: true, limit: 9 }), []);
    assert.equal((await set({ bills_stand: true })).issued, 1);
    // Issued with none, and it stays so; the next one has it.
    assert.equal(await facOf(db, first), 0);
    assert.equal(await facOf(db, await bill(db, 2)), 250 * 50);
  },

  "is a row for each version, with who and why; the latest counts": async (db) => {
    await setFac(db, LT1B, given());
    assert.equal((await setFac(db, LT1B, given())).unchanged, true);
    const rates = [1_000, 2_000, 3_000, 4_000];
    const { before } = await setFac(db, LT1B, given({ rates, actor: "vijay", reason: "erratum" }));
    assert.deepEqual(before, [5_000]);
    const all = await listFac(db, { all: true, limit: 9 });
    assert.deepEqual(all.map((one) => [one.rates, one.set_by, one.holds]), [
      [rates, "vijay", true],
      [[5_000], "asha", false],
    ]);
    assert.deepEqual(await listFac(db, { all: false, limit: 9, tariff_id: "other" }), []);
    assert.equal((await listFac(db, { all: false, limit: 9 })).length, 1);
    const [entry] = await auditOf(db, `msedcl-lt-1b ${APRIL}`);
    assert.deepEqual([entry!.actor, entry!.action], ["vijay", "fac.set"]);
    assert.equal((entry!.detail as { reason: string }).reason, "erratum");
    await assert.rejects(
      db.updateTable("fac_rate").set({ source: "x" }).execute(),
      /never changed/,
    );
    await assert.rejects(db.deleteFrom("fac_rate").execute(), /never changed/);
    await assert.rejects(setFac(db, LT1B, given({ rates: [1, 2] })), /2 FAC rates for 4 slabs/);
  },
});
