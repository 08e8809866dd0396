/**
 * One head-end of real processes that a test may kill: nats-server (one, or a cluster of three) with
 * the users of the containers, roles with the permissions of their tasks. Everything that was started
 * ends with `end()`, by its own process id, the last one first.
 */
import assert from "node:assert/strict";
import {
  type BrokerProcess,
  freePort,
  startBrokerProcess,
} from "../../streams/jetstream/broker_process.ts";
import { connect, type NatsBroker } from "../../streams/jetstream/connection.ts";
import { natsServerProgram } from "../support/broker.ts";
import { PASSWORD, writeRoleConfig } from "../support/role_config.ts";
import { type RoleProcess, startRole } from "./processes.ts";

export interface WorldOptions {
  readonly dataDir: string;
  /** Meters by the slave that reads them: what each slave's user may send. */
  readonly meters: Readonly<Record<string, readonly string[]>>;
  /** Servers of the broker: 1, or a cluster of 3. */
  readonly brokers?: number;
  /** The environment of every role. */
  readonly env?: Readonly<Record<string, string>>;
}

interface Node {
  readonly port: number;
  readonly clusterPort: number;
  process: BrokerProcess | undefined;
}

export class World {
  readonly dataDir: string;
  readonly #options: WorldOptions;
  readonly #nodes: readonly Node[];
  readonly #ends: (() => Promise<unknown>)[] = [];

  constructor(options: WorldOptions) {
    this.dataDir = options.dataDir;
    this.#options = options;
    this.#nodes = Array.from({ length: options.brokers ?? 1 }, () => ({
      port: freePort(),
      clusterPort: freePort(),
      process: undefined,
    }));
    for (const node of this.#nodes) this.atEnd(async () => await node.process?.stop());
  }

  /** What is done at the end, before all that was named earlier. */
  atEnd(end: () => Promise<unknown>): void {
    this.#ends.push(end);
  }

  /** Ends everything, whatever fails on the way; then throws the first failure. */
  async end(): Promise<void> {
    const failures: unknown[] = [];
    for (const end of this.#ends.reverse()) await end().catch((error) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  }

  get url(): string {
    return this.#nodes.map(({ port }) => `nats://127.0.0.1:${port}`).join(",");
  }

  get port(): number {
    return this.#nodes[0]!.port;
  }

  /** Of server `index`, as the cluster knows it. */
  nodeName(index: number): string {
    return this.#nodes.length === 1 ? "samay" : `samay-${index}`;
  }

  async startBrokers(): Promise<void> {
    await Promise.all(this.#nodes.map((_, index) => this.startBroker(index)));
  }

  async startBroker(index = 0): Promise<void> {
    const node = this.#nodes[index]!;
    const name = this.nodeName(index);
    node.process = await startBrokerProcess({
      program: await natsServerProgram(),
      dataDir: `${this.dataDir}/broker-${index}`,
      port: node.port,
      config: await this.#config(`${this.dataDir}/${name}.conf`, name, node.clusterPort),
    });
  }

  async killBroker(index = 0): Promise<void> {
    await this.#nodes[index]?.process?.kill();
  }

  async link(user: string): Promise<NatsBroker> {
    const broker = await connect({ url: this.url, name: user, user, password: PASSWORD });
    this.atEnd(() => broker.close());
    return broker;
  }

  /** `env` adds to the role's environment; another `SAMAY_NATS_URL` may lead through a proxy. */
  async role(
    task: string,
    user: string,
    name: string,
    options: { args?: readonly string[]; env?: Readonly<Record<string, string>> } = {},
  ): Promise<RoleProcess> {
    const { args = [], env = {} } = options;
    const role = await startRole({
      task,
      args,
      logFile: `${this.dataDir}/${name}.log`,
      env: {
        SAMAY_NATS_URL: this.url,
        SAMAY_NATS_USER: user,
        SAMAY_NATS_PASSWORD: PASSWORD,
        SAMAY_DATA_DIR: this.dataDir,
        SAMAY_KEK_FILE: `${this.dataDir}/kek`,
        ...(task === "master" && { SAMAY_MASTER_NAME: name }),
        ...this.#options.env,
        ...env,
      },
    });
    this.atEnd(() => role.stop());
    return role;
  }

  /** The containers' configuration with a user for each slave, and the cluster where there is one. */
  async #config(path: string, name: string, clusterPort: number): Promise<string> {
    await writeRoleConfig(path, []);
    let text = await Deno.readTextFile(path);
    const begin = text.indexOf('      {\n        user: "slave-1"');
    const end = text.indexOf("\n      }\n", begin) + "\n      }\n".length;
    const users = Object.entries(this.#options.meters).map(([slave, meters]) => {
      const frames = meters.map((id) => `"samay.frame.*.${id}"`).join("\n");
      return text.slice(begin, end).replaceAll("slave-1", slave)
        .replace('"samay.session', () => `${frames}\n"samay.session`);
    });
    text = text.slice(0, begin) + users.join("") + text.slice(end);
    if (this.#nodes.length > 1) {
      const routes = this.#nodes.map((node) => `nats-route://127.0.0.1:${node.clusterPort}`);
      text = text.replace("server_name: samay", `server_name: ${name}`) +
        `\ncluster { name: samay, listen: "127.0.0.1:${clusterPort}", ` +
        `routes: [${routes.join(", ")}] }\n`;
    }
    await Deno.writeTextFile(path, text);
    return path;
  }
}

/** Looks until `look` gives true; fails with `what` after `patience_ms`. */
export async function until(
  what: string,
  look: () => boolean | Promise<boolean>,
  patience_ms = 60_000,
): Promise<void> {
  const end_ms = performance.now() + patience_ms;
  while (!await look()) {
    assert.ok(performance.now() < end_ms, `${what}: not in ${patience_ms / 1_000} s`);
    await pause(50);
  }
}

export function pause(duration_ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, duration_ms));
}
