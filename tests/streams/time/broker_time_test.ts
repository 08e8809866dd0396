import assert from "node:assert/strict";
import { connect } from "../../../streams/jetstream/connection.ts";
import { subjects } from "../../../protocol/subjects.ts";
import { askBroker, respondTime } from "../../../streams/time/broker_time.ts";
import { startLocalClock } from "../../../streams/time/local_clock.ts";
import { withBroker } from "../../support/broker.ts";
import { eventually } from "./chrony.ts";
import { startTimeSync } from "../../../streams/time/time_sync.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import type { ClockEstimate } from "../../../protocol/ntp/discipline.ts";

Deno.test("askBroker() measures a responder over a real broker, and the discipline takes it", async () => {
  await withBroker(async ({ broker }) => {
    const clock = startLocalClock(Date.now() - 7_000);
    await assert.rejects(askBroker(broker, clock, 200), /samay\.time/);
    const responder = respondTime(broker);
    const adopted = Promise.withResolvers<ClockEstimate>();
    const sync = startTimeSync({
      clock,
      sources: [{ name: "broker", ask: () => askBroker(broker, clock, 500) }],
      log: silentLog,
      onAdopted: adopted.resolve,
    });
    try {
      assert.equal(sync.now().estimate.quality, 0);
      const estimate = await adopted.promise;
      assert.ok(Math.abs(estimate.offset_s - 7) < 0.05, `offset ${estimate.offset_s}`);
      assert.equal(estimate.quality, 2);
      assert.ok(Math.abs(sync.now().at_ms - Date.now()) < 50);
    } finally {
      await sync.stop();
      await responder.stop();
    }
  });
});

Deno.test("respondTime() drops a malformed question without a word, and counts it", async () => {
  await withBroker(async ({ broker, process }) => {
    const said: string[] = [];
    const say = (text: string) => void said.push(text);
    const log = { info: say, warn: say, error: say };
    const master = await connect({ url: process.url, name: "master", log });
    const responder = respondTime(master);
    try {
      const clock = startLocalClock();
      await eventually(() => askBroker(broker, clock, 200));
      for (const bytes of [new Uint8Array(0), new Uint8Array(3), new Uint8Array(48)]) {
        await assert.rejects(broker.request(subjects.time, bytes, 100));
      }
      const verdict = await askBroker(broker, clock, 500);
      assert.equal(verdict.accepted, true);
      assert.deepEqual(responder.counts(), { answered: 2, malformed: 3 });
      assert.deepEqual(said, []);
    } finally {
      await responder.stop();
      await master.close();
    }
  });
});
