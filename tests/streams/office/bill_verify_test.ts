/** The frame of a bill's reading, sealed, sent and billed for real, opened again when asked. */
import assert from "node:assert/strict";
import { partitionOf, PARTITIONS, subjects } from "../../../protocol/subjects.ts";
import { projectBatch } from "../../../streams/database/ledger.ts";
import { sql } from "../../../streams/database/kysely.ts";
import { enrolMeter } from "../../../streams/database/meters.ts";
import { stepCycle } from "../../../streams/billing/step.ts";
import { StreamJournal } from "../../../streams/jetstream/journal.ts";
import { startMaster } from "../../../streams/masters/master.ts";
import { billVerbs } from "../../../streams/office/bill_verbs.ts";
import { startOffice } from "../../../streams/office/office.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { withBroker } from "../../support/broker.ts";
import { samay } from "../../support/command_line.ts";
import { withDatabase } from "../../support/database.ts";
import { eventually } from "../../support/eventually.ts";
import { energy, TEST_KEK, testMeter } from "../../support/meters.ts";
import { contextOf, type Db } from "../billing/fixture.ts";

const METER = "MH001";
const DAY_MS = 86_400_000;

const explain = (...words: string[]) => samay("bill", "explain", ...words);

async function enrolAt(db: Db, installed_at_ms: number): Promise<void> {
  await db.transaction().execute((trx) =>
    enrolMeter(trx, {
      consumer: {
        ...{ consumer_number: "C77", name: "Asha", address: "Pune", phone: null, email: null },
        language: "en",
      },
      account: {
        ...{ account_id: "A77", consumer_number: "C77", tariff_id: "msedcl-lt-1b", phase: 1 },
        ...{ municipal: false, sanctioned_load_w: 0, status: "active", opened_on: "2026-03-31" },
      },
      meter: { meter_id: METER, serial_number: "S77", slave_id: "slave-1", alias: 77 },
      installation: {
        ...{ premises: "Pune", installed_at: new Date(installed_at_ms), multiplying_factor: 1 },
        opening_reading_wh: 1_000_000,
      },
    })
  );
}

Deno.test("bill explain --verify opens the frame again, and sees when it says otherwise", async (t) => {
  await withBroker(({ broker, process }) =>
    withDatabase(async (db) => {
      const now_ms = Date.now();
      const period = new Date(now_ms + 5.5 * 3_600_000).toISOString().slice(0, 7);
      const meter = testMeter(METER, 77, "slave-1", now_ms);
      const bucket = await broker.bucket("samay_enrolments");
      await bucket.put(METER, new TextEncoder().encode(JSON.stringify(meter.enrolment)));
      await enrolAt(db, now_ms - 20 * DAY_MS);
      const master = await startMaster({
        ...{ broker, name: "alpha", kek: TEST_KEK, lease_ms: 1_000, log: silentLog },
      });
      const office = startOffice(
        { db, broker, log: silentLog, now_ms: Date.now, kek: TEST_KEK },
        billVerbs,
      );
      Deno.env.set("SAMAY_NATS_URL", process.url);
      try {
        await master.untilHolding(PARTITIONS);
        await stepCycle(contextOf(db, now_ms), "A77", period, {
          step: "close",
          requested_at_ms: now_ms,
        });
        const frame = meter.seal(energy(1_123_456, now_ms + 10), Date.now());
        const { sequence } = await broker.publish(subjects.frame(METER), frame);
        await eventually(async () => {
          const journal = new StreamJournal(broker, "meter", partitionOf(METER), silentLog);
          const records = [];
          for await (const one of journal.read(0)) records.push(one);
          assert.equal(records.flatMap(({ record }) => record.events).length, 1);
          await projectBatch(db, records);
        }, 10_000);
        const { issued } = await stepCycle(
          ...[contextOf(db, now_ms + 1_000), "A77", period, { step: "look" }] as const,
        );

        await t.step("while the frame is kept", async () => {
          const { code, out } = await explain(issued!, "--verify");
          assert.equal(code, 0);
          assert.match(out, new RegExp(`VERIFIED: frame ${sequence}, opened again now`));
          assert.match(out.replaceAll(/\s+/g, " "), /says 1123456 Wh/);
          const json = JSON.parse((await explain(issued!, "--verify", "--json")).out);
          assert.deepEqual(json.frames.map((one: { outcome: string }) => one.outcome), ["same"]);
          assert.equal(JSON.parse((await explain(issued!, "--json")).out).frames, null);
        });

        await t.step(
          "and says so where the bill has another register, or another second",
          async () => {
            const change = async (path: string, value: number) => {
              await sql`alter table invoice disable trigger invoice_immutable`.execute(db);
              await sql`update invoice set inputs = jsonb_set(inputs, ${path}::text[],
              to_jsonb((inputs #>> ${path}::text[])::bigint + ${value}))`.execute(db);
              await sql`alter table invoice enable trigger invoice_immutable`.execute(db);
            };
            await change("{closing,value_wh}", 7);
            const other = await explain(issued!, "--verify");
            assert.equal(other.code, 1);
            assert.match(
              other.out.replaceAll(/\s+/g, " "),
              /DIFFERS: frame \d+ says 1123456 Wh, and 1123463 Wh/,
            );
            await change("{closing,value_wh}", -7);
            await change("{closing,second_found_s}", 1);
            const second = await explain(issued!, "--verify");
            assert.equal(second.code, 1);
            assert.match(
              second.out.replaceAll(/\s+/g, " "),
              /DIFFERS: frame \d+ opens with second/,
            );
            await change("{closing,second_found_s}", -1);
          },
        );

        await t.step("and that it cannot tell once the frame is gone", async () => {
          await (await broker.manager()).streams.purge("FRAMES");
          const { code, out } = await explain(issued!, "--verify");
          assert.equal(code, 0);
          assert.match(out, /not verified: frame \d+ is not kept any more/);
        });
      } finally {
        Deno.env.delete("SAMAY_NATS_URL");
        await office.stop();
        await master.stop();
      }
    })
  );
});
