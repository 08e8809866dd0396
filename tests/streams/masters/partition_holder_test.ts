import assert from "node:assert/strict";
import type { Bucket } from "../../../streams/jetstream/broker.ts";
import { Leases } from "../../../streams/masters/leases.ts";
import { PartitionHolder } from "../../../streams/masters/partition_holder.ts";
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

Deno.test("PartitionHolder claims nothing while it cannot see whether the others live", async () => {
  const owners = new Blindable();
  owners.put("master.b-1", utf8('{"owner":"b-1"}'));
  owners.put("partition.07", utf8('{"owner":"b-1"}'));
  const hands = new Hands();
  const leases = new Leases(owners.bucket(), "a-1", silentLog, hands);
  await leases.start();
  const holder = new PartitionHolder({
    instance: "a-1",
    lease_ms: LEASE_MS,
    leases,
    ports: new World().ports(),
    keyring: { find: () => undefined, slaveOf: () => undefined, refresh: () => Promise.resolve() },
    board: { changed: () => {} },
    timers: hands,
    log: silentLog,
    partitions: [7],
  });
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
