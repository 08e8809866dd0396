/** What each role may do on the broker of the containers, tried against a real nats-server. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { utf8 } from "../../../protocol/bytes.ts";
import {
  type BrokerProcess,
  startBrokerProcess,
} from "../../../streams/jetstream/broker_process.ts";
import { AckPolicy, connect, type NatsConnection } from "../../../streams/jetstream/nats.ts";
import { storedMessage, storedSince } from "../../../streams/jetstream/stored.ts";
import { natsServerProgram } from "../../support/broker.ts";
import { PASSWORD, writeRoleConfig } from "../../support/role_config.ts";

const CONFIG = fileURLToPath(new URL("../../../streams/jetstream/nats.conf", import.meta.url));
const PASSWORD_VARIABLES = ["OPERATOR", "MASTER", "BILLING", "SLAVE_1"]
  .map((role) => `SAMAY_NATS_${role}_PASSWORD`);

interface Given {
  readonly port: number;
  as(user: string): Promise<NatsConnection>;
  readonly operator: NatsConnection;
}

async function withRoles(body: (given: Given) => Promise<void>): Promise<void> {
  const dataDir = await Deno.makeTempDir({ prefix: "samay-nats-" });
  const config = await writeRoleConfig(join(dataDir, "nats.conf"));
  const process: BrokerProcess = await startBrokerProcess({
    program: await natsServerProgram(),
    dataDir,
    config,
  });
  const open: NatsConnection[] = [];
  const as = async (user: string) => {
    const connection = await connect({
      servers: process.url,
      user,
      pass: PASSWORD,
      inboxPrefix: `_INBOX_${user}`,
      reconnect: false,
      timeout: 5_000,
    });
    open.push(connection);
    return connection;
  };
  try {
    await body({ as, port: process.port, operator: await withStreams(await as("operator")) });
  } finally {
    for (const connection of open) await connection.close();
    await process.stop();
    await Deno.remove(dataDir, { recursive: true });
  }
}

async function withStreams(operator: NatsConnection): Promise<NatsConnection> {
  const manager = await operator.jetstreamManager();
  for (const name of ["frame", "command", "journal"]) {
    await manager.streams.add({ name: `${name.toUpperCase()}S`, subjects: [`samay.${name}.>`] });
  }
  return operator;
}

/** Whether what `connection` publishes on `subject` reaches a listener that may hear everything. */
async function mayPublish(
  connection: NatsConnection,
  subject: string,
  listener: NatsConnection,
): Promise<boolean> {
  let heard = 0;
  const subscription = listener.subscribe(subject, { callback: () => heard++ });
  await listener.flush();
  connection.publish(subject, utf8("x"));
  // The server has routed it when it answers the sender, and delivered it when it answers the other.
  await connection.flush();
  await listener.flush();
  subscription.unsubscribe();
  return heard > 0;
}

async function maySubscribe(connection: NatsConnection, subject: string): Promise<boolean> {
  let refused = false;
  const subscription = connection.subscribe(subject, {
    callback: (error) => {
      if (error) refused = true;
    },
  });
  await connection.flush();
  // The client hands the violation to the subscription after the flush's own answer.
  await new Promise((resolve) => setTimeout(resolve, 20));
  if (!refused) subscription.unsubscribe();
  return !refused;
}

Deno.test("nats.conf is valid for nats-server when the passwords are in the environment", async () => {
  const run = (env: Record<string, string>) =>
    natsServerProgram().then((program) =>
      new Deno.Command(program, { args: ["-t", "-c", CONFIG], env, stderr: "piped" }).output()
    );
  const env = Object.fromEntries(PASSWORD_VARIABLES.map((name) => [name, PASSWORD]));
  const good = await run(env);
  assert.ok(good.success, new TextDecoder().decode(good.stderr));
});

/** What the server says to a login, in the protocol's own words. */
async function login(port: number, user: string, pass: string): Promise<string> {
  const socket = await Deno.connect({ hostname: "127.0.0.1", port });
  const greeting = JSON.stringify({ verbose: false, user, pass });
  await socket.write(utf8(`CONNECT ${greeting}\r\nPING\r\n`));
  let text = "";
  for await (const part of socket.readable) {
    text += new TextDecoder().decode(part);
    const answer = /^(PONG|-ERR .*)\r$/m.exec(text);
    if (answer !== null) return answer[1]!;
  }
  return text;
}

Deno.test("the broker refuses a user with a wrong password or without one", async () => {
  await withRoles(async ({ port }) => {
    assert.equal(await login(port, "slave-1", PASSWORD), "PONG");
    assert.equal(await login(port, "slave-1", "guess"), "-ERR 'Authorization Violation'");
    assert.equal(await login(port, "", ""), "-ERR 'Authorization Violation'");
  });
});

Deno.test("a slave publishes frames of its own meters and session reports of its own", async () => {
  await withRoles(async ({ as, operator }) => {
    const slave = await as("slave-1");
    const ack = await slave.jetstream().publish("samay.frame.17.MH00000001", utf8("sealed"));
    assert.equal(ack.stream, "FRAMES");
    const refused = [
      "samay.frame.17.MH00000002",
      "samay.frame.17.MH00000001.more",
      "samay.session.17.slave-2",
      "samay.journal.meter.17",
      "samay.confirm.slave-1",
      "samay.command.slave-1",
      "samay.office.meter-enrol",
      "$KV.samay_enrolments.MH00000001",
      "$JS.API.STREAM.DELETE.FRAMES",
    ];
    for (const subject of refused) {
      assert.equal(await mayPublish(slave, subject, operator), false, subject);
    }
    for (const subject of ["samay.session.17.slave-1", "samay.time"]) {
      assert.equal(await mayPublish(slave, subject, operator), true, subject);
    }
    const manager = await operator.jetstreamManager();
    assert.equal((await manager.streams.info("FRAMES")).state.messages, 1);
  });
});

Deno.test("a slave hears its own confirmations and answers, and nobody else's", async () => {
  await withRoles(async ({ as }) => {
    const slave = await as("slave-1");
    const refused = [
      ">",
      "samay.>",
      "samay.frame.>",
      "samay.confirm.*",
      "samay.confirm.slave-2",
      "samay.command.slave-1",
      "samay.time",
      "_INBOX.>",
      "_INBOX_master.>",
      "$KV.samay_enrolments.>",
    ];
    for (const subject of refused) {
      assert.equal(await maySubscribe(slave, subject), false, subject);
    }
    assert.equal(await maySubscribe(slave, "samay.confirm.slave-1"), true);
  });
});

Deno.test("a slave takes its own commands and cannot make a consumer for another's", async () => {
  await withRoles(async ({ as, operator }) => {
    const slave = await as("slave-1");
    const js = operator.jetstream();
    await js.publish("samay.command.slave-2", utf8("theirs"));
    await js.publish("samay.command.slave-1", utf8("mine"));
    const manager = await slave.jetstreamManager();
    const own = {
      durable_name: "slave-slave-1",
      ack_policy: AckPolicy.Explicit,
      filter_subject: "samay.command.slave-1",
    };
    await manager.consumers.add("COMMANDS", own);
    const consumer = await slave.jetstream().consumers.get("COMMANDS", "slave-slave-1");
    const message = await consumer.next({ expires: 2_000 });
    assert.equal(message?.string(), "mine");
    assert.equal(await message.ackAck(), true);
    for (
      const [stream, wanted] of [
        ["COMMANDS", { ...own, filter_subject: "samay.command.slave-2" }],
        ["COMMANDS", { ...own, filter_subject: "samay.command.>" }],
        ["COMMANDS", { ...own, durable_name: "slave-slave-2" }],
        ["FRAMES", { ...own, filter_subject: "samay.frame.>" }],
      ] as const
    ) await assert.rejects(manager.consumers.add(stream, wanted), /permissions violation|timeout/i);
  });
});

Deno.test("a master answers time and journals, and can forge neither frames nor enrolments", async () => {
  await withRoles(async ({ as, operator }) => {
    const [master, slave] = [await as("master"), await as("slave-1")];
    master.subscribe("samay.time", {
      callback: (_, message) => void message.respond(utf8("now")),
    });
    await master.flush();
    const answer = await slave.request("samay.time", utf8("T1"), { timeout: 2_000 });
    assert.equal(answer.string(), "now");
    assert.equal((await master.jetstream().publish("samay.journal.meter.07", utf8("{}"))).seq, 1);
    const refused = [
      "samay.frame.17.MH00000001",
      "samay.session.17.slave-1",
      "samay.billing.17.A1",
      "$KV.samay_enrolments.MH00000001",
      "$JS.API.STREAM.DELETE.FRAMES",
      "$JS.API.STREAM.PURGE.FRAMES",
    ];
    for (const subject of refused) {
      assert.equal(await mayPublish(master, subject, operator), false, subject);
    }
    assert.equal(
      (await (await operator.jetstreamManager()).streams.info("FRAMES")).state.messages,
      0,
    );
  });
});

Deno.test("the office cannot write frames or the journal", async () => {
  await withRoles(async ({ as, operator }) => {
    const billing = await as("billing");
    const refused = [
      "samay.frame.17.MH00000001",
      "samay.journal.meter.07",
      "samay.confirm.slave-1",
      "$KV.samay_owners.meter.07",
      "$JS.API.STREAM.DELETE.JOURNAL",
    ];
    for (const subject of refused) {
      assert.equal(await mayPublish(billing, subject, operator), false, subject);
    }
    for (const subject of ["samay.command.slave-1", "samay.notice.email.1"]) {
      assert.equal(await mayPublish(billing, subject, operator), true, subject);
    }
  });
});

Deno.test("the office may look at a stored frame, to explain it, and a slave may not", async () => {
  await withRoles(async ({ as }) => {
    const [billing, slave] = [await as("billing"), await as("slave-1")];
    const subject = "samay.frame.17.MH00000001";
    const { seq } = await slave.jetstream().publish(subject, utf8("sealed"));
    const manager = await billing.jetstreamManager();
    const found = await storedMessage(manager, "FRAMES", seq);
    assert.equal(found.found && new TextDecoder().decode(found.payload), "sealed");
    assert.deepEqual(await storedMessage(manager, "FRAMES", 9), {
      found: false,
      first: 1,
      last: 1,
    });
    const query = { stream: "FRAMES", subject: "samay.frame.*.MH00000001", limit: 9 };
    const since = (since_ms: number) => storedSince(billing, manager, { ...query, since_ms });
    assert.deepEqual((await since(Date.now() - 60_000)).map(({ sequence }) => sequence), [seq]);
    assert.deepEqual(await since(Date.now() + 60_000), []);
    assert.equal((await manager.consumers.list("FRAMES").next()).length, 0, "none is left behind");
    const slaves = await slave.jetstreamManager({ checkAPI: false, timeout: 1_000 });
    await assert.rejects(storedMessage(slaves, "FRAMES", seq), /permissions violation|timeout/i);
  });
});
