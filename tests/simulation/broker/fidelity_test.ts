/** The world's broker answers as a real nats-server does: the same steps on both, the same outcomes. */
import assert from "node:assert/strict";
import { FencedError } from "../../../streams/jetstream/broker.ts";
import type { NatsBroker } from "../../../streams/jetstream/connection.ts";
import { lastMessage } from "../../../streams/jetstream/last_sequence.ts";
import { OrderedInput } from "../../../streams/jetstream/ordered_input.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { withBroker } from "../../support/broker.ts";
import { Link } from "../link.ts";
import { Process } from "../process.ts";
import { Random } from "../random.ts";
import { Schedule } from "../schedule.ts";
import { WorldBroker } from "./broker.ts";
import { connectionOf } from "./connection.ts";

const SUBJECT = "samay.journal.meter.07";
const OTHER = "samay.journal.meter.42";
const bytes = (text: string) => new TextEncoder().encode(text);
const text = (payload: Uint8Array) => new TextDecoder().decode(payload);

/** Steps of the kind that masters and ledgers take, each with what came of it. */
async function steps(broker: NatsBroker): Promise<unknown[]> {
  const outcomes: unknown[] = [];
  const publish = async (subject: string, body: string, messageId: string, after?: number) => {
    const fence = after === undefined ? {} : { expectLastSubjectSequence: after };
    try {
      const ack = await broker.publish(subject, bytes(body), { messageId, ...fence });
      outcomes.push([body, ack.sequence, ack.duplicate]);
    } catch (error) {
      outcomes.push([body, error instanceof FencedError ? "fenced" : (error as Error).message]);
    }
  };
  await publish(SUBJECT, "first", "a", 0);
  await publish(OTHER, "another subject's first", "b", 0);
  await publish(SUBJECT, "second", "c", 1);
  await publish(SUBJECT, "behind an old one", "d", 1);
  await publish(SUBJECT, "behind the other subject's", "e", 2);
  await publish(SUBJECT, "second again", "c", 1);
  await publish(SUBJECT, "second again, behind itself", "c", 3);
  await publish(SUBJECT, "third", "f", 3);
  await publish(OTHER, "no fence", "g");
  outcomes.push(await lastMessage(broker, "JOURNAL", SUBJECT));
  outcomes.push(await lastMessage(broker, "JOURNAL", "samay.journal.session.01"));
  outcomes.push(await inputs(broker, SUBJECT, 0, 3));
  const manager = await broker.manager();
  await manager.streams.purge("JOURNAL", { filter: SUBJECT, seq: 4 });
  outcomes.push(await inputs(broker, SUBJECT, 0, 1));
  outcomes.push(await inputs(broker, "samay.journal.*.*", 1, 3));
  await publish(SUBJECT, "behind what is left", "h", 4);
  outcomes.push(...await bucketSteps(broker));
  return outcomes;
}

async function inputs(broker: NatsBroker, filter: string, cursor: number, count: number) {
  const name = `fidelity-${count}-${cursor}`;
  const input = new OrderedInput(broker, {
    ...{ stream: "JOURNAL", filter, name, description: "fidelity", cursor, log: silentLog },
  });
  await input.open();
  const taken: unknown[] = [];
  while (taken.length < count) {
    const more = await input.take(10, 2_000);
    assert.ok(more.length > 0, `${filter} behind ${cursor} gave ${taken.length} of ${count}`);
    taken.push(...more.map(({ sequence, id, payload }) => [sequence, id, text(payload)]));
  }
  await input.stop();
  return taken;
}

/** Revisions as differences: a real bucket may have begun elsewhere. */
async function bucketSteps(broker: NatsBroker): Promise<unknown[]> {
  const bucket = await broker.bucket("samay_owners");
  const first = await bucket.create("partition.07", bytes("a"));
  const seen: unknown[] = [];
  const watch = await bucket.watch((key, value, revision) =>
    void seen.push([key, value && text(value), revision - first!])
  );
  const since = (revision: number | undefined) => revision === undefined ? "no" : revision - first!;
  const outcomes: unknown[] = [
    since(await bucket.create("partition.07", bytes("b"))),
    since(await bucket.update("partition.07", bytes("c"), first! + 9)),
    since(await bucket.update("partition.07", bytes("d"), first!)),
    since(await bucket.update("partition.07", bytes("e"), first!)),
    since(await bucket.put("partition.42", bytes("f"))),
  ];
  await bucket.delete("partition.07");
  outcomes.push(await bucket.get("partition.07"), await bucket.keys());
  outcomes.push(since(await bucket.create("partition.07", bytes("g"))));
  while (seen.length < 5) {
    await new Promise<void>((resolve) => void broker.timers.after(5, resolve));
  }
  await watch.stop();
  return [...outcomes, seen];
}

async function inWorld(seed: number): Promise<unknown[]> {
  const random = new Random(seed);
  const schedule = new Schedule(random);
  const broker = new WorldBroker(schedule, random, 0);
  const link = new Link(new Process("tester", schedule), broker, schedule, random, {
    ...{ loss: 0, late: false },
  });
  broker.links.add(link);
  let outcomes: unknown[] | undefined;
  let failed: unknown;
  steps(connectionOf(broker, link)).then((done) => outcomes = done, (error) => failed = error);
  await schedule.run(60_000, () => outcomes !== undefined || failed !== undefined);
  if (failed !== undefined) throw failed;
  assert.ok(outcomes !== undefined, "the world came to no end");
  return outcomes;
}

Deno.test("the world's broker answers as a real one, older or newer, does", async () => {
  // Servers differ in what they look at first, the message id or the fence: a world has either.
  const worlds = await Promise.all([1, 2, 3, 4, 5, 6].map(inWorld));
  const kinds = new Set(worlds.map((world) => JSON.stringify(world)));
  assert.equal(kinds.size, 2);
  await withBroker(async ({ broker }) => {
    const real = await steps(broker);
    const same = worlds.some((world) => JSON.stringify(world) === JSON.stringify(real));
    if (!same) assert.deepEqual(worlds[0], real);
  });
});
