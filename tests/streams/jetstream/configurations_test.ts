/** The broker's configurations as they are given to people, each with a real nats-server. */
import assert from "node:assert/strict";
import { join } from "node:path";
import {
  type BrokerProcess,
  freePort,
  startBrokerProcess,
} from "../../../streams/jetstream/broker_process.ts";
import { connect, type NatsBroker } from "../../../streams/jetstream/connection.ts";
import { AckPolicy, nanos } from "../../../streams/jetstream/nats.ts";
import { OrderedInput } from "../../../streams/jetstream/ordered_input.ts";
import { applyTopology, BUCKETS, STREAMS } from "../../../streams/jetstream/topology.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { projectDir } from "../../../streams/tools/places.ts";
import { natsServerProgram } from "../../support/broker.ts";
import { eventually } from "../../support/eventually.ts";
import { PASSWORD, PASSWORD_VARIABLES } from "../../support/role_config.ts";

const textOf = (name: string) => Deno.readTextFile(join(projectDir, "streams/jetstream", name));
const NAMES = ["nats-1", "nats-2", "nats-3"];

async function withFolder(body: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "samay-conf-" });
  try {
    await body(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** nats-server's own judgement of a file, in its words. */
async function judge(dir: string, file: string, env: Record<string, string>): Promise<string> {
  const { code, stderr, stdout } = await new Deno.Command(await natsServerProgram(), {
    ...{ args: ["-t", "-c", file], cwd: dir, env },
  }).output();
  const said = new TextDecoder().decode(stderr) + new TextDecoder().decode(stdout);
  assert.equal(code, 0, said);
  return said;
}

/** What is not free twice on one machine: fixed monitoring ports. Passwords come in as variables. */
async function write(dir: string, name: string, change = (text: string) => text): Promise<string> {
  const path = join(dir, name);
  const text = change(await textOf(name)).replace(/^http: .*$/m, "");
  await Deno.writeTextFile(path, text);
  return path;
}

/** `nats-server` reads passwords and names from the environment, which its parent hands on. */
function withEnvironment<T>(
  env: Record<string, string>,
  start: () => Promise<T>,
): Promise<T> {
  for (const [name, value] of Object.entries(env)) Deno.env.set(name, value);
  return start().finally(() => Object.keys(env).forEach((name) => Deno.env.delete(name)));
}

const passwords = Object.fromEntries(PASSWORD_VARIABLES.map((name) => [name, PASSWORD]));

interface Varz {
  readonly server_name: string;
  readonly jetstream: { config: { sync_always?: boolean; max_storage: number } };
}

/** What the server itself says of its settings, on its monitoring port. */
async function settingsOf(port: number): Promise<Varz> {
  return await (await fetch(`http://127.0.0.1:${port}/varz`)).json();
}

Deno.test("nats-server finds nothing wrong with the three configurations as they are", async () => {
  for (
    const [name, env] of [
      ["nats-development.conf", {}],
      ["nats.conf", passwords],
      ["nats-cluster.conf", { ...passwords, SAMAY_NATS_SERVER_NAME: "nats-1" }],
    ] as const
  ) {
    const said = await judge(join(projectDir, "streams/jetstream"), name, env);
    assert.match(said, /configuration file .* is valid/i);
  }
});

Deno.test("nats-development.conf: starts without any preparation, and takes the topology", async () => {
  await withFolder(async (dir) => {
    const monitor = freePort();
    // Its folder is the developer's: here it comes by the command line.
    const config = await write(
      dir,
      "nats-development.conf",
      (text) => `${text.replace(/^ *store_dir: .*$/m, "")}\nmonitor_port: ${monitor}\n`,
    );
    const server = await startBrokerProcess({
      ...{ program: await natsServerProgram(), dataDir: join(dir, "data"), config },
    });
    try {
      const broker = await connect({ url: server.url, name: "test" });
      await applyTopology(broker);
      const { jetstream } = await settingsOf(monitor);
      assert.ok(!jetstream.config.sync_always);
      await broker.close();
    } finally {
      await server.stop();
    }
  });
});

Deno.test("nats.conf: waits for the disk, bounds its storage, and knows who may come", async () => {
  await withFolder(async (dir) => {
    const monitor = freePort();
    const config = await write(
      dir,
      "nats.conf",
      (text) => `${text}\nhttp: "127.0.0.1:${monitor}"\n`,
    );
    const program = await natsServerProgram();
    const server = await withEnvironment(
      passwords,
      () => startBrokerProcess({ program, dataDir: join(dir, "data"), config }),
    );
    try {
      await assert.rejects(connect({ url: server.url, name: "test" }));
      const broker = await connect({
        ...{ url: server.url, name: "test", user: "operator", password: PASSWORD },
      });
      await applyTopology(broker);
      const { jetstream } = await settingsOf(monitor);
      assert.equal(jetstream.config.sync_always, true, "an acknowledged message is on the disk");
      assert.equal(jetstream.config.max_storage, 100 * 2 ** 30);
      await broker.close();
    } finally {
      await server.stop();
    }
  });
});

interface Cluster {
  readonly servers: readonly BrokerProcess[];
  readonly broker: NatsBroker;
  readonly names: readonly string[];
}

async function withCluster(body: (cluster: Cluster) => Promise<void>): Promise<void> {
  await withFolder(async (dir) => {
    const ports = NAMES.map(freePort);
    const program = await natsServerProgram();
    const started: BrokerProcess[] = [];
    const start = async (name: string, i: number) => {
      const own = join(dir, name);
      await Deno.mkdir(own);
      await write(own, "nats.conf");
      const config = await write(own, "nats-cluster.conf", (text) =>
        NAMES.reduce(
          (changed, other, k) => changed.replace(`${other}:6222"`, `127.0.0.1:${ports[k]}"`),
          text.replace("0.0.0.0:6222", `127.0.0.1:${ports[i]}`),
        ));
      const env = { ...passwords, SAMAY_NATS_SERVER_NAME: name };
      // One after the other: the name of each comes by the environment.
      started.push(
        await withEnvironment(
          env,
          () => startBrokerProcess({ program, dataDir: join(own, "data"), config }),
        ),
      );
    };
    try {
      for (const [i, name] of NAMES.entries()) await start(name, i);
      const url = started.map((server) => server.url).join(",");
      const broker = await connect({ url, name: "test", user: "operator", password: PASSWORD });
      try {
        await applyTopology(broker, { replicas: 3 });
        await body({ servers: started, broker, names: NAMES });
      } finally {
        await broker.close();
      }
    } finally {
      await Promise.all(started.map((server) => server.stop()));
    }
  });
}

Deno.test("nats-cluster.conf: three servers keep every stream three times, and an input goes on without one", async () => {
  await withCluster(async ({ servers, broker, names }) => {
    const manager = await broker.manager();
    for (
      const name of [
        ...STREAMS.map((one) => one.name),
        ...BUCKETS.map((one) => `KV_${one.name}`),
      ]
    ) {
      // Who leads a stream that was just made may not be chosen yet.
      await eventually(async () => {
        const { config, cluster } = await manager.streams.info(name);
        assert.equal(config.num_replicas, 3, name);
        assert.equal(cluster?.replicas?.length, 2, name);
      });
    }
    const inputs = Array.from({ length: 9 }, (_, i) => `look-${i}`).map((name) => ({
      name,
      input: new OrderedInput(broker, {
        ...{ stream: "JOURNAL", filter: "samay.journal.meter.07", name },
        ...{ description: "test", cursor: 0, log: silentLog },
      }),
    }));
    for (const { input } of inputs) await input.open();
    // Neither where we are connected nor, if one can choose, who leads the stream.
    const busy = [
      broker.connection.info?.server_name,
      (await manager.streams.info("JOURNAL")).cluster?.leader,
    ];
    const homes = await Promise.all(inputs.map(async ({ name, input }) => {
      let home: string | undefined;
      await eventually(async () => {
        home = (await manager.consumers.info("JOURNAL", name)).cluster?.leader;
        assert.ok(home !== undefined, `nobody leads ${name}`);
      });
      return { input, home: home! };
    }));
    const { input, home } = homes.find(({ home }) => !busy.includes(home)) ??
      homes.find(({ home }) => home !== busy[0])!;
    await servers[names.indexOf(home)]!.kill();
    await eventually(
      async () => void await broker.publish("samay.journal.meter.07", new Uint8Array(1)),
      30_000,
    );
    // The cluster may have to choose who leads it, before anybody can make a consumer.
    await eventually(async () =>
      void await manager.consumers.add("JOURNAL", {
        ...{ name: `probe-${crypto.randomUUID()}`, ack_policy: AckPolicy.None },
        ...{ mem_storage: true, num_replicas: 1, inactive_threshold: nanos(5_000) },
      }), 30_000);
    const whole_ms = performance.now();
    assert.equal((await input.take(1, 30_000)).length, 1);
    const late_ms = performance.now() - whole_ms;
    assert.ok(late_ms < 5_000, `${Math.round(late_ms)} ms for a server that is gone`);
    for (const { input } of inputs) await input.stop();
  });
});
