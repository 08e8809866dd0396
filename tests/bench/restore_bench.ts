/**
 * How long it takes and what it costs to start a head-end of a million meters again:
 * `deno task bench:restore [--meters N] [--json]`. A process writes the snapshots of 64 partitions
 * and the enrolments to a real broker and ends; a fresh one takes all of them over, the way a master
 * does, and looks at its memory.
 */
import { cpus } from "node:os";
import { startBrokerProcess } from "../../streams/jetstream/broker_process.ts";
import { connect } from "../../streams/jetstream/connection.ts";
import { applyTopology } from "../../streams/jetstream/topology.ts";
import { natsServerProgram } from "../support/broker.ts";
import { startChild } from "./headend/processes.ts";
import type { Restored, RestoreOrder } from "./restore/read_process.ts";
import type { WriteOrder, Written } from "./restore/write_process.ts";

const METERS = 1_000_000;

export interface RestoreResult extends Written, Restored {
  readonly machine: string;
  readonly meters: number;
  readonly disk: {
    /** Of the bucket's stream, as the broker counts them: what is needed. */
    readonly snapshot_bytes_a_meter: number;
    /** Of the files, with what the broker has not compacted yet. */
    readonly snapshot_file_bytes_a_meter: number;
    readonly enrolment_bytes_a_meter: number;
  };
}

function metersWanted(args: readonly string[]): number {
  const at = args.indexOf("--meters");
  const meters = at < 0 ? METERS : Number(args[at + 1]);
  if (!Number.isSafeInteger(meters) || meters < 1) throw new Error("--meters takes a number");
  return meters;
}

async function bytesIn(folder: string): Promise<number> {
  let bytes = 0;
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    bytes += isDirectory ? await bytesIn(path) : (await Deno.stat(path)).size;
  }
  return bytes;
}

async function measure(meters: number): Promise<RestoreResult> {
  const dataDir = await Deno.makeTempDir({ prefix: "samay-restore-" });
  const broker = await startBrokerProcess({ program: await natsServerProgram(), dataDir });
  try {
    const connection = await connect({ url: broker.url, name: "bench" });
    await applyTopology(connection);
    const script = (name: string) => `../restore/${name}.ts`;
    const given: WriteOrder & RestoreOrder = { url: broker.url, meters };
    const written = await startChild<Written>(script("write_process"), given).result;
    const manager = await connection.manager();
    const bytesOf = async (bucket: string) =>
      (await manager.streams.info(`KV_${bucket}`)).state.bytes / meters;
    const disk = {
      snapshot_bytes_a_meter: await bytesOf("samay_snapshots"),
      snapshot_file_bytes_a_meter:
        await bytesIn(`${dataDir}/jetstream/$G/streams/KV_samay_snapshots`) / meters,
      enrolment_bytes_a_meter: await bytesOf("samay_enrolments"),
    };
    const gc = ["--v8-flags=--expose-gc"];
    const restored = await startChild<Restored>(script("read_process"), given, gc).result;
    await connection.close();
    const machine = `${cpus().length} x ${cpus()[0]?.model.trim()}, Deno ${Deno.version.deno}, ` +
      `nats-server ${connection.serverVersion}`;
    return { machine, meters, ...written, disk, ...restored };
  } finally {
    await broker.stop();
    await Deno.remove(dataDir, { recursive: true });
  }
}

function print(result: RestoreResult): void {
  const { machine, meters, write, again, disk, enrolments, restore, memory } = result;
  const { start_s, ready_s } = result;
  const n = (value: number, digits = 0) =>
    value.toLocaleString("en", { maximumFractionDigits: digits });
  console.log(`${n(meters)} meters in 64 partitions; ${machine}\n
write      ${n(write.seconds, 1)} s for all; a partition ${
    n(write.partition_ms)
  } ms, its longest slice ${n(write.slice_ms)} ms
           ${n(again.rounds)} more of one partition: ${n(again.milliseconds)} ms each, ${
    n(again.messages)
  } messages in the bucket in the end
disk       ${n(disk.snapshot_bytes_a_meter)} bytes a meter (files ${
    n(disk.snapshot_file_bytes_a_meter)
  }); enrolments ${n(disk.enrolment_bytes_a_meter)}
enrolments ${n(enrolments.seconds, 1)} s (${
    n(enrolments.cpu_s, 1)
  } s of a core) until all are known; heap ${n(memory.keyring_bytes_a_meter)} bytes a meter
restore    ${n(restore.seconds, 1)} s (${
    n(restore.cpu_s, 1)
  } s of a core) for 64 partitions; longest time without a turn for others ${
    n(restore.blocked_ms)
  } ms
ready      ${n(ready_s, 1)} s from the start of the process (${
    n(start_s, 1)
  } s to the broker) until every partition is open
memory     states ${n(memory.states_bytes_a_meter)} bytes a meter on the heap; with enrolments ${
    n(memory.heap_bytes_a_meter)
  }; of RSS ${n(memory.rss_bytes_a_meter)}
           after a frame of every meter, keys unwrapped: ${
    n(memory.awake_bytes_a_meter)
  } bytes a meter (RSS ${n(memory.awake_rss_bytes_a_meter)})`);
}

if (import.meta.main) {
  const result = await measure(metersWanted(Deno.args));
  if (Deno.args.includes("--json")) console.log(JSON.stringify(result));
  else print(result);
}
