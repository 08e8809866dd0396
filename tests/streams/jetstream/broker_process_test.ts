import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { freePort, startBrokerProcess } from "../../../streams/jetstream/broker_process.ts";
import { Failure } from "../../../streams/terminal/command.ts";
import { natsServerProgram } from "../../support/broker.ts";
import { eventually } from "../../support/eventually.ts";

const MODULE = new URL("../../../streams/jetstream/broker_process.ts", import.meta.url).href;
const PROJECT = fileURLToPath(new URL("../../../", import.meta.url));

async function withDir(body: (dataDir: string) => Promise<void>): Promise<void> {
  const dataDir = await Deno.makeTempDir({ prefix: "samay-nats-" });
  try {
    await body(dataDir);
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}

async function answers(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return false;
    throw error;
  }
}

Deno.test("startBrokerProcess() says that a port is in use, by which number, and what to do", async () => {
  await withDir(async (dataDir) => {
    const program = await natsServerProgram();
    const first = await startBrokerProcess({ program, dataDir });
    await assert.rejects(
      startBrokerProcess({ program, dataDir: `${dataDir}/2`, port: first.port }),
      (error) =>
        error instanceof Failure && error.message.includes(`Port ${first.port} is in use`) &&
        /stop the other one, or set SAMAY_NATS_URL to use it/.test(error.message),
    );
    await first.stop();
    assert.equal(await answers(first.port), false);
  });
});

Deno.test("startBrokerProcess() fails with nats-server's own words when that ended", async () => {
  await withDir(async (dataDir) => {
    const program = await natsServerProgram();
    const config = `${dataDir}/bad.conf`;
    await Deno.writeTextFile(config, "jetstream { max_mem: nonsense }");
    await assert.rejects(
      startBrokerProcess({ program, dataDir, config }),
      (error) => error instanceof Failure && /did not start on port \d+: /.test(error.message),
    );
  });
});

Deno.test("startBrokerProcess() waits for its own server, whoever else answers on the port meanwhile", async () => {
  await withDir(async (dataDir) => {
    const port = freePort();
    // A program that takes no port: the answer comes from the other.
    const starting = startBrokerProcess({ program: "/bin/false", dataDir, port });
    const other = Deno.listen({ hostname: "127.0.0.1", port });
    await assert.rejects(starting, Failure);
    other.close();
  });
});

Deno.test("the broker ends with a parent that ends of itself, detached from Ctrl-C or not", async () => {
  await withDir(async (dataDir) => {
    const program = await natsServerProgram();
    for (const detached of [false, true]) {
      const options = { program, dataDir, detached };
      const script = `import { startBrokerProcess } from ${JSON.stringify(MODULE)};
        const broker = await startBrokerProcess(${JSON.stringify(options)});
        console.log(broker.port);
        Deno.exit(0);`;
      const parent = await new Deno.Command(Deno.execPath(), {
        args: ["eval", script],
        cwd: PROJECT,
        stderr: "null",
      }).output();
      const port = Number(new TextDecoder().decode(parent.stdout));
      assert.ok(port > 0);
      await eventually(async () => assert.equal(await answers(port), false));
    }
  });
});

Deno.test("a detached broker is in a process group of its own: Ctrl-C at the terminal is not for it", async () => {
  await withDir(async (dataDir) => {
    const broker = await startBrokerProcess({
      program: await natsServerProgram(),
      dataDir,
      detached: true,
    });
    const { stdout } = await new Deno.Command("ps", {
      args: ["-o", "pgid=", "-p", `${broker.pid}`],
    }).output();
    assert.equal(Number(new TextDecoder().decode(stdout)), broker.pid);
    await broker.stop();
  });
});
