import assert from "node:assert/strict";
import { utf8 } from "../../../protocol/bytes.ts";
import { RetryableError, TerminalError } from "../../../protocol/errors.ts";
import type { Bucket } from "../../../streams/jetstream/broker.ts";
import { snapshotsIn } from "../../../streams/jetstream/snapshots.ts";
import type { Snapshot } from "../../../streams/masters/ports.ts";
import { type TestBroker, withBroker } from "../../support/broker.ts";

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
    Object.assign(large.states, { packed: "\0\x01\xff".repeat(300), अ: [] });
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

Deno.test("a save that arrives after it was given up does not cost the next one its chunks", async () => {
  await withBroker(async ({ broker }) => {
    const bucket = await broker.bucket("samay_snapshots");
    await snapshotsIn(bucket).save("meter", 7, snapshot(10));
    let arrive = () => Promise.resolve<unknown>(undefined);
    const lost: Bucket = {
      ...bucket,
      update: (...given) => {
        arrive = () => bucket.update(...given);
        return Promise.reject(new RetryableError("the link was lost"));
      },
    };
    await assert.rejects(snapshotsIn(lost).save("meter", 7, snapshot(12, "last")), RetryableError);
    const again: Bucket = {
      ...bucket,
      update: async (...given) => {
        await arrive();
        return await bucket.update(...given);
      },
    };
    await snapshotsIn(again).save("meter", 7, snapshot(12, "last"));
    assert.deepEqual(await snapshotsIn(bucket).load("meter", 7), snapshot(12, "last"));
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

/** Messages in the bucket's stream, those that mark a deletion among them. */
async function messages({ broker }: TestBroker): Promise<number> {
  const manager = await broker.manager();
  return (await manager.streams.info("KV_samay_snapshots")).state.messages;
}

Deno.test("a snapshot that an earlier program wrote, one JSON document in chunks, is read and replaced", async () => {
  await withBroker(async (test) => {
    const bucket = await test.broker.bucket("samay_snapshots");
    const text = '{"MH001":{"clock":{"offset_s":-4.2},"seen":[5]},"MH002":{"note":"समय"}}';
    const bytes = utf8(text);
    await bucket.put("meter.07.10.0", bytes.subarray(0, 59)); // Cut inside of a character.
    await bucket.put("meter.07.10.1", bytes.subarray(59));
    const manifest = '{"version":2,"journal_sequence":10,"epoch":3,"cursor":4,' +
      '"chunks":["meter.07.10.0","meter.07.10.1"]}';
    await bucket.put("meter.07", utf8(manifest));
    const snapshots = snapshotsIn(bucket);
    assert.deepEqual(await snapshots.load("meter", 7), {
      ...{ version: 2, journal_sequence: 10, epoch: 3, cursor: 4 },
      states: { MH001: { clock: { offset_s: -4.2 }, seen: [5] }, MH002: { note: "समय" } },
    });
    await snapshots.save("meter", 7, snapshot(11));
    assert.deepEqual(await bucket.keys(), ["meter.07", "meter.07.11.0"]);
    assert.equal(await messages(test), 2);
  });
});

/** `bucket`, where the writing process dies at its `write`th message. */
function dyingAt(write: number, bucket: Bucket): Bucket {
  let writes = 0;
  const die = () => {
    if (++writes >= write) throw new Error("killed");
  };
  return {
    ...bucket,
    put: async (...given) => (die(), await bucket.put(...given)),
    update: async (...given) => (die(), await bucket.update(...given)),
    clear: async (...given) => (die(), await bucket.clear(...given)),
  };
}

Deno.test("a crash at any write of a snapshot leaves the old one or the new one, and the next clears up", async () => {
  await withBroker(async (test) => {
    const bucket = await test.broker.bucket("samay_snapshots");
    const snapshots = snapshotsIn(bucket);
    // Nothing deflates random text well: three chunks, then manifest and clearing up.
    const text = () => Array.from({ length: 9 }, () => crypto.randomUUID()).join("");
    const noisy = (sequence: number): Snapshot => ({
      ...snapshot(sequence),
      states: Object.fromEntries(Array.from({ length: 4_000 }, (_, i) => [`M${i}`, text()])),
    });
    let old = noisy(10);
    await snapshots.save("meter", 7, old);
    await snapshots.save("meter", 8, old);
    for (let write = 1; write <= 5; write++) {
      const next = noisy(10 + write);
      await assert.rejects(
        snapshotsIn(dyingAt(write, bucket)).save("meter", 7, next),
        /killed/,
      );
      if (write === 5) old = next; // The manifest stands; only the clearing up is missing.
      assert.deepEqual(await snapshots.load("meter", 7), old);
    }
    assert.ok(await messages(test) > 8);
    await snapshots.save("meter", 7, snapshot(20));
    assert.deepEqual(await snapshots.load("meter", 7), snapshot(20));
    assert.equal(await messages(test), 2 + 4, "and the other partition's is whole");
    assert.equal((await snapshots.load("meter", 8))?.journal_sequence, 10);
  });
});

Deno.test("however many snapshots were written, the bucket holds the last ones and nothing else", async () => {
  await withBroker(async (test) => {
    const snapshots = snapshotsIn(await test.broker.bucket("samay_snapshots"));
    for (let sequence = 1; sequence <= 30; sequence++) {
      await Promise.all([1, 2, 3].flatMap((partition) => [
        snapshots.save("meter", partition, snapshot(sequence, "x".repeat(1_000), 1_000)),
        snapshots.save("session", partition, snapshot(sequence)),
      ]));
    }
    assert.equal(await messages(test), 3 * (1 + 2) + 3 * (1 + 1));
  });
});

Deno.test("load() says which chunk is damaged", async () => {
  await withBroker(async ({ broker }) => {
    const bucket = await broker.bucket("samay_snapshots");
    const snapshots = snapshotsIn(bucket);
    await snapshots.save("meter", 7, snapshot(10));
    const { value } = (await bucket.get("meter.07.10.0"))!;
    for (const damaged of [value.subarray(0, -5), value.map((byte, i) => i === 9 ? ~byte : byte)]) {
      await bucket.put("meter.07.10.0", damaged);
      await assert.rejects(
        snapshots.load("meter", 7),
        (error: Error) =>
          error instanceof TerminalError && /meter\.07\.10\.0 is damaged/.test(error.message),
      );
    }
  });
});
