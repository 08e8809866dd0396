/** The consumer number in a meter stays when one customer moves out and another in. */
import assert from "node:assert/strict";
import { VALIDATION_RULES } from "../../../actors/validation/rules.ts";
import { CONSUMER_REGISTER } from "../../../protocol/iec62056/obis.ts";
import { utf8 } from "../../../protocol/bytes.ts";
import { invoiceSheet } from "../../../streams/billing/invoices.ts";
import { stepCycle } from "../../../streams/billing/step.ts";
import type { OfficeContext } from "../../../streams/office/office.ts";
import { premisesVerbs } from "../../../streams/office/premises_verbs.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { Sweep } from "../../../streams/validation/sweep.ts";
import { testOnEachDatabase } from "../../support/database.ts";
import { at, contextOf, type Db } from "../billing/fixture.ts";
import { decisions, put } from "../validation/readings.ts";

const FIRST = 170_012_340_001;
const SECOND = 170_012_340_002;
const MAY = at("2026-05-02T10:00:00+05:30");

async function ask<T>(db: Db, name: string, input: object): Promise<T> {
  const context = { db, log: silentLog, now_ms: () => MAY } as unknown as OfficeContext;
  return await premisesVerbs[name]!.handle(utf8(JSON.stringify(input)), name, context) as T;
}

const moveIn = (db: Db, n: number, consumer: number, day: string, start_wh: number) =>
  ask<{ enrolled_consumer: string | null }>(db, "account-open", {
    ...{ account_id: `A${n}`, meter_id: "M1", consumer_number: String(consumer), name: "Ravi" },
    ...{ at: day, start_wh, reason: "moved in", sanctioned_load_w: 3_000 },
  });

/** A reading with which the meter tells a consumer number. */
const telling = (db: Db, text: string, value: number, sequence: number, consumer: number) => {
  const one = { n: 1, read_at_ms: at(text), sequence };
  return put(db, { ...one, value }, { ...one, value: consumer, obis: CONSUMER_REGISTER });
};

testOnEachDatabase("A meter that tells its consumer", {
  "moved out and in: the next account is billed, and a number that is neither is caught": async (
    db,
  ) => {
    await db.insertInto("meter").values({
      ...{ meter_id: "M1", serial_number: "S1", slave_id: "SL1", alias: 9_001 },
    }).execute();
    const enrolled = await moveIn(db, 1, FIRST, "2026-03-31", 1_000_000);
    assert.equal(enrolled.enrolled_consumer, null);
    await ask(db, "account-close", {
      ...{ account_id: "A1", at: "2026-04-20", final_wh: 1_160_000, reason: "moved out" },
    });
    const second = await moveIn(db, 2, SECOND, "2026-04-21", 1_160_000);
    assert.equal(second.enrolled_consumer, String(FIRST));

    const sweep = new Sweep(db, VALIDATION_RULES);
    await telling(db, "2026-04-22T12:00:00+05:30", 1_165_000, 1, FIRST);
    await telling(db, "2026-04-23T12:00:00+05:30", 1_170_000, 2, SECOND);
    await telling(db, "2026-04-30T23:00:00+05:30", 1_200_000, 3, FIRST);
    await sweep.step(MAY);
    assert.deepEqual((await decisions(db)).filter((one) => one.includes("consumer")), []);
    const close = { step: "close" as const, requested_at_ms: MAY };
    const { issued } = await stepCycle(contextOf(db, MAY), "A2", "2026-04", close);
    const { inputs } = await invoiceSheet(db, issued!);
    assert.deepEqual([inputs.units_kwh, inputs.consumer.number], [40, String(SECOND)]);

    await telling(db, "2026-05-01T12:00:00+05:30", 1_205_000, 4, 170_012_340_003);
    await sweep.step(MAY);
    assert.deepEqual((await decisions(db)).at(-1), "M1 consumer_mismatch quarantined");
  },
});
