/**
 * The slave's own database: one SQLite file in its data directory, readable by the slave alone.
 *
 * Every commit is on disk before it returns (WAL, synchronous=FULL), and what is overwritten is
 * erased (secure_delete), since the file holds keys. One process at a time: two would hand out the
 * same sequence numbers.
 */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { TerminalError } from "../../protocol/errors.ts";

export type Database = DatabaseSync;

const VERSION = 1;

const SCHEMA = `
create table if not exists slave (
  name text primary key,
  value text not null
) strict, without rowid;
create table if not exists outbox (
  meter_id text not null,
  read_at_ms integer not null,
  registers text not null,
  boot integer not null,
  clock_quality integer not null,
  clock_offset_ms integer not null,
  primary key (meter_id, read_at_ms)
) strict, without rowid;
create index if not exists outbox_undated on outbox (meter_id, boot, read_at_ms)
  where clock_quality <= 0;
create table if not exists meter_key (
  meter_id text primary key,
  alias integer not null,
  generation integer not null,
  suite integer not null,
  consumer_number text not null,
  state text not null,
  boot integer not null default 0,
  sequence_reserved integer not null default 0
) strict, without rowid;
`;

/** Opens, or makes, the database in `dataDir`. Throws `TerminalError` that says what to do. */
export async function openDatabase(dataDir: string): Promise<Database> {
  await Deno.mkdir(dataDir, { recursive: true, mode: 0o700 });
  const path = join(dataDir, "slave.db");
  // Made before SQLite does, so that there is no moment at which others can read it. The files of
  // its log take over the mode.
  const file = await Deno.open(path, { create: true, write: true, mode: 0o600 });
  file.close();
  await Deno.chmod(path, 0o600);
  const database = new DatabaseSync(path);
  try {
    database.exec("pragma locking_mode=exclusive");
    database.exec("pragma journal_mode=wal");
    database.exec("pragma synchronous=full");
    database.exec("pragma secure_delete=on");
    prepare(database);
    return database;
  } catch (error) {
    database.close();
    const message = (error as Error).message;
    if (/locked|busy/.test(message)) {
      throw new TerminalError(`${path} is in use: another slave runs with this data directory`);
    }
    throw new TerminalError(`${path} cannot be used: ${message}`);
  }
}

function prepare(database: Database): void {
  const row = database.prepare("pragma user_version").get();
  const version = Number(row?.user_version ?? 0);
  if (version > VERSION) {
    throw new TerminalError(`it was written by a newer version (schema ${version}): update Samay`);
  }
  inTransaction(database, () => {
    database.exec(SCHEMA);
    database.exec(`pragma user_version=${VERSION}`);
  });
}

/** Runs `body` as one transaction: all of it, or none of it when it throws. */
export function inTransaction<T>(database: Database, body: () => T): T {
  database.exec("begin immediate");
  try {
    const result = body();
    database.exec("commit");
    return result;
  } catch (error) {
    database.exec("rollback");
    throw error;
  }
}

/** Clears the log file, so that no overwritten key is left in it. */
export function eraseLog(database: Database): void {
  database.prepare("pragma wal_checkpoint(truncate)").get();
}
