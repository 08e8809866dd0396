/** One look at every part of the head-end. */
import { sql } from "../../streams/database/kysely.ts";
import { viewMasters } from "../../streams/office/masters.ts";
import { LEASE_MS } from "../../streams/masters/partition_holder.ts";
import { type Pids, usageOf } from "../bench/headend/processes.ts";
import { cursorOf, type Rows } from "../bench/headend/rows.ts";
import type { Stage } from "../bench/headend/stage.ts";
import { usedBytes } from "./disk.ts";
import type { Sample } from "./verdict.ts";

const MB = 2 ** 20;

export interface Looked {
  readonly stage: Stage;
  readonly db: Rows;
  readonly pids: Readonly<Record<string, Pids>>;
}

/** What waits: frames in front of the masters, records in front of the ledger. */
export async function lagOf({ stage, db }: Looked) {
  const manager = await stage.broker.manager();
  const { totals } = await viewMasters(stage.broker, Date.now(), LEASE_MS);
  const cursor = await cursorOf(db);
  const { last_seq } = (await manager.streams.info("JOURNAL")).state;
  // Epoch and session records are in the journal too, and the ledger passes over them.
  return { lag_frames: totals.lag, lag_records: Math.max(0, last_seq - cursor) };
}

/** `at_s`: since the load began. */
export async function look(looked: Looked, at_s: number): Promise<Sample> {
  const { stage, db, pids } = looked;
  const manager = await stage.broker.manager();
  const memory_mb: Record<string, number> = {};
  const cpu_s: Record<string, number> = {};
  for (const [part, of] of Object.entries(pids)) {
    const usage = usageOf(of());
    memory_mb[part] = Math.round(usage.own_mb);
    cpu_s[part] = Number(usage.cpu_s.toFixed(2));
  }
  const { rows } = await sql<{ inserted: number; bytes: number; wal: number }>`
    select (select coalesce(sum(n_tup_ins), 0) from pg_stat_user_tables
        where relname like 'raw\\_reading%')::float8 as inserted,
      pg_database_size(current_database())::float8 as bytes,
      (select coalesce(sum(size), 0) from pg_ls_waldir())::float8 as wal`.execute(db);
  const { inserted, bytes, wal } = rows[0]!;
  return {
    at_s: Number(at_s.toFixed(1)),
    frames: (await manager.streams.info("FRAMES")).state.last_seq,
    ...await lagOf(looked),
    rows: inserted,
    memory_mb,
    cpu_s,
    broker_disk_mb: Math.round(await usedBytes(`${stage.dataDir}/broker`) / MB),
    database_disk_mb: Math.round((bytes + wal) / MB),
  };
}

/** Of the tables of readings with their indexes. */
export async function bytesARow(db: Rows, count: number): Promise<number> {
  const { rows } = await sql<{ bytes: number }>`
    select sum(pg_total_relation_size(relid))::float8 as bytes
    from pg_partition_tree('raw_reading')`.execute(db);
  return Math.round(rows[0]!.bytes / Math.max(1, count));
}
