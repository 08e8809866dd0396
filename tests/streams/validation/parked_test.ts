/** A month that a wrong reading holds up: parked with the rule's words, and on after a decision. */
import assert from "node:assert/strict";
import { CYCLE_RULES } from "../../../actors/billing/rules.ts";
import { VALIDATION_RULES } from "../../../actors/validation/rules.ts";
import { invoiceInputs } from "../../../protocol/messages/invoice_inputs.ts";
import { cyclesWithReading } from "../../../streams/billing/awaiting.ts";
import { stepCycle } from "../../../streams/billing/step.ts";
import { decideByPerson } from "../../../streams/validation/person.ts";
import { CONSUMER_REGISTER } from "../../../protocol/iec62056/obis.ts";
import { ENERGY } from "../../../streams/database/readings.ts";
import { Sweep } from "../../../streams/validation/sweep.ts";
import { testOnEachDatabase } from "../../support/database.ts";
import { addAccount, addReading, at, contextOf, type Db } from "../billing/fixture.ts";
import { DAY, put } from "./readings.ts";

const READ = at("2026-04-30T23:45:00+05:30");
const NOW = at("2026-05-01T02:00:00+05:30");
const close = { step: "close", requested_at_ms: at("2026-05-01T01:00:00+05:30") } as const;

const asha = { meter_id: "M1", read_at_ms: READ, reason: "seen on site", actor: "asha" };

async function parked(db: Db): Promise<void> {
  await addAccount(db, 1);
  await addReading(db, 1, READ, 9_000_900);
  const { state, reason } = await stepCycle(contextOf(db, NOW), "A1", "2026-04", close);
  assert.equal(state, "parked");
  assert.match(reason!, /8000 kWh in 726 hours are more than 2 times the sanctioned load/);
}

const closeApril = (db: Db, n = 1) => stepCycle(contextOf(db, NOW), `A${n}`, "2026-04", close);

/** A good reading that closes April, with another consumer's number told beside it. */
async function putForeign(db: Db, value = 1_200_900): Promise<void> {
  await addAccount(db, 1);
  const reading = { n: 1, read_at_ms: READ, sequence: 5 };
  const told = { obis: CONSUMER_REGISTER, value: 170_012_340_009 };
  await put(db, { ...reading, value }, { ...reading, ...told });
}

async function sweepAll(db: Db): Promise<void> {
  const sweep = new Sweep(db, VALIDATION_RULES);
  while (true) {
    const { cursor, ledger, readings } = await sweep.step(NOW);
    if (cursor >= ledger && readings === 0) return;
  }
}

/** Two months of 6 kWh a day, then a register that stands from 5 April on, read each day. */
async function putStanding(db: Db): Promise<void> {
  await addAccount(db, 1);
  await db.insertInto("billing_cycle").values(["2026-02", "2026-03"].map((period) => ({
    ...{ account_id: "A1", period, state: "imported" as const, meter_id: null },
    ...{ units_kwh: 180, from_date: `${period}-01`, to_date: `${period}-28` },
  }))).execute();
  const days = Array.from({ length: 30 }, (_, day) => day);
  await put(
    db,
    ...days.map((day) => ({
      ...{ n: 1, read_at_ms: READ - day * DAY, sequence: 60 - day },
      value: 1_180_900 - 6_000 * Math.max(0, day - 25),
    })),
  );
}

async function billed(db: Db) {
  assert.equal((await cyclesWithReading(db)).ready.length, 1);
  const step = await stepCycle(contextOf(db, NOW), "A1", "2026-04", { step: "look" });
  assert.equal(step.state, "issued");
  const { inputs } = await db.selectFrom("invoice").select("inputs").executeTakeFirstOrThrow();
  return invoiceInputs.parse(inputs);
}

testOnEachDatabase("A month that a reading holds up", {
  "what fails is quarantined with the cycle, once, and told by a second run too": async (db) => {
    await parked(db);
    const again = { ...close, requested_at_ms: close.requested_at_ms + 1_000 };
    const { state, reason } = await stepCycle(contextOf(db, NOW), "A1", "2026-04", again);
    assert.equal(state, "parked");
    assert.match(reason!, /8000 kWh in 726 hours/);
    const decisions = await db.selectFrom("reading_decision").selectAll().execute();
    assert.deepEqual(decisions.map(({ rule, decided_by }) => [rule, decided_by]), [
      ["spike", "billing"],
    ]);
    const cycle = await db.selectFrom("billing_cycle").selectAll().executeTakeFirstOrThrow();
    assert.deepEqual([cycle.parked_reading_at?.getTime(), cycle.parked_rule], [READ, "spike"]);
    assert.equal((await db.selectFrom("invoice").select("number").execute()).length, 0);
  },

  "approved: billed as measured, and the bill tells who said so": async (db) => {
    await parked(db);
    await decideByPerson(db, { ...asha, deed: "approve", value_wh: null }, NOW);
    const { units_kwh, closing } = await billed(db);
    assert.equal(units_kwh, 8_000);
    const failed = closing.checks?.filter(({ outcome }) => outcome === "failed");
    assert.deepEqual(failed?.map(({ rule }) => rule), ["spike"]);
    assert.match(closing.checks!.at(-1)!.detail, /approved by asha: seen on site/);
  },

  "edited: billed with the value that a person gave": async (db) => {
    await parked(db);
    await decideByPerson(db, { ...asha, deed: "edit", value_wh: 1_200_900 }, NOW);
    const { units_kwh, closing } = await billed(db);
    assert.deepEqual([units_kwh, closing.value_wh, closing.quality], [200, 1_200_900, "edited"]);
  },

  "rejected: the reading before it closes the month": async (db) => {
    await parked(db);
    await addReading(db, 1, READ - 900_000, 1_150_900);
    await decideByPerson(db, { ...asha, deed: "reject", value_wh: null }, NOW);
    const { units_kwh, closing } = await billed(db);
    assert.deepEqual([units_kwh, closing.read_at_ms], [150, READ - 900_000]);
  },

  "rejected while a draft stands on it: the draft is made anew, without it": async (db) => {
    await addAccount(db, 1);
    await addReading(db, 1, READ - 900_000, 1_150_900);
    await addReading(db, 1, READ, 1_151_900);
    const graced = {
      ...contextOf(db, NOW),
      rules: { ...CYCLE_RULES, draft_grace_ms: 3_600_000 },
    };
    assert.equal((await stepCycle(graced, "A1", "2026-04", close)).state, "draft");
    await decideByPerson(db, { ...asha, deed: "reject", value_wh: null }, NOW);
    assert.equal((await billed(db)).units_kwh, 150);
  },

  "a reading that the sweep has not reached is judged with all that came with it": async (db) => {
    await putForeign(db);
    const { state, reason } = await closeApril(db);
    assert.equal(state, "parked");
    assert.match(reason!, /tells consumer 170012340009, but it hangs at consumer C1's/);
    await sweepAll(db);
    const rows = await db.selectFrom("reading_decision").selectAll().execute();
    assert.deepEqual(rows.map(({ rule, decided_by }) => [rule, decided_by]), [
      ["consumer_mismatch", "billing"],
    ]);
    await decideByPerson(db, { ...asha, deed: "approve", value_wh: null }, NOW);
    assert.equal((await billed(db)).units_kwh, 200);
  },

  "one that came in a file is judged so too": async (db) => {
    await addAccount(db, 1);
    await addReading(db, 1, READ - 900_000, 1_150_900);
    await db.insertInto("raw_reading").values({
      ...{ meter_id: "M1", obis: ENERGY, read_at: new Date(READ), value: 1_200_900, unit: "Wh" },
      ...{ source: "import", flags: "[]" },
    }).execute();
    const key = { meter_id: "M1", obis: ENERGY, read_at: new Date(READ) };
    await db.insertInto("reading_unvalidated").values(key).execute();
    const { state, reason } = await closeApril(db);
    assert.equal(state, "parked");
    assert.match(reason!, /50 kWh in 15 minutes are more than/);
  },

  "what the sweep has judged is not looked up again": async (db) => {
    await putForeign(db);
    await db.updateTable("validation_cursor").set({ sequence: 5 }).execute();
    assert.equal((await closeApril(db)).state, "issued");
  },

  "a register that stands holds up its month, until a person has said that it may": async (db) => {
    await putStanding(db);
    await sweepAll(db);
    const waiting = await db.selectFrom("reading_decision").select(["rule", "read_at"]).execute();
    assert.deepEqual(waiting.map(({ rule }) => rule), ["frozen_register"]);
    const { state, reason } = await closeApril(db);
    assert.equal(state, "parked");
    assert.match(reason!, /stands at 1180\.9 kWh for 20 days, where 6\.\d kWh a day are usual/);
    const told = { ...asha, read_at_ms: waiting[0]!.read_at.getTime() };
    await decideByPerson(db, { ...told, deed: "approve", value_wh: null }, NOW);
    // The one that closes the month was put into quarantine with it.
    await decideByPerson(db, { ...asha, deed: "approve", value_wh: null }, NOW);
    assert.equal((await billed(db)).units_kwh, 180);
  },

  "a register that a person has looked at may go on standing": async (db) => {
    await putStanding(db);
    await decideByPerson(
      db,
      { ...asha, read_at_ms: READ - 3 * DAY, deed: "edit", value_wh: 1_180_900 },
      NOW,
    );
    await db.updateTable("validation_cursor").set({ sequence: 60 }).execute();
    assert.equal((await closeApril(db)).state, "issued");
  },

  "a utility's own threshold holds for billing": async (db) => {
    await addAccount(db, 1);
    await addReading(db, 1, READ, 9_000_900);
    const validation = structuredClone(VALIDATION_RULES);
    validation.rules.spike.load_margin = 10;
    const context = { ...contextOf(db, NOW), rules: { ...CYCLE_RULES, validation } };
    assert.equal((await stepCycle(context, "A1", "2026-04", close)).state, "issued");
  },
});
