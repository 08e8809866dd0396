import assert from "node:assert/strict";
import { subjects } from "../../../protocol/subjects.ts";
import type { NatsBroker } from "../../../streams/jetstream/connection.ts";
import { OrderedInput } from "../../../streams/jetstream/ordered_input.ts";
import type { Log } from "../../../streams/terminal/log.ts";
import { withBroker } from "../../support/broker.ts";
import { eventually } from "../../support/eventually.ts";
import { keptLog, restart } from "./restart.ts";

const ID = "M1";

/** Publishes frames number `from` to `to`, each until it is acknowledged, once. */
async function publish(broker: NatsBroker, from: number, to: number): Promise<void> {
  const send = (i: number): Promise<unknown> =>
    broker.publish(subjects.frame(ID), new TextEncoder().encode(String(i)), { messageId: `f${i}` })
      .catch(() => new Promise((resolve) => setTimeout(resolve, 50)).then(() => send(i)));
  await Promise.all(Array.from({ length: to - from + 1 }, (_, i) => send(from + i)));
}

function inputFor(broker: NatsBroker, log: Log, cursor = 0): OrderedInput {
  const filter = subjects.frame(ID);
  return new OrderedInput(broker, {
    ...{ stream: "FRAMES", filter, name: "test", description: "test", cursor, log },
  });
}

async function take(input: OrderedInput, count: number): Promise<number[]> {
  const sequences: number[] = [];
  await eventually(async () => {
    sequences.push(...(await input.take(100, 100)).map(({ sequence }) => sequence));
    assert.ok(sequences.length >= count, `${sequences.length} of ${count}`);
  });
  return sequences;
}

async function consumers(broker: NatsBroker): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of (await broker.manager()).consumers.list("FRAMES")) names.push(name);
  return names;
}

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

Deno.test("OrderedInput gives each message once, in order, behind the cursor, and leaves no consumer", async () => {
  await withBroker(async ({ broker }) => {
    await publish(broker, 1, 3_000);
    const log = keptLog();
    const input = inputFor(broker, log, 500);
    await input.open();
    assert.deepEqual(await take(input, 2_500), upTo(3_000).slice(500));
    assert.deepEqual(log.lines, [], "no consumer had to be made anew");
    await input.stop();
    assert.deepEqual(await input.take(1), []);
    assert.deepEqual(await consumers(broker), []);
  });
});

Deno.test("OrderedInput goes on when its consumer is deleted under it", async () => {
  await withBroker(async ({ broker }) => {
    const input = inputFor(broker, keptLog());
    await input.open();
    await publish(broker, 1, 50);
    const before = await take(input, 50);
    await (await broker.manager()).consumers.delete("FRAMES", "test");
    await publish(broker, 51, 100);
    assert.deepEqual([...before, ...await take(input, 50)], upTo(100));
    await input.stop();
  });
});

Deno.test("OrderedInput goes on within two seconds of the broker's return from a hard kill", async () => {
  await withBroker(async (given) => {
    const { broker } = given;
    const log = keptLog();
    const input = inputFor(broker, log);
    await input.open();
    await publish(broker, 1, 700);
    const before = await input.take(100); // The rest waits in memory across the kill.
    await restart(given);
    await publish(broker, 701, 710);
    const back_ms = performance.now();
    const after = await take(input, 610);
    assert.ok(performance.now() - back_ms < 2_000, "waited for the limit of silence");
    assert.deepEqual([...before.map(({ sequence }) => sequence), ...after], upTo(710));
    assert.match(log.lines.join(), /the link was lost/);
    await input.stop();
    assert.deepEqual(await consumers(broker), []);
  });
});

Deno.test("stop() while the consumer is made anew leaves none behind", async () => {
  await withBroker(async (given) => {
    const { broker } = given;
    const input = inputFor(broker, keptLog());
    await input.open();
    await restart(given);
    let stopping: Promise<void> | undefined;
    const link = broker.onLink((up) => {
      if (up) stopping = input.stop(); // Told after the input, which is making its consumer by now.
    });
    await eventually(() => assert.ok(stopping));
    await stopping;
    await link.stop();
    assert.deepEqual(await consumers(broker), []);
  });
});
