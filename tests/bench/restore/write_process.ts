/** Writes the snapshots of all partitions, and the enrolments, and ends. */
import { utf8 } from "../../../protocol/bytes.ts";
import { meterActor } from "../../../actors/meter/meter.ts";
import { PARTITIONS } from "../../../protocol/subjects.ts";
import { connect, type NatsBroker } from "../../../streams/jetstream/connection.ts";
import { shardPortsOver } from "../../../streams/jetstream/shard_ports.ts";
import type { ShardPorts } from "../../../streams/masters/ports.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { enrolmentOf } from "../headend/fleet.ts";
import { indexesByPartition, statesOf } from "./meters.ts";
import { watchTurns } from "./turns.ts";

export interface WriteOrder {
  readonly url: string;
  readonly meters: number;
}

export interface Written {
  readonly write: {
    /** For all partitions, states made not included. */
    readonly seconds: number;
    /** The slowest partition: for so long it takes no frames. */
    readonly partition_ms: number;
    /** For so long no other partition of the process had a turn. */
    readonly slice_ms: number;
  };
  /** One partition written many times. */
  readonly again: {
    readonly rounds: number;
    readonly messages: number;
    readonly milliseconds: number;
  };
}

/** The key-encryption key of the bench. */
export const KEK = new Uint8Array(32).fill(7);
const ROUNDS = 50;
const AT_ONCE = 1_000;

async function enrol(broker: NatsBroker, meters: number): Promise<void> {
  const now_ms = Date.now();
  for (let from = 0; from < meters; from += AT_ONCE) {
    const some = Math.min(AT_ONCE, meters - from);
    await Promise.all(Array.from({ length: some }, (_, i) => {
      const enrolment = enrolmentOf(from + i, KEK, now_ms);
      const subject = `$KV.samay_enrolments.${enrolment.meter_id}`;
      return broker.publish(subject, utf8(JSON.stringify(enrolment)));
    }));
  }
}

async function save(ports: ShardPorts, partition: number, epoch: number, states: object) {
  const journal = ports.journal("meter", partition);
  const after = await ports.snapshots.sequenceOf("meter", partition);
  const cursor = 0;
  const journal_sequence = await journal.append(
    { v: 1, type: "epoch", partition, epoch, owner: "bench", cursor, events: [] },
    after,
  );
  const { version } = meterActor;
  const snapshot = { version, journal_sequence, epoch, cursor, states: { ...states } };
  const turns = watchTurns();
  const started_ms = performance.now();
  await ports.snapshots.save("meter", partition, snapshot);
  return { took_ms: performance.now() - started_ms, longest_ms: turns() };
}

async function main({ url, meters }: WriteOrder): Promise<Written> {
  const broker = await connect({ url, name: "bench" });
  await enrol(broker, meters);
  const ports = await shardPortsOver(broker, "bench", silentLog);
  const indexes = indexesByPartition(meters);
  let seconds = 0;
  let partition_ms = 0;
  let slice_ms = 0;
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const { took_ms, longest_ms } = await save(ports, partition, 1, statesOf(indexes[partition]!));
    seconds += took_ms / 1_000;
    partition_ms = Math.max(partition_ms, took_ms);
    slice_ms = Math.max(slice_ms, longest_ms);
  }
  const states = statesOf(indexes[0]!);
  let milliseconds = 0;
  for (let round = 1; round <= ROUNDS; round++) {
    milliseconds += (await save(ports, 0, 1 + round, states)).took_ms / ROUNDS;
  }
  const { state } = await (await broker.manager()).streams.info("KV_samay_snapshots");
  await broker.close();
  const again = { rounds: ROUNDS, messages: state.messages, milliseconds };
  return { write: { seconds, partition_ms, slice_ms }, again };
}

if (import.meta.main) console.log(JSON.stringify(await main(JSON.parse(Deno.args[0]!))));
