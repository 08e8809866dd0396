/** Many accounts in one step: the same bills as one by one, numbers in order, all or none. */
import assert from "node:assert/strict";
import { TerminalError } from "../../../protocol/errors.ts";
import { invoiceSheet } from "../../../streams/billing/invoices.ts";
import {
  batchesOf,
  stepCycle,
  stepCycles,
  type StepRequest,
} from "../../../streams/billing/step.ts";
import { testOnEachDatabase } from "../../support/database.ts";
import { addAccount, addReading, contextOf, counts, type Db, NOW } from "./fixture.ts";

const APRIL = "2026-04";
const close = { step: "close", requested_at_ms: NOW } as const;
const look = { step: "look" } as const;
const keysOf = (numbers: readonly number[]) =>
  numbers.map((n) => ({ account_id: `A${n}`, period: APRIL }));

/** One step of all accounts of `numbers`, in one transaction. */
function step(db: Db, numbers: readonly number[], request: StepRequest, now = NOW) {
  return db.transaction().execute((trx) =>
    stepCycles(trx, contextOf(db, now), keysOf(numbers), request)
  );
}

/** Three accounts, asked and read; the third one's register went back. */
async function threeRead(db: Db): Promise<void> {
  for (const n of [1, 2, 3]) await addAccount(db, n);
  const asked = await step(db, [1, 2, 3], close);
  assert.deepEqual(asked.map(({ state }) => state), Array(3).fill("awaiting_reading"));
  assert.equal((await counts(db)).outbox, 3);
  await addReading(db, 1, NOW + 2_000, 1_250_100);
  await addReading(db, 2, NOW + 2_000, 1_101_000);
  await addReading(db, 3, NOW + 2_000, 900_000);
}

testOnEachDatabase("Many billing cycles in one step", {
  "issues what can be issued and parks the rest, numbered in the order asked": async (db) => {
    await threeRead(db);
    const results = await step(db, [2, 3, 1], look, NOW + 3_000);
    assert.deepEqual(results.map(({ state }) => state), ["issued", "parked", "issued"]);
    assert.deepEqual(results.map(({ issued }) => issued), [
      "MH/2026-27/000001",
      null,
      "MH/2026-27/000002",
    ]);
    assert.match(results[1]!.reason!, /less than the start reading/);
    const sheet = await invoiceSheet(db, "MH/2026-27/000002");
    assert.deepEqual([sheet.account_id, sheet.inputs.units_kwh], ["A1", 250]);
    assert.equal(
      sheet.lines.reduce((sum, line) => sum + line.amount_paise, 0),
      sheet.payable_paise,
    );
    assert.equal(sheet.notifications.length, 2);
    const { cycles, invoices, notifications, outbox, audit } = await counts(db);
    assert.deepEqual([cycles, invoices, notifications, outbox, audit], [3, 2, 4, 7, 2]);
  },

  "makes the same bill as a step of that account alone": async (db) => {
    await threeRead(db);
    const alone = await stepCycle(contextOf(db, NOW + 3_000), "A1", APRIL, look);
    const sheet = await invoiceSheet(db, alone.issued!);
    await addAccount(db, 11);
    await addAccount(db, 12);
    await step(db, [11, 12], close);
    for (const n of [11, 12]) await addReading(db, n, NOW + 2_000, 1_250_100);
    const [, last] = await step(db, [11, 12], look, NOW + 3_000);
    const batched = await invoiceSheet(db, last!.issued!);
    assert.deepEqual(batched.lines, sheet.lines);
    assert.deepEqual(Object.keys(batched.inputs), Object.keys(sheet.inputs));
    assert.equal(batched.inputs.units_kwh, sheet.inputs.units_kwh);
  },

  "adds nothing when it is done again": async (db) => {
    await threeRead(db);
    await step(db, [1, 2, 3], look, NOW + 3_000);
    const before = await counts(db);
    const again = await step(db, [1, 2, 3], close, NOW + 4_000);
    assert.deepEqual(again.map(({ state, issued }) => [state, issued]), [
      ["issued", null],
      ["issued", null],
      ["parked", null],
    ]);
    assert.deepEqual(await counts(db), before);
  },

  "writes nothing at all when one account is not known": async (db) => {
    await addAccount(db, 1);
    await assert.rejects(step(db, [1, 9], close), (error: Error) => {
      assert.ok(error instanceof TerminalError);
      assert.match(error.message, /no account A9/);
      return true;
    });
    assert.equal((await counts(db)).cycles, 0);
  },

  "takes no account twice: its second month must see the first one's bill": async (db) => {
    await addAccount(db, 1);
    const keys = ["2026-03", APRIL].map((period) => ({ account_id: "A1", period }));
    await assert.rejects(
      db.transaction().execute((trx) => stepCycles(trx, contextOf(db), keys, close)),
      /An account twice in one batch/,
    );
    const other = { account_id: "A2", period: APRIL };
    assert.deepEqual(batchesOf([...keys, other], 250), [[keys[0], other], [keys[1]]]);
    assert.deepEqual(batchesOf([keys[0]!, other], 1), [[keys[0]], [other]]);
  },

  "keeps text as it is, whatever characters a customer's name has": async (db) => {
    await addAccount(db, 1);
    const name = 'Asha\tPatil \\ "मीटर"\n2nd line';
    await db.updateTable("consumer").set({ name }).execute();
    await step(db, [1], close);
    await addReading(db, 1, NOW + 2_000, 1_250_100);
    const [{ issued } = { issued: null }] = await step(db, [1], look, NOW + 3_000);
    assert.equal((await invoiceSheet(db, issued!)).inputs.consumer.name, name);
  },
});
