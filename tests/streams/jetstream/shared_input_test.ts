import assert from "node:assert/strict";
import { RetryableError } from "../../../protocol/errors.ts";
import { partitionOf, subjects } from "../../../protocol/subjects.ts";
import type { NatsBroker } from "../../../streams/jetstream/connection.ts";
import { shardPortsOver } from "../../../streams/jetstream/shard_ports.ts";
import type { InputSource } from "../../../streams/masters/ports.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { withBroker } from "../../support/broker.ts";
import { eventually } from "../../support/eventually.ts";
import { restart } from "./restart.ts";

const ALL = { sharesMin: 2, busy_a_second: 0 };

/** A meter in each of four partitions. */
const METERS = (() => {
  const byPartition = new Map<number, string>();
  for (let i = 0; byPartition.size < 4; i++) byPartition.set(partitionOf(`M${i}`), `M${i}`);
  return [...byPartition.values()];
})();

/** What was published, by meter: the sequences in the stream. */
class Published {
  readonly of = new Map<string, number[]>(METERS.map((meter) => [meter, []]));
  readonly #broker: NatsBroker;
  #count = 0;

  constructor(broker: NatsBroker) {
    this.#broker = broker;
  }

  async more(count: number, meters: readonly string[] = METERS): Promise<void> {
    const payload = new Uint8Array(100);
    await Promise.all(Array.from({ length: count }, async (_, i) => {
      const meter = meters[i % meters.length]!;
      const messageId = `f${this.#count++}`;
      this.of.get(meter)!.push(await this.#send(subjects.frame(meter), payload, messageId));
    }));
    for (const sequences of this.of.values()) sequences.sort((a, b) => a - b);
  }

  /** Until it is acknowledged: the broker may be on its way back. */
  async #send(subject: string, payload: Uint8Array, messageId: string): Promise<number> {
    for (;;) {
      try {
        return (await this.#broker.publish(subject, payload, { messageId })).sequence;
      } catch (error) {
        if (!(error instanceof RetryableError)) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }
}

/** Takes what comes, and keeps it, until the source is stopped. */
class Taker {
  readonly taken: number[] = [];
  readonly source: InputSource;
  readonly #loop: Promise<void>;
  #resume = Promise.withResolvers<void>();
  #stopped = false;

  constructor(source: InputSource) {
    this.source = source;
    this.#resume.resolve();
    this.#loop = this.#run();
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      await this.#resume.promise;
      this.taken.push(...(await this.source.take(50)).map(({ sequence }) => sequence));
    }
  }

  pause(): void {
    this.#resume = Promise.withResolvers();
  }

  resume(): void {
    this.#resume.resolve();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.resume();
    await this.source.stop();
    await this.#loop;
  }
}

async function consumers(broker: NatsBroker): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of (await broker.manager()).consumers.list("FRAMES")) names.push(name);
  return names;
}

async function untilTogether(broker: NatsBroker): Promise<void> {
  await eventually(async () => {
    const names = await consumers(broker);
    assert.equal(names.length, 1, names.join());
    assert.match(names[0]!, /^meter-all-/);
  });
}

async function takersOf(broker: NatsBroker, meters = METERS): Promise<Map<string, Taker>> {
  const ports = await shardPortsOver(broker, "test", silentLog, ALL);
  return new Map(
    await Promise.all(
      meters.map(async (meter) =>
        [meter, new Taker(await ports.input("meter", partitionOf(meter), 1, 0))] as const
      ),
    ),
  );
}

async function untilAll(published: Published, takers: ReadonlyMap<string, Taker>): Promise<void> {
  await eventually(() => {
    for (const [meter, { taken }] of takers) {
      assert.equal(taken.length, published.of.get(meter)!.length);
    }
  });
  for (const [meter, { taken }] of takers) assert.deepEqual(taken, published.of.get(meter), meter);
}

const stopAll = (takers: ReadonlyMap<string, Taker>) =>
  Promise.all([...takers.values()].map((taker) => taker.stop()));

Deno.test("SharedInput reads partitions together, each message once and in order", async () => {
  await withBroker(async ({ broker }) => {
    const published = new Published(broker);
    await published.more(3_000);
    const takers = await takersOf(broker);
    await published.more(2_000);
    await untilAll(published, takers);
    await untilTogether(broker);
    await published.more(1_000);
    await untilAll(published, takers);
    await stopAll(takers);
    assert.deepEqual(await consumers(broker), []);
  });
});

Deno.test("SharedInput takes in a partition that comes later and from further behind", async () => {
  await withBroker(async ({ broker }) => {
    const published = new Published(broker);
    const ports = await shardPortsOver(broker, "test", silentLog, ALL);
    await published.more(2_000);
    const takers = new Map<string, Taker>();
    for (const meter of METERS) {
      takers.set(meter, new Taker(await ports.input("meter", partitionOf(meter), 1, 0)));
      await published.more(400);
      await untilAll(published, takers);
    }
    await untilTogether(broker);
    await stopAll(takers);
  });
});

Deno.test("SharedInput goes on when one partition stands still, and loses nothing of that one", async () => {
  await withBroker(async ({ broker }) => {
    const published = new Published(broker);
    const takers = await takersOf(broker);
    await published.more(400);
    await untilAll(published, takers);
    await untilTogether(broker);
    const slow = takers.get(METERS[0]!)!;
    slow.pause();
    await published.more(6_000, [METERS[0]!]); // Far more than may wait.
    await published.more(3_000, METERS.slice(1));
    const others = new Map([...takers].filter(([meter]) => meter !== METERS[0]));
    await untilAll(published, others);
    slow.resume();
    await untilAll(published, takers);
    await published.more(400);
    await untilAll(published, takers);
    await untilTogether(broker);
    await stopAll(takers);
    assert.deepEqual(await consumers(broker), []);
  });
});

Deno.test("SharedInput leaves the last partitions to themselves", async () => {
  await withBroker(async ({ broker }) => {
    const published = new Published(broker);
    const takers = await takersOf(broker);
    await published.more(400);
    await untilAll(published, takers);
    await untilTogether(broker);
    for (const meter of METERS.slice(1)) {
      await takers.get(meter)!.stop();
      takers.delete(meter);
    }
    await published.more(400);
    await untilAll(published, takers);
    assert.match((await consumers(broker)).join(), /^meter-p\d\d-e1-again-2$/);
    await stopAll(takers);
    assert.deepEqual(await consumers(broker), []);
  });
});

Deno.test("SharedInput goes on after a hard kill of the broker", async () => {
  await withBroker(async (given) => {
    const { broker } = given;
    const published = new Published(broker);
    const takers = await takersOf(broker);
    await published.more(1_000);
    await untilAll(published, takers);
    await untilTogether(broker);
    await restart(given);
    await published.more(1_000);
    await untilAll(published, takers);
    await stopAll(takers);
  });
});

Deno.test("SharedInput goes by the subject's partition, whatever id stands behind it", async () => {
  await withBroker(async ({ broker }) => {
    const published = new Published(broker);
    const takers = await takersOf(broker);
    await published.more(400);
    await untilAll(published, takers);
    await untilTogether(broker);
    const [here, there] = METERS as [string, string];
    const subject = subjects.frame(here).replace(here, there);
    const { sequence } = await broker.publish(subject, new Uint8Array(100));
    await eventually(() => assert.equal(takers.get(here)!.taken.at(-1), sequence));
    assert.ok(!takers.get(there)!.taken.includes(sequence));
    await stopAll(takers);
  });
});
