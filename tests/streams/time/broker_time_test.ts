import assert from "node:assert/strict";
import { askBroker, respondTime } from "../../../streams/time/broker_time.ts";
import { startLocalClock } from "../../../streams/time/local_clock.ts";
import { withBroker } from "../../support/broker.ts";
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
