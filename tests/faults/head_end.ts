/** Three masters, billing on PostgreSQL and the load: what each scenario does its harm to. */
import { PARTITIONS, partitionToken } from "../../protocol/subjects.ts";
import { preferredOwner } from "../../actors/ownership/rendezvous.ts";
import { journalRecord } from "../../protocol/messages/journal.ts";
import { parseJson } from "../../protocol/schema.ts";
import { openDatabase } from "../../streams/database/connect.ts";
import { type Kysely, sql } from "../../streams/database/kysely.ts";
import type { Database } from "../../streams/database/schema.ts";
import type { Bucket } from "../../streams/jetstream/broker.ts";
import type { NatsBroker } from "../../streams/jetstream/connection.ts";
import { OrderedInput } from "../../streams/jetstream/ordered_input.ts";
import { BUCKETS, STREAMS } from "../../streams/jetstream/topology.ts";
import { loadKek } from "../../streams/office/kek.ts";
import { silentLog } from "../../streams/terminal/log.ts";
import { type PostgresServer, startPostgres } from "../support/postgres.ts";
import { JournalChecker } from "./journal_checker.ts";
import { enrolAll, type Load, metersOf, startLoad } from "./load.ts";
import type { RoleProcess } from "./processes.ts";
import { type Proxy, startProxy } from "./proxy.ts";
import { until, World } from "./world.ts";

export const MASTERS = ["alpha", "beta", "gamma"] as const;
export type MasterName = typeof MASTERS[number];
/** Meters of one slave. */
const METERS_A_SLAVE = 500;
/** A meter that its slave may write for, and that is in no load: it floods. */
export const FLOOD_METER = "MH9FLOOD";
export const FLOOD_SLAVE = "slave-1";

export interface HeadEndOptions {
  readonly dataDir: string;
  readonly meters: number;
  readonly interval_s: number;
  readonly brokers?: number;
  readonly say: (text: string) => void;
}

/** Loopback is always there; what is asked may not be answered while the broker is down. */
async function orUndefined<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if ((error as Error).name === "RetryableError") return undefined;
    throw error;
  }
}

export class HeadEnd {
  readonly world: World;
  readonly options: HeadEndOptions;
  readonly journal = new JournalChecker();
  readonly masters = new Map<MasterName, RoleProcess>();
  postgres!: PostgresServer;
  operator!: NatsBroker;
  load!: Load;
  db!: Kysely<Database>;
  /** Readings that must arrive besides those of the load. */
  flooded = 0;
  /** Gamma's way to the broker, where there is one server. */
  proxy: Proxy | undefined;
  #owners!: Bucket;

  constructor(options: HeadEndOptions) {
    this.options = options;
    const { dataDir, meters, brokers = 1 } = options;
    const ofSlaves = metersOf(meters, METERS_A_SLAVE);
    ofSlaves[FLOOD_SLAVE]!.push(FLOOD_METER);
    this.world = new World({
      dataDir,
      meters: ofSlaves,
      brokers,
      env: brokers > 1 ? { SAMAY_NATS_REPLICAS: String(brokers) } : {},
    });
  }

  async start(): Promise<void> {
    const { world, options: { dataDir, meters, interval_s, say } } = this;
    this.postgres = await startPostgres();
    world.atEnd(async () => await this.postgres[Symbol.asyncDispose]());
    await world.startBrokers();
    await loadKek({ dataDir, make: true });
    this.operator = await world.link("operator");
    await until("JetStream answers", () => jetStreamAnswers(this.operator));
    const DATABASE_URL = this.postgres.url;
    await world.role("billing", "billing", "billing", { env: { DATABASE_URL } });
    await this.#startMasters();
    await until("a role makes the topology", () => topologyStands(this.operator));
    this.#owners = await this.operator.bucket("samay_owners");
    await this.#watchJournal();
    say(`enrolling ${meters} meters`);
    await until("the office answers", async () => await this.#officeAnswers());
    const slaves = await enrolAll(this.operator, metersOf(meters, METERS_A_SLAVE));
    this.db = await openDatabase({ url: DATABASE_URL });
    world.atEnd(() => this.db.destroy());
    this.load = await startLoad(world, slaves, interval_s);
    await until("the slaves know the time", async () => {
      return (await this.load.say("status")).synchronised === slaves.length;
    });
    await this.untilBalanced();
  }

  async #startMasters(): Promise<void> {
    if ((this.options.brokers ?? 1) === 1) {
      const proxy = this.proxy = startProxy(this.world.port);
      this.world.atEnd(() => proxy.stop());
    }
    for (const name of MASTERS) await this.startMaster(name);
  }

  async startMaster(name: MasterName): Promise<void> {
    const env = name === "gamma" && this.proxy
      ? { SAMAY_NATS_URL: `nats://127.0.0.1:${this.proxy.port}` }
      : {};
    this.masters.set(name, await this.world.role("master", "master", name, { env }));
  }

  async #officeAnswers(): Promise<boolean> {
    const nothing = new TextEncoder().encode("{}");
    return await orUndefined(this.operator.request("samay.office.meter-list", nothing, 1_000)) !==
      undefined;
  }

  async #watchJournal(): Promise<void> {
    const broker = await this.world.link("operator");
    const input = new OrderedInput(broker, {
      stream: "JOURNAL",
      filter: "samay.journal.meter.*",
      name: "faults",
      description: "The test of faults reads along",
      cursor: 0,
      log: silentLog,
    });
    await input.open();
    let stopped = false;
    const reading = (async () => {
      while (!stopped) {
        for (const { sequence, payload, arrival_ms } of await input.take(512, 500)) {
          const text = new TextDecoder().decode(payload);
          this.journal.see(parseJson(journalRecord, text, "Record"), sequence, arrival_ms);
        }
      }
    })();
    this.world.atEnd(async () => {
      stopped = true;
      await input.stop();
      await reading;
    });
  }

  /** Instances that beat, by the entries that they keep. */
  async instances(): Promise<string[]> {
    const keys = await orUndefined(this.#owners.keys()) ?? [];
    return keys.filter((key) => key.startsWith("master.")).map((key) => key.slice(7));
  }

  /** Whose lease stands on each partition. */
  async leases(): Promise<Map<number, string>> {
    const keys = Array.from({ length: PARTITIONS }, (_, p) => `partition.${partitionToken(p)}`);
    const entries = await orUndefined(Promise.all(keys.map((key) => this.#owners.get(key)))) ?? [];
    return new Map(entries.flatMap((entry, partition) => {
      if (entry === undefined) return [];
      return [[partition, JSON.parse(new TextDecoder().decode(entry.value)).owner]];
    }));
  }

  /** Every partition is where it belongs among the masters that run, by lease and by journal. */
  async untilBalanced(patience_ms = 60_000): Promise<void> {
    await until("every partition is where it belongs", async () => {
      const leases = await this.leases();
      const live = new Set(leases.values());
      if (leases.size < PARTITIONS || live.size < this.masters.size) return false;
      const names = new Set([...live].map((instance) => instance.split("-")[0]));
      if (live.size !== this.masters.size || names.size !== this.masters.size) return false;
      const journaled = this.journal.owners();
      return [...leases].every(([partition, owner]) =>
        preferredOwner(partition, live) === owner && journaled.get(partition) === owner
      );
    }, patience_ms);
  }

  async rows(): Promise<number> {
    const { rows } = await sql<{ n: string }>`select count(*) as n from raw_reading`
      .execute(this.db);
    return Number(rows[0]!.n);
  }
}

/** Whether the last of the streams and buckets is there: the roles make them. */
async function topologyStands(operator: NatsBroker): Promise<boolean> {
  try {
    const manager = await operator.manager();
    const names = [...STREAMS.map(({ name }) => name), ...BUCKETS.map(({ name }) => `KV_${name}`)];
    await Promise.all(names.map((name) => manager.streams.info(name)));
    return true;
  } catch {
    return false; // Asked again, until the patience of the caller ends.
  }
}

async function jetStreamAnswers(operator: NatsBroker): Promise<boolean> {
  try {
    const manager = await operator.manager();
    await manager.getAccountInfo();
    return true;
  } catch {
    return false; // Asked again, until the patience of the caller ends.
  }
}
