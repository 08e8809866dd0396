/** A real nats-server for one test, on a free loopback port, with its files in a temporary place. */
import { connect, type NatsBroker } from "../../streams/jetstream/connection.ts";
import { type BrokerProcess, startBrokerProcess } from "../../streams/jetstream/broker_process.ts";
import { applyTopology } from "../../streams/jetstream/topology.ts";

/** Where nats-server is: on the PATH, or where the set-up put it. */
export async function natsServerProgram(): Promise<string> {
  const local = new URL("../../.tools/bin/nats-server", import.meta.url).pathname;
  for (const folder of (Deno.env.get("PATH") ?? "").split(":")) {
    if (await isFile(`${folder}/nats-server`)) return `${folder}/nats-server`;
  }
  if (await isFile(local)) return local;
  throw new Error("nats-server is not installed: run `deno task setup`");
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch {
    return false; // Absent, or a folder we may not look into: not a program we can run.
  }
}

export interface TestBroker {
  readonly broker: NatsBroker;
  readonly process: BrokerProcess;
  readonly dataDir: string;
  readonly program: string;
}

/** Runs `body` with a broker that has the whole topology; ends all of it afterwards. */
export async function withBroker(body: (given: TestBroker) => Promise<void>): Promise<void> {
  const program = await natsServerProgram();
  const dataDir = await Deno.makeTempDir({ prefix: "samay-nats-" });
  const process = await startBrokerProcess({ program, dataDir });
  try {
    const broker = await connect({ url: process.url, name: "test" });
    try {
      await applyTopology(broker);
      await body({ broker, process, dataDir, program });
    } finally {
      await broker.close();
    }
  } finally {
    await process.stop();
    await Deno.remove(dataDir, { recursive: true });
  }
}
