import assert from "node:assert/strict";
import type { SessionReport } from "../../../protocol/messages/session.ts";
import { subjects } from "../../../protocol/subjects.ts";
import { startSlave } from "../../../streams/edge/slave.ts";
import { startBrokerProcess } from "../../../streams/jetstream/broker_process.ts";
import { connect, type NatsBroker } from "../../../streams/jetstream/connection.ts";
import { applyTopology } from "../../../streams/jetstream/topology.ts";
import { serveSoftwareMeters } from "../../../streams/serial/software_meter.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { respondTime } from "../../../streams/time/broker_time.ts";
import { startLocalClock } from "../../../streams/time/local_clock.ts";
import { natsServerProgram, withBroker } from "../../support/broker.ts";
import { configurationOf, inFolder, keyFileOf, SLAVE_ID, TestHeadEnd, until } from "./head_end.ts";

interface World {
  readonly broker: NatsBroker;
  readonly folder: string;
  readonly line: string;
  readonly config: ReturnType<typeof configurationOf>;
  readonly headEnd: TestHeadEnd;
}

/** Two meters on one line, their key files, a broker and a head-end. */
async function withWorld(body: (world: World) => Promise<void>): Promise<void> {
  const meters = serveSoftwareMeters({
    meters: ["M1", "M2"].map((meter_id, i) => ({
      address: meter_id,
      serialNumber: `S-${meter_id}`,
      consumerNumber: `C-${meter_id}`,
      energy_wh: () => 1_234_567 + i,
    })),
  });
  try {
    await inFolder(async (folder) => {
      await withBroker(async ({ broker }) => {
        const files = [keyFileOf("M1", 1), keyFileOf("M2", 2)];
        const key_files = files.map(({ meter_id }) => `${folder}/${meter_id}.json`);
        for (const [i, file] of files.entries()) {
          await Deno.writeTextFile(key_files[i]!, JSON.stringify(file), { mode: 0o600 });
        }
        const config = configurationOf({
          data_dir: `${folder}/data`,
          key_files,
          meters: ["M1", "M2"].map((meter_id) => ({
            meter_id,
            line: meters.line,
            address: meter_id,
          })),
        });
        const headEnd = new TestHeadEnd(broker, files);
        await body({ broker, folder, line: meters.line, config, headEnd });
        assert.deepEqual(headEnd.faults, []);
      });
    });
  } finally {
    await meters.stop();
  }
}

Deno.test("startSlave() reads, seals, sends, and deletes what is confirmed", async () => {
  await withWorld(async ({ broker, config, headEnd, folder }) => {
    const time = respondTime(broker);
    const reports: SessionReport[] = [];
    const heard = broker.listen(
      subjects.session(SLAVE_ID),
      (payload) => reports.push(JSON.parse(new TextDecoder().decode(payload))),
    );
    const slave = await startSlave(config, broker, silentLog);
    for (const file of config.key_files) {
      await assert.rejects(Deno.stat(file), Deno.errors.NotFound);
    }
    await until("both meters are heard of", () => {
      return new Set(headEnd.opened.map(({ pack }) => pack.meterId)).size === 2;
    });
    await until("the outbox is empty", () => slave.status().outbox === 0);
    const { pack, header } = headEnd.opened.find(({ pack }) => pack.meterId === "M1")!;
    assert.equal(header.clockQuality, 2);
    assert.equal(header.boot, 1);
    assert.deepEqual(
      pack.registers.map(({ obis, value, unit }) => [obis, value, unit]),
      [["0-0:97.97.0", 0, ""], ["1-0:1.8.0", 1_234_567, "Wh"]],
    );
    await slave.stop();
    await heard.stop();
    await time.stop();
    assert.equal(reports[0]?.kind, "hello");
    assert.equal(reports.at(-1)?.kind, "goodbye");
    const mode = (await Deno.stat(`${folder}/data/slave.db`)).mode! & 0o777;
    assert.equal(mode, 0o600);
  });
});

Deno.test("startSlave() seals nothing while its clock is not synchronised, and keeps what it reads", async () => {
  await withWorld(async ({ broker, config, headEnd }) => {
    // The system's clock is an hour slow, and nobody answers for the time yet.
    const clock = startLocalClock(Date.now() - 3_600_000);
    const slave = await startSlave(config, broker, silentLog, { clock });
    await until("readings are kept", () => slave.status().outbox >= 2);
    assert.equal(slave.status().clock.quality, 0);
    assert.equal(headEnd.opened.length, 0);
    const time = respondTime(broker);
    await until("the kept readings go out", () => headEnd.opened.length >= 2);
    const age_ms = Date.now() - headEnd.opened[0]!.pack.registers[0]!.read_at_ms;
    assert.ok(age_ms > 0 && age_ms < 60_000, `its time was put right, it is ${age_ms} ms old`);
    await slave.stop();
    await time.stop();
  });
});

Deno.test("startSlave() sends again under a new sequence until a confirmation comes through", async () => {
  await withWorld(async ({ broker, config, headEnd }) => {
    const time = respondTime(broker);
    headEnd.confirming = false;
    const slow = { ...config, interval_s: 3_600 };
    const slave = await startSlave(slow, broker, silentLog);
    const requested_at_ms = Date.now();
    const command = {
      command: "read-now",
      request_id: "r1",
      meter_id: "M1",
      requested_at_ms,
      expires_at_ms: requested_at_ms + 60_000,
    };
    const payload = new TextEncoder().encode(JSON.stringify(command));
    await broker.publish(subjects.command(SLAVE_ID), payload);
    await until("it was sent three times", () => headEnd.opened.length >= 3);
    assert.equal(slave.status().outbox, 1);
    const sequences = headEnd.opened.map(({ header }) => header.sequence);
    assert.equal(new Set(sequences).size, sequences.length);
    const moments = headEnd.opened.map(({ pack }) => pack.registers[0]!.read_at_ms);
    assert.equal(new Set(moments).size, 1, "it is one and the same reading");
    headEnd.tell({ confirmed: [{ meter_id: "M1", read_at_ms: moments[0]! }] });
    await until("the outbox is empty", () => slave.status().outbox === 0);
    const count = headEnd.opened.length;
    await new Promise((done) => setTimeout(done, 1_200));
    assert.equal(headEnd.opened.length, count, "nothing is sent after the confirmation");
    await slave.stop();
    await time.stop();
  });
});

Deno.test("startSlave() reads on without a broker and sends all of it once there is one", async () => {
  await withWorld(async ({ broker, config, headEnd }) => {
    const time = respondTime(broker);
    const late = Promise.withResolvers<NatsBroker>();
    const slave = await startSlave(config, late.promise, silentLog);
    await until("readings pile up", () => slave.status().outbox >= 4);
    assert.equal(slave.status().linkUp, false);
    late.resolve(broker);
    await until("the outbox drains", () => headEnd.opened.length >= 4);
    await slave.stop();
    await time.stop();
  });
});

Deno.test("startSlave() reports a meter of another consumer and sends nothing as that meter's", async () => {
  await withWorld(async ({ broker, config, headEnd, line }) => {
    const time = respondTime(broker);
    const swapped = {
      ...config,
      meters: [{ meter_id: "M1", line, address: "M2" }],
    };
    const slave = await startSlave(swapped, broker, silentLog);
    await until("the fault is known", () => slave.status().faults.length === 1);
    assert.match(slave.status().faults[0]!.reason, /consumer C-M2's, enrolled is C-M1/);
    assert.equal(headEnd.opened.length, 0);
    assert.equal(slave.status().outbox, 0);
    await slave.stop();
    await time.stop();
  });
});

Deno.test("startSlave() seals anew what the head-end refused", async () => {
  await withWorld(async ({ broker, config, headEnd }) => {
    const time = respondTime(broker);
    headEnd.confirming = false;
    const patient = { ...config, resend_first_s: 3_600, resend_max_s: 3_600 };
    const slave = await startSlave(patient, broker, silentLog);
    await until("a frame came", () => headEnd.opened.length >= 1);
    const { pack, header: { boot, sequence } } = headEnd.opened[0]!;
    const { read_at_ms } = pack.registers[0]!;
    const meter_id = pack.meterId;
    headEnd.tell({ refused: [{ meter_id, boot, sequence, reason: "no_key_in_window" }] });
    await until("the same reading came again", () => {
      return headEnd.opened.filter(({ pack }) => {
        return pack.meterId === meter_id && pack.registers[0]!.read_at_ms === read_at_ms;
      }).length === 2;
    });
    await slave.stop();
    await time.stop();
  });
});

Deno.test("startSlave() lives through a killed broker: nothing stale is sent, nothing is lost", async () => {
  const read = new Set<number>();
  await inFolder(async (folder) => {
    const options = { program: await natsServerProgram(), dataDir: `${folder}/nats` };
    let server = await startBrokerProcess(options);
    const broker = await connect({ url: server.url, name: "test" });
    await applyTopology(broker);
    const time = respondTime(broker);
    const file = keyFileOf("M1");
    await Deno.writeTextFile(`${folder}/M1.json`, JSON.stringify(file));
    const headEnd = new TestHeadEnd(broker, [file]);
    const config = configurationOf({
      data_dir: `${folder}/data`,
      key_files: [`${folder}/M1.json`],
    });
    const register = { obis: "1-0:1.8.0", code: "1.8.0", value: 1.5, unit: "kWh", text: "1.5" };
    const slave = await startSlave(config, broker, silentLog, {
      read: () =>
        Promise.resolve({
          identification: "/X",
          consumerNumber: "C-M1",
          registers: [register],
          check: "bcc",
        }),
      observer: { read: (_, { read_at_ms }) => void read.add(read_at_ms) },
    });
    await until("it works", () => headEnd.opened.length >= 1);
    await server.kill();
    const before = headEnd.opened.length;
    await until("readings pile up", () => slave.status().outbox >= 3);
    assert.equal(slave.status().linkUp, false);
    server = await startBrokerProcess({ ...options, port: server.port });
    await until("the outbox drains", () => slave.status().outbox === 0);
    assert.ok(headEnd.opened.length >= before + 3);
    await slave.stop();
    await time.stop();
    await broker.close();
    await server.stop();
    assert.deepEqual(headEnd.faults, []);
    const arrived = new Set(headEnd.opened.map(({ pack }) => pack.registers[0]!.read_at_ms));
    for (const read_at_ms of read) assert.ok(arrived.has(read_at_ms), `${read_at_ms} is lost`);
  });
});
