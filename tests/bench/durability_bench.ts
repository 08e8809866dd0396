/**
 * What waiting for the disk costs: JetStream as it comes (it writes, and syncs every two minutes)
 * beside `sync_interval: always` (each message is on the disk before it is acknowledged), and beside
 * a sync every second. All take turns in short rounds on one machine, so that the ratios hold.
 */
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { partitionToken, subjects } from "../../protocol/subjects.ts";
import { type BrokerProcess, startBrokerProcess } from "../../streams/jetstream/broker_process.ts";
import { connect, type NatsBroker } from "../../streams/jetstream/connection.ts";
import { applyTopology } from "../../streams/jetstream/topology.ts";
import { formatTable } from "../../streams/terminal/table.ts";
import { natsServerProgram } from "../support/broker.ts";
import { median } from "./rounds.ts";

const USAGE = `deno task bench:durability [--rounds N] [--seconds S] [--json]

What an acknowledgement costs when JetStream waits for the disk, beside when it does not.

  --rounds N    Turns of each setting (default 5)
  --seconds S   Length of one turn (default 1)
  --json        One JSON document`;

/** A sealed frame with one register, and a record of about a dozen readings. */
const FRAME_BYTES = 120;
const RECORD_BYTES = 4_096;
const PARTITIONS_AT_ONCE = 64;

const SETTINGS = {
  "default (2 min)": undefined,
  "sync_interval: 1s": "1s",
  "sync_interval: always": "always",
} as const;
type Setting = keyof typeof SETTINGS;

interface Turn {
  readonly a_second: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
}

interface Server {
  readonly process: BrokerProcess;
  readonly broker: NatsBroker;
  /** Last sequence on each journal subject: each append names it. */
  readonly last: number[];
}

type Work = (server: Server, lane: number, n: number) => Promise<void>;

const frame = async ({ broker }: Server, lane: number) => {
  await broker.publish(subjects.frame(`MH${lane}`), new Uint8Array(FRAME_BYTES));
};
/** As a shard does it: fenced, one after the other in its partition. */
const append: Work = async ({ broker, last }, lane, n) => {
  const { sequence } = await broker.publish(
    `samay.journal.meter.${partitionToken(lane)}`,
    new Uint8Array(RECORD_BYTES),
    { messageId: `${lane}-${n}`, expectLastSubjectSequence: last[lane]! },
  );
  last[lane] = sequence;
};

const WORKS: Record<string, { lanes: number; work: Work }> = {
  "a frame at a time": { lanes: 1, work: frame },
  "frames of 64 slaves at once": { lanes: 64, work: frame },
  "journal, 64 partitions at once": { lanes: PARTITIONS_AT_ONCE, work: append },
};

/** Each lane does its work one after the other, all lanes at once, for `duration_ms`. */
async function turnOf(
  server: Server,
  { lanes, work }: typeof WORKS[string],
  duration_ms: number,
  from: number,
): Promise<Turn> {
  const begin_ms = performance.now();
  const taken_ms: number[] = [];
  await Promise.all(Array.from({ length: lanes }, async (_, lane) => {
    for (let n = from; performance.now() - begin_ms < duration_ms; n++) {
      const sent_ms = performance.now();
      await work(server, lane, n);
      taken_ms.push(performance.now() - sent_ms);
    }
  }));
  const seconds = (performance.now() - begin_ms) / 1_000;
  taken_ms.sort((a, b) => a - b);
  return {
    a_second: taken_ms.length / seconds,
    p50_ms: taken_ms[taken_ms.length >> 1]!,
    p99_ms: taken_ms[Math.floor(taken_ms.length * 0.99)]!,
  };
}

async function startServer(dataDir: string, interval: string | undefined): Promise<Server> {
  await Deno.mkdir(dataDir);
  const config = `${dataDir}/nats.conf`;
  await Deno.writeTextFile(config, interval ? `jetstream { sync_interval: ${interval} }\n` : "");
  const process = await startBrokerProcess({
    ...{ program: await natsServerProgram(), dataDir, config },
  });
  const broker = await connect({ url: process.url, name: "bench" });
  await applyTopology(broker);
  return { process, broker, last: new Array(PARTITIONS_AT_ONCE).fill(0) };
}

/** How long this disk takes to keep 4 KiB for good: the least that an acknowledgement can take. */
async function syncTime_ms(dir: string): Promise<number> {
  using file = await Deno.open(`${dir}/sync`, { write: true, create: true });
  const taken_ms: number[] = [];
  for (let i = 0; i < 100; i++) {
    const begin_ms = performance.now();
    await file.write(new Uint8Array(RECORD_BYTES));
    await file.syncData();
    taken_ms.push(performance.now() - begin_ms);
  }
  return median(taken_ms);
}

export interface Durability {
  readonly sync_ms: number;
  /** By work and setting, the median of the rounds. */
  readonly figures: Readonly<Record<string, Readonly<Record<Setting, Turn>>>>;
}

export async function measureDurability(rounds: number, turn_ms: number): Promise<Durability> {
  const dir = await Deno.makeTempDir({ prefix: "samay-durability-" });
  const servers = new Map<Setting, Server>();
  try {
    for (const [i, [setting, interval]] of Object.entries(SETTINGS).entries()) {
      servers.set(setting as Setting, await startServer(`${dir}/${i}`, interval));
    }
    const figures: Record<string, Record<Setting, Turn>> = {};
    for (const [name, work] of Object.entries(WORKS)) {
      const turns = new Map<Setting, Turn[]>([...servers.keys()].map((setting) => [setting, []]));
      for (let round = 0; round < rounds; round++) {
        for (const [setting, server] of servers) {
          turns.get(setting)!.push(await turnOf(server, work, turn_ms, round * 1_000_000));
        }
      }
      const middle = (setting: Setting, of: keyof Turn) =>
        median(turns.get(setting)!.map((turn) => turn[of]));
      figures[name] = Object.fromEntries([...servers.keys()].map((setting) => [setting, {
        a_second: middle(setting, "a_second"),
        p50_ms: middle(setting, "p50_ms"),
        p99_ms: middle(setting, "p99_ms"),
      }])) as Record<Setting, Turn>;
    }
    return { sync_ms: await syncTime_ms(dir), figures };
  } finally {
    for (const { broker, process } of servers.values()) {
      await broker.close();
      await process.stop();
    }
    await Deno.remove(dir, { recursive: true });
  }
}

function tableOf({ figures }: Durability): string {
  const rows = Object.entries(figures).flatMap(([work, of]) => {
    const usual = of["default (2 min)"];
    return Object.entries(of).map(([setting, { a_second, p50_ms, p99_ms }]) => [
      work,
      setting,
      a_second.toFixed(0),
      `${(a_second / usual.a_second).toFixed(2)} x`,
      p50_ms.toFixed(2),
      p99_ms.toFixed(2),
    ]);
  });
  const columns = ["work", "setting", "acknowledged/s", "of default", "p50 ms", "p99 ms"];
  return formatTable(columns.map((title) => ({ title })), rows);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      ...{ help: { type: "boolean" }, json: { type: "boolean" } },
      rounds: { type: "string", default: "5" },
      seconds: { type: "string", default: "1" },
    },
  });
  if (values.help) return console.log(USAGE);
  const found = await measureDurability(Number(values.rounds), Number(values.seconds) * 1_000);
  const machine = `${cpus().length} x ${cpus()[0]?.model.trim() ?? "?"}, Deno ${Deno.version.deno}`;
  if (values.json) return console.log(JSON.stringify({ machine, ...found }));
  const sync = `write and sync of 4 KiB on this disk: ${found.sync_ms.toFixed(2)} ms`;
  console.log(`${machine}\n${sync}\n${tableOf(found)}`);
}

if (import.meta.main) await main();
