/** Takes all partitions over as a master does, and tells how long it took and what it holds. */
import { cpuUsage } from "node:process";
import { meterActor } from "../../../actors/meter/meter.ts";
import { sessionActor } from "../../../actors/session/session.ts";
import { PARTITIONS } from "../../../protocol/subjects.ts";
import { connect } from "../../../streams/jetstream/connection.ts";
import { shardPortsOver } from "../../../streams/jetstream/shard_ports.ts";
import { Keyring } from "../../../streams/masters/keyring.ts";
import { Shard } from "../../../streams/masters/shard.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { KEK } from "./write_process.ts";
import { watchTurns } from "./turns.ts";

export interface RestoreOrder {
  readonly url: string;
  readonly meters: number;
}

export interface Restored {
  /** From the start of the process to its link to the broker. */
  readonly start_s: number;
  /** From the start of the process until every partition is open. */
  readonly ready_s: number;
  /** `cpu_s` is what this process took of a core: on a busy machine the truer figure. */
  readonly enrolments: { readonly seconds: number; readonly cpu_s: number };
  readonly restore: {
    readonly seconds: number;
    readonly cpu_s: number;
    readonly blocked_ms: number;
  };
  readonly memory: {
    readonly keyring_bytes_a_meter: number;
    readonly states_bytes_a_meter: number;
    /** Both together. */
    readonly heap_bytes_a_meter: number;
    readonly rss_bytes_a_meter: number;
    /** Once a frame of every meter has come: its key is unwrapped then. */
    readonly awake_bytes_a_meter: number;
    readonly awake_rss_bytes_a_meter: number;
  };
}

/** Partitions that a master opens at the same time. */
const AT_ONCE = 16;
/** Meters that are woken: unwrapping a million keys would take the bench a minute. */
const AWAKE_MAX = 100_000;

const gc = (globalThis as unknown as { gc: () => void }).gc;

function memory() {
  gc();
  gc();
  const { heapUsed, external, rss } = Deno.memoryUsage();
  return { heap: heapUsed + external, rss };
}

function cpu_s(): number {
  const { user, system } = cpuUsage();
  return (user + system) / 1e6;
}

async function main({ url, meters }: RestoreOrder): Promise<Restored> {
  const broker = await connect({ url, name: "restore" });
  const ring = new Keyring(await broker.bucket("samay_enrolments"), KEK, silentLog);
  const ports = await shardPortsOver(broker, "restore", silentLog);
  const start_s = performance.now() / 1_000;
  const empty = memory();
  let started_ms = performance.now();
  let before_s = cpu_s();
  await ring.start();
  const enrolments = {
    seconds: (performance.now() - started_ms) / 1_000,
    cpu_s: cpu_s() - before_s,
  };
  if (ring.size !== meters) throw new Error(`${ring.size} of ${meters} enrolments are known`);
  const withKeys = memory();

  const shards = Array.from(
    { length: PARTITIONS },
    (_, partition) =>
      [meterActor, sessionActor].map((actor) =>
        new Shard({
          ...{ actor, partition, ports, owner: "restore", log: silentLog, timers: broker.timers },
          ...{ find: ring.find, slaveOf: ring.slaveOf, onChange: () => {} },
          refreshKeys: () => Promise.resolve(),
        })
      ),
  );
  const turns = watchTurns();
  started_ms = performance.now();
  before_s = cpu_s();
  const waiting = [...shards];
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      await Promise.all(next.map((shard) => shard.open()));
    }
  }));
  const restore = {
    seconds: (performance.now() - started_ms) / 1_000,
    cpu_s: cpu_s() - before_s,
    blocked_ms: turns(),
  };
  const actors = shards.flat().reduce((sum, shard) => sum + shard.figures.actors, 0);
  if (actors !== meters) throw new Error(`${actors} of ${meters} meters were restored`);
  const full = memory();

  const awake = Math.min(meters, AWAKE_MAX);
  for (let alias = 0; alias < awake; alias++) {
    const meter = ring.find(alias)!;
    meter.keysOf(meter.generations[0]!, Date.now())!.secondKey(Math.floor(Date.now() / 1_000));
  }
  const woken = memory();
  await Promise.all(shards.flat().map((shard) => shard.stop()));
  await ring.stop();
  await broker.close();
  return {
    start_s,
    // Looking at the memory in between is the bench's own work.
    ready_s: start_s + enrolments.seconds + restore.seconds,
    enrolments,
    restore,
    memory: {
      keyring_bytes_a_meter: (withKeys.heap - empty.heap) / meters,
      states_bytes_a_meter: (full.heap - withKeys.heap) / meters,
      heap_bytes_a_meter: (full.heap - empty.heap) / meters,
      rss_bytes_a_meter: (full.rss - empty.rss) / meters,
      awake_bytes_a_meter: (full.heap - empty.heap) / meters + (woken.heap - full.heap) / awake,
      awake_rss_bytes_a_meter: (full.rss - empty.rss) / meters + (woken.rss - full.rss) / awake,
    },
  };
}

if (import.meta.main) console.log(JSON.stringify(await main(JSON.parse(Deno.args[0]!))));
