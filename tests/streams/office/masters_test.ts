import assert from "node:assert/strict";
import { utf8 } from "../../../protocol/bytes.ts";
import { partitionOf, PARTITIONS, subjects } from "../../../protocol/subjects.ts";
import { startMaster } from "../../../streams/masters/master.ts";
import { viewMasters } from "../../../streams/office/masters.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { withBroker } from "../../support/broker.ts";
import { eventually } from "../../support/eventually.ts";
import { energy, TEST_KEK, testMeter } from "../../support/meters.ts";

const LEASE_MS = 2_000;
const METER = "MH77";

Deno.test("viewMasters() tells owners, epochs, trials and rejects; without a master what waits, and that nobody works", async () => {
  await withBroker(async ({ broker }) => {
    const meter = testMeter(METER, 77, "slave-1", Date.now());
    const enrolments = await broker.bucket("samay_enrolments");
    await enrolments.put(METER, utf8(JSON.stringify(meter.enrolment)));
    const view = () => viewMasters(broker, Date.now(), LEASE_MS);
    const home = partitionOf(METER);
    const send = (value: number) =>
      broker.publish(subjects.frame(METER), meter.seal(energy(value, Date.now()), Date.now()));

    const nobody = await view();
    assert.equal(nobody.totals.without_owner, PARTITIONS);
    assert.deepEqual(nobody.masters, []);

    const options = { broker, name: "alpha", kek: TEST_KEK, lease_ms: LEASE_MS, log: silentLog };
    const master = await startMaster(options);
    await master.untilHolding(PARTITIONS);
    await send(1_000);
    await broker.publish(subjects.frame(METER), new Uint8Array(10)); // Refused: too short.
    await eventually(async () => {
      const { masters, partitions, totals } = await view();
      const { trials_mean, ...counts } = totals;
      assert.deepEqual(counts, { masters: 1, without_owner: 0, lag: 0, opened: 1, rejected: 1 });
      assert.ok(trials_mean! >= 1 && trials_mean! <= 3); // A second may have passed meanwhile.
      assert.equal(masters[0]!.instance, master.instance);
      assert.ok(masters[0]!.alive && masters[0]!.last_seen_s < LEASE_MS / 1_000);
      assert.deepEqual(masters[0]!.rejected, { wrong_length: 1 });
      const { owner, epoch, opened, rejected, last_arrival } = partitions[home]!;
      assert.deepEqual({ owner, epoch, opened, rejected }, {
        ...{ owner: master.instance, epoch: 1, opened: 1, rejected: 1 },
      });
      assert.ok(Date.now() - Date.parse(last_arrival!) < 60_000);
    });
    await master.stop();

    await send(1_001);
    await send(1_002);
    const after = await view();
    assert.equal(after.partitions[home]!.owner, null);
    assert.equal(after.partitions[home]!.lag, 2);
    assert.equal(after.totals.lag, 2);
    const consumers = await (await broker.manager()).consumers.list("FRAMES").next();
    assert.deepEqual(consumers.filter(({ name }) => name.startsWith("count-")), []);
  });
});
