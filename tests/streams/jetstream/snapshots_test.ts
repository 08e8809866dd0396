import assert from "node:assert/strict";
import { RetryableError } from "../../../protocol/errors.ts";
import type { Bucket } from "../../../streams/jetstream/broker.ts";
import { snapshotsIn } from "../../../streams/jetstream/snapshots.ts";
import type { Snapshot } from "../../../streams/masters/ports.ts";
import { withBroker } from "../../support/broker.ts";

const snapshot = (journal_sequence: number, text = "x", states = 1): Snapshot => ({
  version: 1,
  journal_sequence,
  epoch: 1,
  cursor: 1,
  states: Object.fromEntries(Array.from({ length: states }, (_, i) => [`M${i}`, { text }])),
});

Deno.test("a snapshot larger than a message comes back whole, and its chunks go with it", async () => {
  await withBroker(async ({ broker }) => {
    const bucket = await broker.bucket("samay_snapshots");
    const snapshots = snapshotsIn(bucket);
    assert.equal(await snapshots.load("meter", 7), undefined);
    assert.equal(await snapshots.sequenceOf("meter", 7), 0);
    const large = snapshot(10, "समय".repeat(50), 4_000);
    await snapshots.save("meter", 7, large);
    assert.deepEqual(await snapshots.load("meter", 7), large);
    assert.ok((await bucket.keys()).length > 3);
    await snapshots.save("meter", 7, snapshot(11));
    assert.equal(await snapshots.sequenceOf("meter", 7), 11);
    assert.deepEqual(await bucket.keys(), ["meter.07", "meter.07.11.0"]);
  });
});

Deno.test("an old owner cannot put back an older snapshot, not even in the middle of a newer one's save", async () => {
  await withBroker(async ({ broker }) => {
    const bucket = await broker.bucket("samay_snapshots");
    const snapshots = snapshotsIn(bucket);
    await snapshots.save("meter", 7, snapshot(10));
    await snapshots.save("meter", 7, snapshot(9, "old"));
    assert.equal(await snapshots.sequenceOf("meter", 7), 10);
    let overtake: (() => Promise<void>) | undefined = () =>
      snapshots.save("meter", 7, snapshot(12, "new"));
    const slow: Bucket = {
      ...bucket,
      update: async (key, value, revision) => {
        const newer = overtake;
        overtake = undefined;
        await newer?.();
        return await bucket.update(key, value, revision);
      },
    };
    await snapshotsIn(slow).save("meter", 7, snapshot(11, "old"));
    assert.deepEqual(await snapshots.load("meter", 7), snapshot(12, "new"));
    assert.deepEqual(await bucket.keys(), ["meter.07", "meter.07.12.0"]);
  });
});

Deno.test("load() is to be tried again when a chunk went while it was read", async () => {
  await withBroker(async ({ broker }) => {
    const bucket = await broker.bucket("samay_snapshots");
    const snapshots = snapshotsIn(bucket);
    await snapshots.save("meter", 7, snapshot(10));
    await bucket.delete("meter.07.10.0");
    await assert.rejects(snapshots.load("meter", 7), RetryableError);
  });
});
