import assert from "node:assert/strict";
import { RetryableError } from "../../../protocol/errors.ts";
import { subjects } from "../../../protocol/subjects.ts";
import { FencedError, type WorkMessage } from "../../../streams/jetstream/broker.ts";
import { connect } from "../../../streams/jetstream/connection.ts";
import { applyTopology, BUCKETS, STREAMS } from "../../../streams/jetstream/topology.ts";
import { withBroker } from "../../support/broker.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (value: Uint8Array) => new TextDecoder().decode(value);

Deno.test("applyTopology() declares every stream and bucket, and changes nothing the second time", async () => {
  await withBroker(async ({ broker }) => {
    const manager = await broker.manager();
    const describe = async () => {
      const found: string[] = [];
      for await (const stream of manager.streams.list()) {
        assert.ok(stream.config.description, `${stream.config.name} has no description`);
        found.push(JSON.stringify(stream.config));
      }
      return found.sort();
    };
    const before = await describe();
    assert.equal(before.length, STREAMS.length + BUCKETS.length);
    // As an earlier version made it: any server of a cluster may answer.
    await manager.streams.update("KV_samay_snapshots", { allow_direct: true });
    await applyTopology(broker);
    assert.deepEqual(await describe(), before);
    const { config } = await manager.streams.info("KV_samay_snapshots");
    assert.equal(config.allow_direct, false, "buckets are read through their leader");
  });
});

Deno.test("publish() pipelines, drops a repeated message id, and is fenced by the last sequence", async () => {
  await withBroker(async ({ broker }) => {
    const acks = await Promise.all(
      Array.from({ length: 5_000 }, (_, i) => broker.publish(subjects.frame(`M${i}`), bytes("x"))),
    );
    assert.equal(new Set(acks.map((ack) => ack.sequence)).size, 5_000);

    const first = await broker.publish(subjects.frame("M1"), bytes("a"), { messageId: "once" });
    const again = await broker.publish(subjects.frame("M1"), bytes("a"), { messageId: "once" });
    assert.equal(again.duplicate, true);
    assert.equal(again.sequence, first.sequence);

    const subject = subjects.journal("meter", 3);
    const one = await broker.publish(subject, bytes("1"), { expectLastSubjectSequence: 0 });
    await assert.rejects(
      broker.publish(subject, bytes("zombie"), { expectLastSubjectSequence: 0 }),
      FencedError,
    );
    await broker.publish(subject, bytes("2"), { expectLastSubjectSequence: one.sequence });
  });
});

Deno.test("work() retries a RetryableError and sets anything else aside in DEAD with the reason", async () => {
  await withBroker(async ({ broker }) => {
    const seen: WorkMessage[] = [];
    let handled = () => {};
    const done = new Promise<void>((resolve) => handled = resolve);
    await broker.publish(subjects.billing("A1"), bytes("late"));
    await broker.publish(subjects.billing("A2"), bytes("poison"));
    const work = await broker.work(
      { stream: "BILLING", consumer: "billing", concurrency: 4 },
      (message) => {
        seen.push(message);
        if (text(message.payload) === "poison") return Promise.reject(new Error("never\nworks"));
        if (message.deliveries === 1) return Promise.reject(new RetryableError("not yet", 10));
        handled();
        return Promise.resolve();
      },
    );
    await done;
    const manager = await broker.manager();
    let dead = await manager.streams.info("DEAD");
    for (let i = 0; i < 100 && dead.state.messages === 0; i++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      dead = await manager.streams.info("DEAD");
    }
    const letter = await manager.streams.getMessage("DEAD", { seq: dead.state.last_seq });
    await work.stop();
    assert.equal(dead.state.messages, 1);
    assert.equal(text(letter.data), "poison");
    assert.equal(letter.header.get("Samay-Reason"), "never works");
    assert.equal(seen.filter((message) => text(message.payload) === "poison").length, 1);
    assert.equal(seen.filter((message) => text(message.payload) === "late").length, 2);
  });
});

Deno.test("work() takes every message once, though each keeps it busy for longer than a pull lasts", async () => {
  await withBroker(async ({ broker }) => {
    const total = 6;
    const seen: WorkMessage[] = [];
    for (let i = 0; i < total; i++) await broker.publish(subjects.billing(`A${i}`), bytes("slow"));
    const work = await broker.work(
      { stream: "BILLING", consumer: "billing", concurrency: 2 },
      async (message) => {
        await new Promise((resolve) => setTimeout(resolve, 1_500));
        seen.push(message);
      },
    );
    const end_ms = performance.now() + 10_000;
    while (seen.length < total && performance.now() < end_ms) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await work.stop();
    assert.equal(seen.length, total);
    assert.ok(seen.every((message) => message.deliveries === 1));
  });
});

Deno.test("bucket() compares and sets, and watch() gives what stands and what changes", async () => {
  await withBroker(async ({ broker }) => {
    const owners = await broker.bucket("samay_owners");
    const revision = await owners.create("partition.01", bytes("a"));
    assert.ok(revision);
    assert.equal(await owners.create("partition.01", bytes("b")), undefined);
    assert.equal(await owners.update("partition.01", bytes("b"), revision + 7), undefined);
    const seen: string[] = [];
    const watch = await owners.watch((key, value) => seen.push(`${key}=${value && text(value)}`));
    assert.deepEqual(seen, ["partition.01=a"]);
    const untilSeen = async (count: number) => {
      for (let i = 0; i < 300 && seen.length < count; i++) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    };
    await owners.update("partition.01", bytes("c"), revision);
    await untilSeen(2); // The bucket keeps one value a key: a change not seen yet may be skipped.
    await owners.delete("partition.01");
    await untilSeen(3);
    await watch.stop();
    assert.deepEqual(seen, ["partition.01=a", "partition.01=c", "partition.01=undefined"]);
    assert.equal(await owners.get("partition.01"), undefined);
    assert.deepEqual(await owners.keys(), []);
  });
});

Deno.test("request() reaches one responder of a queue, and says so when nobody answers", async () => {
  await withBroker(async ({ broker, process }) => {
    const responder = broker.respond("samay.time", "masters", (payload) => payload);
    const other = await connect({ url: process.url, name: "asker" });
    assert.equal(text(await other.request("samay.time", bytes("tick"), 1_000)), "tick");
    await assert.rejects(other.request("samay.nobody", bytes(""), 200), RetryableError);
    await other.close();
    await responder.stop();
  });
});

Deno.test("respond() answers a quick request while a slow one is being worked on", async () => {
  await withBroker(async ({ broker }) => {
    let release = () => {};
    const held = new Promise<void>((resolve) => release = resolve);
    const responder = broker.respond("samay.office.test", "office", async (payload) => {
      if (text(payload) === "slow") await held;
      return payload;
    });
    const slow = broker.request("samay.office.test", bytes("slow"), 5_000);
    assert.equal(text(await broker.request("samay.office.test", bytes("quick"), 1_000)), "quick");
    release();
    assert.equal(text(await slow), "slow");
    await responder.stop();
  });
});

Deno.test("connect() says what to do when there is no broker, and keeps the password to itself", async () => {
  await assert.rejects(
    connect({ url: "nats://user:secret@127.0.0.1:1", name: "test" }),
    (error: Error) =>
      /No NATS server at nats:\/\/127.0.0.1:1 .*deno task start/.test(error.message) &&
      !error.message.includes("secret"),
  );
});
