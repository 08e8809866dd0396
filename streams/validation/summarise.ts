/**
 * Keeps the summary by which the sweep finds new readings. PostgreSQL writes it by itself now and
 * then, where autovacuum runs and is not busy elsewhere; blocks without one are read each time.
 */
import { sqlState } from "../database/faults.ts";
import { type Kysely, sql } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";

/** Vacuum holds the same lock for as long as it takes: there will be another time. */
const PATIENCE = "100ms";
const LOCK_NOT_AVAILABLE = "55P03";

/** Summarises the blocks that have none; how many ranges of blocks that were. */
export async function summariseReadings(db: Kysely<Database>): Promise<number> {
  try {
    return await db.transaction().execute(async (trx) => {
      await sql`select set_config('lock_timeout', ${PATIENCE}, true)`.execute(trx);
      const { rows } = await sql<{ ranges: number }>`
        select coalesce(sum(brin_summarize_new_values(part.inhrelid::regclass)), 0)::int as ranges
        from pg_inherits as part
        where part.inhparent = 'raw_reading_journal'::regclass`.execute(trx);
      return rows[0]!.ranges;
    });
  } catch (error) {
    if (sqlState(error) !== LOCK_NOT_AVAILABLE) throw error;
    return 0;
  }
}
