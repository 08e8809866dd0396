/** The load against a real broker, without masters behind it. */
import assert from "node:assert/strict";
import { parseFrame } from "../../../protocol/tves/frame.ts";
import { openFrame } from "../../../protocol/tves/open.ts";
import { AckWindow } from "../../../streams/jetstream/ack_window.ts";
import { runFleet } from "../../../streams/fleet/run.ts";
import { benchMeterOf, enrolmentDayAt } from "../../bench/headend/fleet.ts";
import { withBroker } from "../../support/broker.ts";

const metersOf = (count: number) =>
  Array.from({ length: count }, (_, index) => benchMeterOf(index, enrolmentDayAt(Date.now())));

Deno.test("runFleet() sends at its rate, each frame is in the stream once, and no master is waited for in vain", async () => {
  await withBroker(async ({ broker }) => {
    const meters = metersOf(20);
    const given = { broker, meters, rate: 500, seconds: 2, patience_s: 0.3 };
    const result = await runFleet({ ...given, slaves: ["slave-0"] });
    const { messages, num_subjects } =
      (await (await broker.manager()).streams.info("FRAMES")).state;
    assert.equal(result.sealed, 1_000);
    assert.deepEqual([messages, result.acknowledged, num_subjects], [1_000, 1_000, 20]);
    assert.deepEqual([result.confirmed, result.confirm_ms], [0, { p50: null, p99: null }]);
    assert.ok(result.seconds > 1.9 && result.ack_ms.p50! > 0 && result.cpu_s > 0);
    const stored = await broker.stored("FRAMES", 1_000);
    assert.ok(stored.found);
    const parsed = parseFrame(stored.payload);
    assert.ok(parsed.ok);
    const t_s = Math.floor(stored.arrival_ms / 1_000);
    const opened = openFrame(parsed.frame, meters[parsed.frame.alias]!, [t_s, t_s - 1]).opened;
    assert.ok(opened, "sealed with the second in which it went out");
  });
});

Deno.test("AckWindow lets no more on their way than it has places, and tells what a stream refuses", async () => {
  await withBroker(async ({ broker }) => {
    const acked: number[] = [];
    const refused: string[] = [];
    const window = new AckWindow(broker, {
      places: 2,
      onAck: (n) => acked.push(n),
      onRefusal: (n, reason) => refused.push(`${n}: ${reason}`),
    });
    const settled = async () => {
      while (window.waiting > 0) await window.change(1_000);
    };
    window.publish(7, "samay.frame.00.M1", new Uint8Array(3));
    window.publish(8, "samay.frame.00.M1", new Uint8Array(9_000)); // Longer than the stream takes.
    assert.equal(window.room, 0);
    assert.throws(() => window.publish(9, "samay.frame.00.M1", new Uint8Array(1)), RangeError);
    await settled();
    window.publish(9, "nobody.listens.here", new Uint8Array(1));
    await settled();
    assert.deepEqual([acked, window.room], [[7], 2]);
    assert.match(refused[0]!, /^8: message size exceeds/);
    assert.equal(refused[1], "9: no stream takes it");
    window.stop();
  });
});

Deno.test("runFleet() ends when it is told to, and says so", async () => {
  await withBroker(async ({ broker }) => {
    const stopped = new Promise((resolve) => setTimeout(resolve, 300));
    const given = { broker, meters: metersOf(2), rate: 100, seconds: 60, patience_s: 60 };
    const result = await runFleet({ ...given, slaves: ["slave-0"], stopped });
    assert.ok(result.interrupted && result.sealed > 0 && result.seconds < 10);
    assert.equal(result.acknowledged, result.sealed);
  });
});
