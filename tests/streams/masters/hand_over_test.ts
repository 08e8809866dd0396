/** Who comes, who goes and who is dead: what masters do about it at once, and what a few at a time. */
import assert from "node:assert/strict";
import { PARTITIONS } from "../../../protocol/subjects.ts";
import type { Stoppable } from "../../../streams/jetstream/broker.ts";
import { Leases } from "../../../streams/masters/leases.ts";
import { PartitionHolder } from "../../../streams/masters/partition_holder.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { Hands, MemoryBucket, settled } from "./memory_bucket.ts";
import { World } from "./memory_ports.ts";

const LEASE_MS = 1_000;
const STEP_MS = LEASE_MS / 8;

interface Master extends Stoppable {
  readonly holder: PartitionHolder;
}

async function startMaster(
  owners: MemoryBucket,
  hands: Hands,
  instance: string,
  partitions?: readonly number[],
): Promise<Master> {
  const leases = new Leases(owners.bucket(), instance, silentLog, hands);
  await leases.start();
  const holder = new PartitionHolder({
    instance,
    lease_ms: LEASE_MS,
    leases,
    ports: new World().ports(),
    keyring: { find: () => undefined, slaveOf: () => undefined, refresh: () => Promise.resolve() },
    board: { changed: () => {} },
    timers: hands,
    log: silentLog,
    ...(partitions && { partitions }),
  });
  const ticking = holder.start();
  return { holder, stop: () => ticking.stop() };
}

async function standing(owners: MemoryBucket, instance: string): Promise<void> {
  owners.put(`master.${instance}`, new TextEncoder().encode(JSON.stringify({ owner: instance })));
  await settled(); // No news any more to those who come later.
}

Deno.test("what a leaving master gives back is taken at once, not at the next tick", async () => {
  const [owners, hands] = [new MemoryBucket(), new Hands()];
  const a = await startMaster(owners, hands, "a-1");
  const b = await startMaster(owners, hands, "b-1");
  await hands.advance(10 * LEASE_MS, STEP_MS);
  assert.equal(a.holder.open.size + b.holder.open.size, PARTITIONS);
  assert.ok(a.holder.open.size > 0 && b.holder.open.size > 0);
  await a.stop();
  await settled();
  assert.equal(owners.leasesOf("b-1").length, PARTITIONS, "though the clock stands still");
  await b.stop();
});

Deno.test("a leaving master hands over a few partitions at a time and keeps the others' leases", async () => {
  const [owners, hands] = [new MemoryBucket(), new Hands()];
  const a = await startMaster(owners, hands, "a-1");
  await hands.advance(2 * LEASE_MS, STEP_MS);
  assert.equal(a.holder.open.size, PARTITIONS);
  const { promise, resolve } = Promise.withResolvers<void>();
  owners.gate = promise;
  const stopping = a.stop();
  await settled();
  const waiting = [...a.holder.open].map((partition) =>
    `partition.${String(partition).padStart(2, "0")}`
  );
  assert.equal(waiting.length, PARTITIONS - 4);
  const before = waiting.map((key) => owners.revisionOf(key));
  await hands.advance(LEASE_MS, STEP_MS);
  assert.ok(waiting.every((key, i) => owners.revisionOf(key) > before[i]!), "renewed meanwhile");
  resolve();
  await stopping;
  assert.equal(owners.deleting_max, 4);
  assert.deepEqual(owners.leasesOf("a-1"), []);
});

Deno.test("a master that comes does not leave partitions to those who were dead before", async () => {
  const [owners, hands] = [new MemoryBucket(), new Hands()];
  await standing(owners, "dead-1");
  const a = await startMaster(owners, hands, "a-1");
  await hands.advance(0.75 * LEASE_MS, STEP_MS);
  assert.equal(owners.leasesOf("a-1").length, PARTITIONS);
  await a.stop();
});

Deno.test("entries of the dead are taken away in the end, one at a tick", async () => {
  const [owners, hands] = [new MemoryBucket(), new Hands()];
  for (const name of ["dead-1", "dead-2", "dead-3"]) await standing(owners, name);
  const a = await startMaster(owners, hands, "a-1", [7]);
  const left = () => [1, 2, 3].filter((n) => owners.has(`master.dead-${n}`)).length;
  await hands.advance(99 * LEASE_MS, 11 * LEASE_MS);
  assert.equal(left(), 3);
  await hands.advance(LEASE_MS * 1.25, LEASE_MS / 4);
  assert.ok(left() < 3 && left() > 0, "one after the other");
  await hands.advance(2 * LEASE_MS, LEASE_MS / 4);
  assert.equal(left(), 0);
  await a.stop();
});
