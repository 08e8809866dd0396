/**
 * What one part of the head-end does alone, through its production code: takes frames, opens them,
 * appends records, or writes them to the database. One process, one core.
 */
import { meterActor } from "../../../actors/meter/meter.ts";
import type { MeterState } from "../../../actors/meter/state.ts";
import type { Input } from "../../../actors/shard/actor.ts";
import { fromHex } from "../../../protocol/bytes.ts";
import type { JournalEvent, JournalRecord } from "../../../protocol/messages/journal.ts";
import { PARTITIONS } from "../../../protocol/subjects.ts";
import { openDatabase } from "../../../streams/database/connect.ts";
import { ledgerIn, projectBatch } from "../../../streams/database/ledger.ts";
import { runLedger } from "../../../streams/database/ledger_loop.ts";
import { connect, type NatsBroker } from "../../../streams/jetstream/connection.ts";
import { journalFeed } from "../../../streams/jetstream/journal_feed.ts";
import { shardPortsOver } from "../../../streams/jetstream/shard_ports.ts";
import { BATCH_MAX } from "../../../streams/masters/batches.ts";
import { Keyring } from "../../../streams/masters/keyring.ts";
import { useSystemCrypto } from "../../../streams/native/system_crypto.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { treeOf, usageOf } from "./processes.ts";

export type Part = "consume" | "open" | "append" | "insert" | "ledger";

export interface PartOrder {
  readonly part: Part;
  readonly url: string;
  readonly databaseUrl: string;
  readonly kekFile: string;
  /** Processes by name, whose work is measured too. */
  readonly servers: Readonly<Record<string, number>>;
  /** Readings to do it with; fewer when there are fewer. */
  readonly count: number;
}

export interface PartResult {
  readonly readings: number;
  readonly seconds: number;
  /** Work of this process and of the servers behind it, in microseconds a reading. */
  readonly us_a_reading: Readonly<Record<string, number>>;
}

/** Partitions that no master owns: their journals are the bench's own. */
const FIRST_FREE_PARTITION = PARTITIONS;
const RECORDS_IN_ONE_COMMIT = 64;

/** Starts the clock; the returned function reads it, for so many readings. */
function measure({ servers }: PartOrder): (readings: number) => PartResult {
  const started_ms = performance.now();
  const cpu = () =>
    Object.entries({ itself: Deno.pid, ...servers }).map(([name, pid]) =>
      [name, usageOf(name === "itself" ? [pid] : treeOf(pid)).cpu_s] as const
    );
  const before = new Map(cpu());
  return (readings) => ({
    readings,
    seconds: (performance.now() - started_ms) / 1_000,
    us_a_reading: Object.fromEntries(
      cpu().map(([name, cpu_s]) => [name, 1e6 * (cpu_s - before.get(name)!) / readings]),
    ),
  });
}

/** Takes up to `count` inputs out of FRAMES, all partitions at once. */
async function consume(broker: NatsBroker, order: PartOrder, keep?: Input[]): Promise<PartResult> {
  const { count } = order;
  const ports = await shardPortsOver(broker, "bench", silentLog);
  const measured = measure(order);
  let result = measured(1);
  let readings = 0;
  await Promise.all(Array.from({ length: PARTITIONS }, async (_, partition) => {
    const source = await ports.input("meter", partition, 9_999, 0);
    while (readings < count) {
      const taken = await source.take(BATCH_MAX, 2_000);
      if (taken.length === 0) break;
      readings += taken.length;
      keep?.push(...taken);
      // The last look, which finds nothing, waits for a while.
      if (readings >= count) result = measured(readings);
    }
    await source.stop();
  }));
  return result;
}

/** Decides frames that lie in memory, in batches as a shard does. */
async function open(
  broker: NatsBroker,
  order: PartOrder,
): Promise<{ result: PartResult; events: JournalEvent[] }> {
  const inputs: Input[] = [];
  await consume(broker, order, inputs);
  useSystemCrypto(silentLog);
  const kek = fromHex((await Deno.readTextFile(order.kekFile)).trim());
  const keyring = new Keyring(await broker.bucket("samay_enrolments"), kek, silentLog);
  await keyring.start();
  const states = new Map<string, MeterState>();
  const events: JournalEvent[] = [];
  const measured = measure(order);
  for (let from = 0; from < inputs.length; from += BATCH_MAX) {
    const batch = inputs.slice(from, from + BATCH_MAX);
    await keyring.refresh(batch);
    for (const input of batch) {
      const event = meterActor.receive(states.get(input.id), input, keyring.find);
      events.push(event);
      let state = states.get(input.id);
      if (state === undefined) states.set(input.id, state = meterActor.fresh(input.id));
      meterActor.apply(state, event);
    }
  }
  const result = measured(inputs.length);
  await keyring.stop();
  return { result, events };
}

function recordsOf(events: readonly JournalEvent[], size: number): JournalRecord[] {
  const records: JournalRecord[] = [];
  for (let from = 0; from < events.length; from += size) {
    const some = events.slice(from, from + size);
    records.push({
      ...{ v: 1, type: "batch", partition: 0, epoch: 1, owner: "bench" },
      cursor: from + some.length,
      events: some,
    });
  }
  return records;
}

/** Appends records under the fence, each partition one behind the other, all partitions at once. */
async function append(broker: NatsBroker, order: PartOrder): Promise<PartResult> {
  const { events } = await open(broker, order);
  const ports = await shardPortsOver(broker, "bench", silentLog);
  const shares = Array.from({ length: PARTITIONS }, () => [] as JournalRecord[]);
  recordsOf(events, BATCH_MAX).forEach((record, i) => shares[i % PARTITIONS]!.push(record));
  const measured = measure(order);
  await Promise.all(shares.map(async (records, i) => {
    const journal = ports.journal("meter", FIRST_FREE_PARTITION + i);
    let after = 0;
    for (const record of records) after = await journal.append(record, after);
  }));
  return measured(events.length);
}

/** Projects records that lie in memory. */
async function insert(broker: NatsBroker, order: PartOrder): Promise<PartResult> {
  const { events } = await open(broker, order);
  const db = await openDatabase({ url: order.databaseUrl });
  const records = recordsOf(events, BATCH_MAX)
    .map((record, i) => ({ sequence: i + 1, record }));
  const measured = measure(order);
  for (let from = 0; from < records.length; from += RECORDS_IN_ONE_COMMIT) {
    await projectBatch(db, records.slice(from, from + RECORDS_IN_ONE_COMMIT));
  }
  const result = measured(events.length);
  await db.destroy();
  return result;
}

/** The whole ledger over the journal that stands. */
async function ledger(broker: NatsBroker, order: PartOrder): Promise<PartResult> {
  const db = await openDatabase({ url: order.databaseUrl });
  const feed = await journalFeed(broker, silentLog);
  const last = await feed.lastSequence!();
  const done = Promise.withResolvers<void>();
  let readings = 0;
  const measured = measure(order);
  const running = runLedger({
    ...{ store: ledgerIn(db), feed, log: silentLog },
    deadLetter: (_, reason) => {
      done.reject(new Error(reason));
      return done.promise;
    },
    onCommitted: ({ cursor, inserted }) => {
      readings += inserted;
      if (cursor >= last || readings >= order.count) done.resolve();
    },
  });
  await done.promise;
  const result = measured(readings);
  await running.stop();
  await feed.stop();
  await db.destroy();
  return result;
}

async function run(order: PartOrder): Promise<PartResult> {
  const broker = await connect({ url: order.url, name: `bench ${order.part}` });
  try {
    switch (order.part) {
      case "consume":
        return await consume(broker, order);
      case "open":
        return (await open(broker, order)).result;
      case "append":
        return await append(broker, order);
      case "insert":
        return await insert(broker, order);
      case "ledger":
        return await ledger(broker, order);
    }
  } finally {
    await broker.close();
  }
}

console.log(JSON.stringify(await run(JSON.parse(Deno.args[0]!))));
