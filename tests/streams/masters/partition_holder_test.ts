import assert from "node:assert/strict";
import { RetryableError } from "../../../protocol/errors.ts";
import type { Bucket } from "../../../streams/jetstream/broker.ts";
import { Leases } from "../../../streams/masters/leases.ts";
import { PartitionHolder } from "../../../streams/masters/partition_holder.ts";
import type { ShardPorts } from "../../../streams/masters/ports.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { Hands } from "./memory_bucket.ts";
import { World } from "./memory_ports.ts";

const LEASE_MS = 1_000;
const utf8 = (text: string) => new TextEncoder().encode(text);

/** A bucket that takes every write, and that can be told to show nothing any more. */
class Blindable {
  readonly entries = new Map<string, { value: Uint8Array; revision: number }>();
  onSight: (inSight: boolean) => void = () => {};
  #revision = 0;

  put(key: string, value: Uint8Array): number {
    this.entries.set(key, { value, revision: ++this.#revision });
    return this.#revision;
  }

  ownerOf(key: string): string | undefined {
    const entry = this.entries.get(key);
    return entry && JSON.parse(new TextDecoder().decode(entry.value)).owner;
  }

  bucket(): Bucket {
    const found = (key: string) => {
      const entry = this.entries.get(key);
      return entry && { key, ...entry };
    };
    return {
      get: (key) => Promise.resolve(found(key)),
      put: (key, value) => Promise.resolve(this.put(key, value)),
      create: (key, value) => Promise.resolve(found(key) ? undefined : this.put(key, value)),
      update: (key, value, revision) =>
        Promise.resolve(found(key)?.revision === revision ? this.put(key, value) : undefined),
      delete: (key) => Promise.resolve(void this.entries.delete(key)),
      clear: () => Promise.resolve(),
      keys: () => Promise.resolve([...this.entries.keys()]),
      watch: (onEntry, onSight = () => {}) => {
        this.onSight = onSight;
        for (const [key, { value, revision }] of this.entries) onEntry(key, value, revision);
        onSight(true);
        return Promise.resolve({ stop: () => Promise.resolve() });
      },
    };
  }
}

/** Holds partition 7 alone. */
async function holderOf(owners: Blindable, ports: ShardPorts) {
  const hands = new Hands();
  const leases = new Leases(owners.bucket(), "a-1", silentLog, hands);
  await leases.start();
  const holder = new PartitionHolder({
    instance: "a-1",
    lease_ms: LEASE_MS,
    leases,
    ports,
    keyring: { find: () => undefined, slaveOf: () => undefined, refresh: () => Promise.resolve() },
    board: { changed: () => {} },
    timers: hands,
    log: silentLog,
    partitions: [7],
  });
  return { hands, holder };
}

/** Ports whose snapshots cannot be loaded the first `failures` times; counts how often it was tried. */
function failingPorts(failures: number) {
  const ports = new World().ports();
  const tried = { times: 0 };
  const load: typeof ports.snapshots.load = (kind, partition) => {
    if (kind === "meter" && ++tried.times <= failures) {
      return Promise.reject(new RetryableError("no leader"));
    }
    return ports.snapshots.load(kind, partition);
  };
  return { ports: { ...ports, snapshots: { ...ports.snapshots, load } }, tried };
}

Deno.test("PartitionHolder gives a lease back at once when its partition cannot be opened, and tries again soon", async () => {
  const owners = new Blindable();
  const { ports, tried } = failingPorts(1);
  const { hands, holder } = await holderOf(owners, ports);
  const ticking = holder.start();
  await hands.advance(LEASE_MS / 8, LEASE_MS / 8);
  assert.equal(tried.times, 1);
  assert.equal(owners.ownerOf("partition.07"), undefined, "nobody has to wait the lease out");
  await hands.advance(LEASE_MS / 2, LEASE_MS / 8);
  assert.equal(tried.times, 2);
  assert.ok(holder.open.has(7), "open within a lease");
  await ticking.stop();
});

Deno.test("PartitionHolder tries a partition that cannot be opened no more than once a lease in the end", async () => {
  const owners = new Blindable();
  const { ports, tried } = failingPorts(Infinity);
  const { hands, holder } = await holderOf(owners, ports);
  const ticking = holder.start();
  await hands.advance(20 * LEASE_MS, LEASE_MS / 8);
  assert.ok(tried.times >= 16 && tried.times <= 23, `${tried.times} times in 20 leases`);
  assert.equal(owners.ownerOf("partition.07"), undefined);
  await ticking.stop();
});

Deno.test("PartitionHolder claims nothing while it cannot see whether the others live", async () => {
  const owners = new Blindable();
  owners.put("master.b-1", utf8('{"owner":"b-1"}'));
  owners.put("partition.07", utf8('{"owner":"b-1"}'));
  const { hands, holder } = await holderOf(owners, new World().ports());
  owners.onSight(false);
  const ticking = holder.start();
  await hands.advance(5 * LEASE_MS, LEASE_MS / 8);
  assert.equal(owners.ownerOf("partition.07"), "b-1", "its silence may be ours");
  owners.onSight(true);
  await hands.advance(2 * LEASE_MS, LEASE_MS / 8);
  assert.equal(owners.ownerOf("partition.07"), "a-1", "now it is known to be dead");
  await holder.untilHolding(1);
  await ticking.stop();
  assert.equal(owners.ownerOf("partition.07"), undefined, "released");
});
