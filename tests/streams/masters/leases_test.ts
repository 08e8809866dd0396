import assert from "node:assert/strict";
import type { Bucket } from "../../../streams/jetstream/broker.ts";
import { Leases } from "../../../streams/masters/leases.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { systemTimers } from "../../../streams/time/timers.ts";
import { Hands, MemoryBucket, settled } from "./memory_bucket.ts";

type OnEntry = Parameters<Bucket["watch"]>[0];

/** One lease whose answers can be held back, and a watch that shows what one tells it to. */
class OneLease {
  entry: { value: Uint8Array; revision: number } | undefined;
  revision = 0;
  show: OnEntry = () => {};
  answer: Promise<void> = Promise.resolve();

  write(value: Uint8Array): number {
    this.entry = { value, revision: ++this.revision };
    return this.revision;
  }

  bucket(): Bucket & { clear(): Promise<void> } {
    const key = "partition.07";
    return {
      get: () => Promise.resolve(this.entry && { key, ...this.entry }),
      put: (_key, value) => Promise.resolve(this.write(value)),
      create: (_key, value) => Promise.resolve(this.entry ? undefined : this.write(value)),
      update: async (_key, value, revision) => {
        const written = this.entry?.revision === revision ? this.write(value) : undefined;
        await this.answer;
        return written;
      },
      delete: () => {
        this.entry = undefined;
        this.revision += 1;
        return Promise.resolve();
      },
      clear: () => Promise.resolve(),
      keys: () => Promise.resolve([key]),
      watch: (onEntry) => {
        this.show = onEntry;
        return Promise.resolve({ stop: () => Promise.resolve() });
      },
    };
  }
}

async function leasesOn(kept: OneLease): Promise<Leases> {
  const leases = new Leases(kept.bucket(), "me-1", silentLog, systemTimers);
  await leases.start();
  return leases;
}

Deno.test("a renewal answered after the release was seen does not bring the lease back", async () => {
  const kept = new OneLease();
  const leases = await leasesOn(kept);
  await leases.claim(7, 0);
  const late = Promise.withResolvers<void>();
  kept.answer = late.promise;
  const renewing = leases.renew(7);
  await leases.release(7);
  kept.show("partition.07", undefined, kept.revision);
  late.resolve();
  await renewing;
  assert.equal(leases.leases.get(7), undefined, "it would never be claimed again");
});

Deno.test("a claim lost against a lease that is gone sees that it is gone", async () => {
  const kept = new OneLease();
  const leases = await leasesOn(kept);
  kept.show("partition.07", new TextEncoder().encode('{"owner":"other-1"}'), 5);
  assert.equal(await leases.claim(7, 5), undefined);
  assert.equal(leases.leases.get(7), undefined);
  assert.equal(await leases.claim(7, 0), 1);
});

Deno.test("a lost claim shows the lease as it stands, though the watch is behind", async () => {
  const kept = new OneLease();
  const leases = await leasesOn(kept);
  kept.revision = 8;
  const value = new TextEncoder().encode('{"owner":"other-1"}');
  kept.show("partition.07", value, 5);
  kept.write(value);
  assert.equal(await leases.claim(7, 5), undefined);
  assert.equal(leases.leases.get(7)?.revision, 9, "it would look stale still");
});

Deno.test("while no beat is taken nobody is judged, and that time is nobody's silence", async () => {
  const [owners, hands] = [new MemoryBucket(), new Hands()];
  const bucket = owners.bucket();
  let away = false;
  const leases = new Leases(
    {
      ...bucket,
      put: (...given) => away ? Promise.reject(new Error("503")) : bucket.put(...given),
    },
    ...["me-1", silentLog, hands] as const,
  );
  await leases.start();
  const silence_ms = () => hands.now_ms() - leases.members.get("b-1")!.changed_ms;
  owners.put("master.b-1", new TextEncoder().encode('{"owner":"b-1"}'));
  await settled();
  await hands.advance(1_000, 1_000);
  away = true;
  for (let i = 0; i < 9; i++) {
    await assert.rejects(leases.beat({}));
    assert.equal(leases.inSight, false);
    await hands.advance(1_000, 1_000);
  }
  away = false;
  await leases.beat({});
  assert.equal(leases.inSight, true);
  assert.equal(silence_ms(), 1_000, "as before the broker took nothing any more");
  await hands.advance(4_000, 1_000);
  await leases.beat({});
  assert.equal(silence_ms(), 5_000, "who says nothing afterwards is silent");
});

Deno.test("what stood before a master came says nothing of who lives, until it changes", async () => {
  const [owners, hands] = [new MemoryBucket(), new Hands()];
  const entry = new TextEncoder().encode('{"owner":"old-1"}');
  owners.put("master.old-1", entry);
  await settled();
  const leases = new Leases(owners.bucket(), "me-1", silentLog, hands);
  await leases.start();
  assert.deepEqual([leases.unproven, leases.members.get("old-1")?.unproven], [true, true]);
  owners.put("master.old-1", entry);
  await settled();
  assert.deepEqual([leases.unproven, leases.members.get("old-1")?.unproven], [false, undefined]);
});
