/** What stands in the database and since when, by PostgreSQL's own commit times. */
import { openDatabase } from "../../../streams/database/connect.ts";
import { type Kysely, sql } from "../../../streams/database/kysely.ts";
import type { Database } from "../../../streams/database/schema.ts";

export interface RowFigures {
  readonly rows: number;
  /** From the first commit to the last, in seconds. */
  readonly seconds: number;
  readonly a_second: number;
  /** Rows of the middle second, and of the slowest tenth of the full seconds. */
  readonly second_p50: number;
  readonly second_p10: number;
  /** From the broker's stamp to the commit, in milliseconds. */
  readonly lag_p50_ms: number;
  readonly lag_p99_ms: number;
  readonly lag_max_ms: number;
}

export type Rows = Kysely<Database>;

export async function openRows(url: string): Promise<Rows> {
  return await openDatabase({ url });
}

/** Journal sequence that the ledger has committed: cheap to ask while it works. */
export async function cursorOf(db: Rows): Promise<number> {
  const { rows } = await sql<{ sequence: number }>`select sequence from ledger_cursor`.execute(db);
  return rows[0]?.sequence ?? 0;
}

export async function countOf(db: Rows): Promise<number> {
  const { rows } = await sql<{ n: number }>`select count(*) as n from raw_reading`.execute(db);
  return rows[0]!.n;
}

/** Undefined while there is no row. `skip_s`: seconds of warming up that are left out. */
export async function figuresOf(db: Rows, skip_s: number): Promise<RowFigures | undefined> {
  const { rows } = await sql<
    {
      [K in keyof RowFigures]: number;
    }
  >`
    with stamped as materialized (
      select pg_xact_commit_timestamp(xmin) as at, arrived_at from raw_reading
    ), counted as (
      select * from stamped
      where at >= (select min(at) from stamped) + make_interval(secs => ${skip_s}::float8)
    ), seconds as (
      select count(*) as n from counted group by date_trunc('second', at)
      order by date_trunc('second', at) offset 1
    )
    select count(*) as rows,
      extract(epoch from max(at) - min(at))::float8 as seconds,
      (count(*) / greatest(extract(epoch from max(at) - min(at)), 0.001))::float8 as a_second,
      (select percentile_cont(0.5) within group (order by n) from seconds) as second_p50,
      (select percentile_cont(0.1) within group (order by n) from seconds) as second_p10,
      1000 * percentile_cont(0.5) within group (order by extract(epoch from at - arrived_at)::float8)
        as lag_p50_ms,
      1000 * percentile_cont(0.99) within group (order by extract(epoch from at - arrived_at)::float8)
        as lag_p99_ms,
      1000 * max(extract(epoch from at - arrived_at)::float8) as lag_max_ms
    from counted`.execute(db);
  const found = rows[0];
  return found && found.rows > 0 ? found : undefined;
}
