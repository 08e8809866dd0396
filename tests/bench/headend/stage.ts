/** Broker, database, keys and enrolled meters of one bench, and their end. */
import { toHex, utf8 } from "../../../protocol/bytes.ts";
import { type Kysely, sql } from "../../../streams/database/kysely.ts";
import { openDatabase } from "../../../streams/database/connect.ts";
import { migrate } from "../../../streams/database/migrate.ts";
import type { Database } from "../../../streams/database/schema.ts";
import {
  type BrokerProcess,
  startBrokerProcess,
} from "../../../streams/jetstream/broker_process.ts";
import { connect, type NatsBroker } from "../../../streams/jetstream/connection.ts";
import { applyTopology } from "../../../streams/jetstream/topology.ts";
import { natsServerProgram } from "../../support/broker.ts";
import { startPostgres } from "../../support/postgres.ts";
import { enrolmentOf, installMeters } from "./fleet.ts";

/**
 * What an operator would set on a machine for this load; all that makes a commit durable is as it is
 * by default. Commit times are how the bench knows when a row stood.
 */
export const POSTGRES_SETTINGS = [
  "shared_buffers=1GB",
  "max_wal_size=8GB",
  "wal_compression=on",
  "track_commit_timestamp=on",
];

const ENROLMENTS_AT_ONCE = 1_000;

export interface Stage {
  readonly dataDir: string;
  readonly kek: Uint8Array;
  readonly broker: NatsBroker;
  readonly brokerProcess: BrokerProcess;
  /** Undefined on the embedded database. */
  readonly databaseUrl: string | undefined;
  /** Undefined where it is not a server of ours. */
  readonly postgresPid: number | undefined;
  /** A new database, migrated, on the server, in which the meters hang. Returns its URL. */
  newDatabase(name: string): Promise<string>;
  /** Things that end before the stage does, the last one first. */
  readonly ends: (() => Promise<unknown>)[];
}

/** Runs `body` on a fresh stage and takes everything down again. */
export async function withStage(
  given: {
    meters: number;
    postgres: boolean;
    /** More settings of PostgreSQL; the last one of a name counts. */
    settings?: readonly string[];
  },
  body: (stage: Stage) => Promise<void>,
): Promise<void> {
  const ends: Stage["ends"] = [];
  let ending: Promise<void> | undefined;
  let interrupted = false;
  // Once, whoever asks first: a body that is interrupted fails, and must not go away before the rest.
  const endAll = () => ending ??= endOneByOne(ends);
  const onSignal = () => {
    interrupted = true;
    void endAll().catch((error) => console.error(error)).finally(() => Deno.exit(130));
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, onSignal);
  const dataDir = await Deno.makeTempDir({ prefix: "samay-bench-" });
  ends.push(() => Deno.remove(dataDir, { recursive: true }));
  try {
    const kek = crypto.getRandomValues(new Uint8Array(32));
    await Deno.writeTextFile(`${dataDir}/kek`, `${toHex(kek)}\n`, { mode: 0o600 });
    const brokerProcess = await startBrokerProcess({
      program: await natsServerProgram(),
      dataDir: `${dataDir}/broker`,
    });
    ends.push(() => brokerProcess.stop());
    const broker = await connect({ url: brokerProcess.url, name: "bench" });
    ends.push(() => broker.close());
    await applyTopology(broker);
    await enrol(broker, given.meters, kek);
    const postgres = given.postgres ? await postgresOf(ends, given.settings ?? []) : undefined;
    await body({
      ...{ dataDir, kek, broker, brokerProcess, ends },
      databaseUrl: postgres?.url,
      postgresPid: postgres?.pid,
      newDatabase: (name) => newDatabase(postgres!.url, name, given.meters),
    });
  } catch (error) {
    // What was ended under the body's feet is no news.
    if (!interrupted) throw error;
  } finally {
    await endAll();
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      Deno.removeSignalListener(signal, onSignal);
    }
  }
}

/** The last one first, whatever fails on the way; then throws the first failure. */
async function endOneByOne(ends: Stage["ends"]): Promise<void> {
  const failures: unknown[] = [];
  for (let end = ends.pop(); end !== undefined; end = ends.pop()) {
    await end().catch((error) => failures.push(error));
  }
  if (failures.length > 0) throw failures[0];
}

async function postgresOf(
  ends: Stage["ends"],
  more: readonly string[],
): Promise<{ url: string; pid?: number }> {
  const given = Deno.env.get("DATABASE_URL");
  if (given !== undefined) return { url: given };
  const server = await startPostgres({ durable: true, settings: [...POSTGRES_SETTINGS, ...more] });
  ends.push(async () => await server[Symbol.asyncDispose]());
  return { url: server.url, pid: server.pid };
}

async function newDatabase(serverUrl: string, name: string, meters: number): Promise<string> {
  const server: Kysely<Database> = await openDatabase({ url: serverUrl });
  await sql`drop database if exists ${sql.id(name)} with (force)`.execute(server);
  await sql`create database ${sql.id(name)}`.execute(server);
  await server.destroy();
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  const db = await openDatabase({ url: url.href });
  await migrate(db);
  await installMeters(db, meters);
  await db.destroy();
  return url.href;
}

/** What the office would write for each meter, without its database: the masters read this alone. */
async function enrol(broker: NatsBroker, meters: number, kek: Uint8Array): Promise<void> {
  const now_ms = Date.now();
  for (let from = 0; from < meters; from += ENROLMENTS_AT_ONCE) {
    const some = Math.min(ENROLMENTS_AT_ONCE, meters - from);
    await Promise.all(Array.from({ length: some }, (_, i) => {
      const enrolment = enrolmentOf(from + i, kek, now_ms);
      return broker.publish(
        `$KV.samay_enrolments.${enrolment.meter_id}`,
        utf8(JSON.stringify(enrolment)),
      );
    }));
  }
}
