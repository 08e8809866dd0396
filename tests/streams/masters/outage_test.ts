import assert from "node:assert/strict";
import { partitionOf, PARTITIONS, subjects } from "../../../protocol/subjects.ts";
import type { NatsBroker } from "../../../streams/jetstream/connection.ts";
import { StreamJournal } from "../../../streams/jetstream/journal.ts";
import { startMaster } from "../../../streams/masters/master.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { withBroker } from "../../support/broker.ts";
import { eventually } from "../../support/eventually.ts";
import { energy, TEST_KEK, testMeter } from "../../support/meters.ts";
import { keptLog, restart } from "../jetstream/restart.ts";

const LEASE_MS = 800;
const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

async function readings(broker: NatsBroker, meterId: string): Promise<number> {
  const journal = new StreamJournal(broker, "meter", partitionOf(meterId), silentLog);
  let count = 0;
  for await (const { record } of journal.read(0)) count += record.events.length;
  return count;
}

Deno.test("masters keep their partitions through an outage longer than the lease, and go on at once", async () => {
  await withBroker(async (given) => {
    const { broker } = given;
    const meter = testMeter("MH001", 77, "slave-1", Date.now());
    await (await broker.bucket("samay_enrolments")).put("MH001", json(meter.enrolment));
    const log = keptLog();
    const masters = await Promise.all(
      ["a", "b"].map((name) =>
        startMaster({ broker, name, kek: TEST_KEK, lease_ms: LEASE_MS, log })
      ),
    );
    const share = () => masters.map(({ partitions }) => [...partitions].sort().join());
    const held = () => masters.reduce((sum, { partitions }) => sum + partitions.size, 0);
    await eventually(() => {
      assert.equal(held(), PARTITIONS);
      assert.ok(masters.every(({ partitions }) => partitions.size > 10));
    });
    const before = share();
    const begin = log.lines.length;
    await restart(given, 2 * LEASE_MS);
    await eventually(async () => {
      const now_ms = Date.now();
      const frame = meter.seal(energy(1, now_ms), now_ms, 1);
      await broker.publish(subjects.frame("MH001"), frame, { messageId: "once" });
    });
    const back_ms = performance.now();
    await eventually(async () => assert.equal(await readings(broker, "MH001"), 1));
    assert.ok(performance.now() - back_ms < 3_000);
    await new Promise((resolve) => setTimeout(resolve, 2 * LEASE_MS));
    assert.deepEqual(share(), before, log.lines.slice(begin).join("\n"));
    await Promise.all(masters.map((master) => master.stop()));
  });
});

Deno.test("an entry in the lease bucket that no master wrote disturbs nobody, and is replaced when stale", async () => {
  await withBroker(async ({ broker }) => {
    const owners = await broker.bucket("samay_owners");
    await owners.put("partition.07", new TextEncoder().encode("?"));
    await owners.put("master.gone", new TextEncoder().encode("{}"));
    const master = await startMaster({
      ...{ broker, name: "a", kek: TEST_KEK, lease_ms: LEASE_MS, log: silentLog },
    });
    await eventually(() => assert.equal(master.partitions.size, PARTITIONS));
    await owners.put("partition.08", new TextEncoder().encode("?"));
    await eventually(() => assert.ok(!master.partitions.has(8)));
    await eventually(() => assert.equal(master.partitions.size, PARTITIONS));
    await master.stop();
  });
});

Deno.test("a subject that is no name stops no partition, and another partition's meter is not opened", async () => {
  await withBroker(async ({ broker }) => {
    const now_ms = Date.now();
    const meter = testMeter("MH001", 77, "slave-1", now_ms);
    await (await broker.bucket("samay_enrolments")).put("MH001", json(meter.enrolment));
    const master = await startMaster({
      ...{ broker, name: "a", kek: TEST_KEK, lease_ms: LEASE_MS, log: silentLog },
    });
    const frame = meter.seal(energy(1, now_ms), now_ms);
    const home = subjects.frame("MH001");
    const elsewhere = `samay.frame.${
      String((partitionOf("MH001") + 1) % PARTITIONS).padStart(2, "0")
    }`;
    await broker.publish(home.replace("MH001", "M$1"), frame);
    await broker.publish(home, frame);
    await broker.publish(`${elsewhere}.MH001`, frame);
    await eventually(async () => assert.equal(await readings(broker, "MH001"), 1));
    await eventually(async () => {
      const { state } = await (await broker.manager()).streams.info("DEAD");
      assert.equal(state.messages, 2);
    });
    await master.stop();
  });
});

Deno.test("stop() while partitions are being opened leaves no lease, no consumer and no shard", async () => {
  await withBroker(async ({ broker }) => {
    const master = await startMaster({
      ...{ broker, name: "a", kek: TEST_KEK, lease_ms: LEASE_MS, log: silentLog },
    });
    await eventually(() => assert.ok(master.partitions.size > 0));
    await master.stop();
    const owners = await broker.bucket("samay_owners");
    assert.deepEqual(await owners.keys(), []);
    for (const stream of ["FRAMES", "SESSIONS"]) {
      const { state } = await (await broker.manager()).streams.info(stream);
      assert.equal(state.consumer_count, 0);
    }
  });
});

Deno.test("a claim that fails half-way leaves nothing running, and the rest is claimed", async () => {
  await withBroker(async ({ broker }) => {
    const snapshots = await broker.bucket("samay_snapshots");
    const newer = { version: 99, journal_sequence: 1, epoch: 1, cursor: 0, chunks: [] };
    await snapshots.put("session.05", json(newer));
    await snapshots.put("session.05.1.0", json({}));
    const log = keptLog();
    const master = await startMaster({
      ...{ broker, name: "a", kek: TEST_KEK, lease_ms: LEASE_MS, log },
    });
    await eventually(() => assert.equal(master.partitions.size, PARTITIONS - 1));
    await new Promise((resolve) => setTimeout(resolve, 100));
    const { state } = await (await broker.manager()).streams.info("FRAMES");
    assert.equal(state.consumer_count, PARTITIONS - 1, "the meter shard of 5 was closed again");
    assert.match(log.lines.join(), /claim failed/);
    await master.stop();
  });
});
