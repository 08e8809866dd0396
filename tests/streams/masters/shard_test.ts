import assert from "node:assert/strict";
import type { JournalRecord } from "../../../protocol/messages/journal.ts";
import { RetryableError } from "../../../protocol/errors.ts";
import { partitionOf } from "../../../protocol/subjects.ts";
import { FencedError } from "../../../streams/jetstream/broker.ts";
import type { Shard } from "../../../streams/masters/shard.ts";
import { eventually } from "../../support/eventually.ts";
import { type Counted, counter, ID, outOfReach, PARTITION, World } from "./memory_ports.ts";

const framesOf = (shard: Shard) => (shard.states.get(ID) as Counted | undefined)?.frames ?? [];

/** Runs `shard` until `done` passes, then stops it. */
async function work(shard: Shard, done: () => void): Promise<void> {
  const running = shard.run();
  await eventually(done, 5_000);
  await shard.stop();
  await running;
}

function usurp(world: World, epoch: number, cursor = 0): void {
  const record: JournalRecord = {
    v: 1,
    type: "epoch",
    partition: PARTITION,
    epoch,
    owner: "usurper",
    cursor,
    events: [],
  };
  world.store(record, world.last);
}

Deno.test("a shard's outputs leave only after its record is acknowledged", async () => {
  assert.equal(partitionOf(ID), PARTITION);
  const world = new World();
  world.at = async (step, record) => {
    if (record?.type !== "batch") return;
    assert.deepEqual(world.trace.filter((line) => !line.startsWith("journaled")), [], step);
    await new Promise((resolve) => setTimeout(resolve, 20));
  };
  world.send("a");
  const changed: string[] = [];
  const shard = world.shard("a", {
    onChange: (_shard, ids) => {
      assert.equal(world.records.length, 2);
      changed.push(...ids);
    },
  });
  await shard.open();
  await work(shard, () => assert.equal(changed.length, 1));
  assert.deepEqual(world.trace, [
    "journaled epoch 0",
    "journaled batch 1",
    "told samay.confirm.slave-1",
    `published samay.event.warning.replayed.${ID}`,
  ]);
});

Deno.test("an append that is tried again, stored or not the first time, is in the journal once", async () => {
  for (const lost of ["store", "acknowledge"] as const) {
    const world = new World();
    let failures = 2;
    world.at = (step, record) => {
      if (step === lost && record?.type === "batch" && failures-- > 0) throw outOfReach();
    };
    world.send("a");
    const shard = world.shard("a");
    await shard.open();
    await work(shard, () => assert.equal(world.trace.length, 4));
    assert.deepEqual(world.events.map((event) => event.event === "reject" && event.frame), [1]);
    assert.deepEqual(framesOf(shard), [1]);
  }
});

Deno.test("a fenced shard ends with FencedError, and nothing leaves afterwards", async () => {
  const world = new World();
  const shard = world.shard("a");
  await shard.open();
  usurp(world, 9);
  const before = world.trace.length;
  world.send("a");
  await assert.rejects(shard.run(), FencedError);
  assert.equal(world.trace.length, before);
  assert.equal(world.events.length, 0);
  await shard.stop();
});

Deno.test("a new owner starts behind the journaled cursor and sends the last record's outputs again", async () => {
  const world = new World();
  for (const text of ["a", "b", "c"]) world.send(text);
  const first = world.shard("a");
  await first.open();
  await work(first, () => assert.equal(world.records.length, 2));
  world.trace.length = 0;
  const second = world.shard("b");
  await second.open();
  assert.deepEqual(world.opened.at(-1), { epoch: 2, cursor: 3 });
  assert.deepEqual(framesOf(second), [1, 2, 3]);
  // Confirmations again; the events of the first time are known by their ids.
  assert.deepEqual(world.trace, ["journaled epoch 3", "told samay.confirm.slave-1"]);
  await second.stop();
});

Deno.test("what can never be handled is set aside with the reason, and the cursor moves on", async () => {
  const world = new World();
  const stranger = "M7";
  assert.notEqual(partitionOf(stranger), PARTITION);
  for (const text of ["a", "poison"]) world.send(text);
  world.send("a", stranger);
  world.send("b");
  const shard = world.shard("a");
  await shard.open();
  await work(shard, () => assert.equal(shard.figures.cursor, 4));
  assert.deepEqual(framesOf(shard), [1, 4]);
  assert.equal(world.records.at(-1)?.record.cursor, 4);
  assert.deepEqual(world.dead.map(({ reason }) => reason), [
    "no such thing",
    `M7 belongs to partition ${partitionOf(stranger)}, not to ${PARTITION}`,
  ]);
});

Deno.test("a shard goes on when the keys could not be looked up for a while", async () => {
  const world = new World();
  world.send("a");
  let failures = 2;
  const shard = world.shard("a", {
    refreshKeys: () => failures-- > 0 ? Promise.reject(outOfReach()) : Promise.resolve(),
  });
  await shard.open();
  await work(shard, () => assert.equal(shard.figures.cursor, 1));
});

Deno.test("large inputs are spread over records that JetStream takes, in their order", async () => {
  const world = new World();
  for (let i = 0; i < 40; i++) world.send("x".repeat(8_000));
  const shard = world.shard("a");
  await shard.open();
  await work(shard, () => assert.equal(shard.figures.cursor, 40));
  const sizes = world.records.slice(1).map(({ record }) => record.events.length);
  assert.deepEqual(sizes, [8, 8, 8, 8, 8]);
  assert.deepEqual(framesOf(shard), Array.from({ length: 40 }, (_, i) => i + 1));
});

Deno.test("the journal is trimmed to what snapshot and ledger have passed, its last record stays", async () => {
  const world = new World();
  for (let i = 0; i < 3; i++) {
    world.send("a");
    const shard = world.shard("a");
    await shard.open();
    await work(shard, () => assert.equal(shard.figures.cursor, i + 1));
    if (i === 1) world.ledger = 6;
    if (i === 2) world.ledger = 1_000;
    await shard.close();
    const expected = [0, 6, world.last][i]!;
    assert.equal(world.trimmed, expected);
    assert.equal(world.snapshot?.journal_sequence, world.last);
    assert.ok(world.records.length > 0);
  }
  assert.equal(world.records.length, 1);
  const next = world.shard("b");
  await next.open();
  assert.deepEqual(framesOf(next), [1, 2, 3]);
  assert.equal(next.figures.epoch, 4);
  await next.stop();
});

Deno.test("a snapshot of another version is refused, and nothing is appended", async () => {
  const world = new World();
  world.snapshot = { version: 2, journal_sequence: 0, epoch: 1, cursor: 0, states: {} };
  await assert.rejects(world.shard("a").open(), /version 2; this program reads 1/);
  assert.equal(world.records.length, 0);
});

Deno.test("a snapshot of an older version that the actor reads is read as such, and written anew", async () => {
  const world = new World();
  const states = { [ID]: { frames: [1] } };
  world.snapshot = { version: 1, journal_sequence: 0, epoch: 1, cursor: 0, states };
  const versions: (number | undefined)[] = [];
  const newer: typeof counter = {
    ...counter,
    version: 2,
    reads: [1],
    decode: (id, snapshot, version) => {
      versions.push(version);
      return counter.decode(id, snapshot, version);
    },
  };
  const shard = world.shard("a", { actor: newer });
  await shard.open();
  assert.deepEqual(framesOf(shard), [1]);
  assert.deepEqual(versions, [1, 2], "as it was stored, and as it is kept from then on");
  world.send("a");
  await work(shard, () => assert.equal(world.records.length, 2));
  await shard.close();
  assert.equal(world.snapshot?.version, 2);
});

Deno.test("an epoch is above every earlier one, though the earlier owner appends while we fence", async () => {
  const world = new World();
  world.send("a");
  const old = world.shard("old");
  await old.open();
  const running = old.run();
  await eventually(() => assert.equal(world.records.length, 2));
  let interferences = 3;
  world.at = async (step, record) => {
    if (step !== "fence" || record?.owner !== "new" || interferences-- <= 0) return;
    const before = world.records.length;
    world.send("more");
    await eventually(() => assert.ok(world.records.length > before));
  };
  const next = world.shard("new");
  await next.open();
  const epochs = world.records.map(({ record }) => record.epoch);
  assert.deepEqual(epochs, [...epochs].sort((a, b) => a - b));
  assert.equal(epochs.at(-1), 2);
  assert.deepEqual(framesOf(next), [1, 2, 3, 4]);
  assert.equal(world.opened.at(-1)?.cursor, 4);
  world.send("last");
  await assert.rejects(running, FencedError);
  await old.stop();
  await next.stop();
});

Deno.test("a shard whose journal is trimmed in front of its reading begins anew: no hole in the state", async () => {
  const world = new World();
  const old = world.shard("old");
  world.send("a");
  await old.open();
  await work(old, () => assert.equal(world.records.length, 2));
  let once = true;
  world.at = (step) => {
    if (step !== "read" || !once) return;
    once = false; // We have loaded "no snapshot"; the earlier owner saves one and trims now.
    world.snapshot = {
      version: 1,
      journal_sequence: world.last,
      epoch: 1,
      cursor: 1,
      states: { [ID]: { frames: [1] } },
    };
    world.trim(world.last);
    usurp(world, 2, 1);
    world.trim(world.last);
  };
  const next = world.shard("new");
  await next.open();
  assert.deepEqual(framesOf(next), [1]);
  await next.stop();
});

Deno.test("a shard with nothing to do holds the journal of the others back by so much and no more", async () => {
  const world = new World();
  const shard = world.shard("a", { heldBackMax: 10 });
  await shard.open();
  await work(shard, () => assert.equal(world.records.length, 1));
  assert.equal(world.snapshot, undefined, "nobody waits for it");
  const later = world.shard("a", { heldBackMax: 10 });
  await later.open();
  world.ledger = world.last + 11;
  await work(later, () => assert.equal(world.snapshot?.journal_sequence, world.last));
  const [record] = world.records.slice(-1).map(({ record }) => record);
  assert.deepEqual([record!.type, record!.epoch, record!.events], ["batch", 2, []]);
  assert.equal(world.trimmed, world.last, "and the journal is trimmed up to that");
  assert.deepEqual(world.records.map(({ sequence }) => sequence), [world.last]);
});

Deno.test("a shard whose snapshot is old, but not its records, writes a snapshot and no record", async () => {
  const world = new World();
  world.send("a");
  const shard = world.shard("a", { heldBackMax: 2 });
  await shard.open();
  world.ledger = 4; // Its first record was at 3.
  await work(shard, () => assert.equal(world.snapshot?.journal_sequence, world.last));
  assert.deepEqual(world.records.map(({ record }) => record.events.length), [1]);
});

Deno.test("a shard goes on while nobody can tell how far the ledger is", async () => {
  const world = new World();
  const out = () => Promise.reject(new RetryableError("no bucket"));
  const shard = world.shard("a", { ports: { ...world.ports(), ledgerPassed: out } });
  await shard.open();
  world.send("a");
  const running = shard.run();
  await eventually(() => assert.equal(shard.figures.cursor, 1), 5_000);
  world.send("b");
  await eventually(() => assert.equal(shard.figures.cursor, 2), 5_000);
  await shard.stop();
  await running;
});

Deno.test("stop() while open() is on its way leaves nothing open, whatever the step", async () => {
  for (const where of ["read", "store", "acknowledge"] as const) {
    const world = new World();
    world.send("a");
    const shard = world.shard("a");
    let stopping: Promise<void> | undefined;
    world.at = (step) => {
      if (step === where) stopping ??= shard.stop();
    };
    await assert.rejects(shard.open(), /stopped while it was opened/);
    await stopping;
    assert.ok(world.sources.every(({ stopped }) => stopped), where);
    await shard.run(); // Ends at once.
    assert.equal(world.events.length, 0);
  }
});

Deno.test("stop() while the input is being opened closes that input too", async () => {
  const world = new World();
  const shard = world.shard("a");
  let stopping: Promise<void> | undefined;
  world.at = async (step) => {
    if (step !== "input") return;
    stopping = shard.stop();
    await new Promise((resolve) => setTimeout(resolve, 20));
  };
  await shard.open();
  await stopping;
  assert.deepEqual(world.sources.map(({ stopped }) => stopped), [true]);
});

Deno.test("stop() ends a shard that cannot reach its journal", async () => {
  const world = new World();
  world.send("a");
  const shard = world.shard("a", { actor: counter });
  await shard.open();
  world.at = () => {
    throw outOfReach();
  };
  const running = assert.rejects(shard.run(), /out of reach/);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await shard.stop();
  await running;
});
