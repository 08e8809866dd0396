import assert from "node:assert/strict";
import { RetryableError, TerminalError } from "../../../protocol/errors.ts";
import { startBrokerProcess } from "../../../streams/jetstream/broker_process.ts";
import { connect } from "../../../streams/jetstream/connection.ts";
import { natsServerProgram, withBroker } from "../../support/broker.ts";
import { eventually } from "../../support/eventually.ts";
import { restart, standStill } from "./restart.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("while the link is down what needs an answer fails at once; listeners hear of both", async () => {
  await withBroker(async (given) => {
    const { broker, process } = given;
    const heard: boolean[] = [];
    const listening = broker.onLink((up) => heard.push(up));
    const bucket = await broker.bucket("samay_owners");
    await process.kill();
    await eventually(() => assert.deepEqual(heard, [false]));
    const begin_ms = performance.now();
    await assert.rejects(bucket.get("a"), RetryableError);
    await assert.rejects(broker.publish("samay.frame.01.M", bytes("")), RetryableError);
    await assert.rejects(broker.manager(), RetryableError);
    assert.ok(performance.now() - begin_ms < 500);
    await restart(given);
    await eventually(() => assert.deepEqual(heard, [false, true]));
    await bucket.put("a", bytes("1"));
    await listening.stop();
  });
});

Deno.test("what waits for an answer when the link is lost fails at once, and not after its own time limit", async () => {
  await withBroker(async (given) => {
    const { broker, process } = given;
    const bucket = await broker.bucket("samay_owners");
    const manager = await broker.manager();
    await standStill(process.pid);
    const begin_ms = performance.now();
    const waiting = [
      broker.publish("samay.frame.01.M", bytes("")),
      bucket.get("a"),
      bucket.put("a", bytes("1")),
      manager.streams.info("FRAMES"),
      broker.request("samay.office.x", bytes(""), 5_000),
    ];
    const failed = Promise.all(waiting.map((one) => assert.rejects(one, RetryableError)));
    await new Promise((resolve) => setTimeout(resolve, 100));
    await process.kill();
    await failed;
    assert.ok(performance.now() - begin_ms < 4_000, "waited for a time limit");
    await restart(given);
    await eventually(async () => void await bucket.put("a", bytes("1")));
  });
});

Deno.test("work goes on at once after a restart, though an answer was waited for", async () => {
  await withBroker(async (given) => {
    const { broker, process } = given;
    const seen: number[] = [];
    const work = await broker.work(
      { stream: "BILLING", consumer: "billing", concurrency: 1 },
      ({ sequence }) => Promise.resolve(void seen.push(sequence)),
    );
    await new Promise((resolve) => setTimeout(resolve, 300)); // A request is on its way.
    await standStill(process.pid);
    await restart(given);
    await eventually(async () => void await broker.publish("samay.billing.01.A", bytes("x")));
    const begin_ms = performance.now();
    await eventually(() => assert.equal(seen.length, 1));
    assert.ok(performance.now() - begin_ms < 3_000, "waited for a request of before");
    await work.stop();
  });
});

Deno.test("a watch sees again as soon as the link is back: what stands, then what changes", async () => {
  await withBroker(async (given) => {
    const { broker } = given;
    const bucket = await broker.bucket("samay_owners");
    await bucket.put("a", bytes("1"));
    const seen: string[] = [];
    const sights: boolean[] = [];
    const watch = await bucket.watch((key) => seen.push(key), (inSight) => sights.push(inSight));
    await restart(given);
    await eventually(async () => void await bucket.put("b", bytes("1")));
    const back_ms = performance.now();
    await eventually(() => assert.ok(seen.includes("b")));
    assert.ok(performance.now() - back_ms < 2_000, "waited for the library to notice");
    await eventually(() => assert.deepEqual(sights, [true, false, true]));
    await watch.stop();
  });
});

Deno.test("connect() with a wrong password is a TerminalError that names the user, every time", async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "samay-nats-" });
  const config = `${dataDir}/users.conf`;
  await Deno.writeTextFile(config, `authorization { users = [{ user: a, password: "right" }] }`);
  const program = await natsServerProgram();
  const server = await startBrokerProcess({ program, dataDir, config });
  try {
    for (let i = 0; i < 20; i++) {
      await assert.rejects(
        connect({ url: server.url, name: "test", user: "a", password: "wrong" }),
        (error) =>
          error instanceof TerminalError &&
          /refuses user a\. .*SAMAY_NATS_PASSWORD/.test(error.message) &&
          !error.message.includes("wrong"),
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 100)); // A late reset would be uncaught here.
  } finally {
    await server.stop();
    await Deno.remove(dataDir, { recursive: true });
  }
});
