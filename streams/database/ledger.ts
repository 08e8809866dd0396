/**
 * The ledger: the journal as rows. The rows and the cursor move in one transaction, so each record
 * is projected exactly once, whatever dies in between and however many ledgers run.
 */
import { type Kysely, sql, type Transaction } from "./kysely.ts";
import { rowsOfAll, type SequencedRecord } from "./ledger_rows.ts";
import { type ReadingConflict, writeReadings, writeSlaves } from "./ledger_write.ts";
import type { Database } from "./schema.ts";

export const JOURNAL_STREAM = "JOURNAL";

export interface Projection {
  /** Journal sequence up to which everything is projected now. */
  readonly cursor: number;
  /** Records that were projected; the others had been before. */
  readonly records: number;
  /** Readings that were new, and those that stood already. */
  readonly inserted: number;
  readonly duplicates: number;
  readonly conflicts: readonly ReadingConflict[];
}

/** Journal sequence up to which everything is projected. */
export async function ledgerCursor(db: Kysely<Database>): Promise<number> {
  const row = await db.selectFrom("ledger_cursor").select("sequence")
    .where("stream", "=", JOURNAL_STREAM).executeTakeFirst();
  return row?.sequence ?? 0;
}

/**
 * Projects `records`, in the order of the stream. Records at or below the cursor are skipped. The
 * cursor goes to the last of them, or to `through` where the records up to there are dealt with
 * otherwise. Throws what the database throws; then nothing has changed.
 */
export async function projectBatch(
  db: Kysely<Database>,
  records: readonly SequencedRecord[],
  through = records.at(-1)?.sequence ?? 0,
): Promise<Projection> {
  return await db.transaction().execute(async (trx) => {
    const cursor = await lockCursor(trx);
    const fresh = records.filter(({ sequence }) => sequence > cursor);
    const { readings, slaves } = rowsOfAll(fresh);
    const { inserted, conflicts } = await writeReadings(trx, readings);
    await writeSlaves(trx, slaves);
    const next = Math.max(cursor, through);
    if (next > cursor) {
      await trx.updateTable("ledger_cursor").set({ sequence: next })
        .where("stream", "=", JOURNAL_STREAM).execute();
    }
    const duplicates = readings.length - inserted - conflicts.length;
    return { cursor: next, records: fresh.length, inserted, duplicates, conflicts };
  });
}

/** Reads the cursor and keeps other ledgers waiting until this transaction has ended. */
async function lockCursor(trx: Transaction<Database>): Promise<number> {
  const { rows } = await sql<{ sequence: number }>`
    select sequence from ledger_cursor where stream = ${JOURNAL_STREAM} for update`.execute(trx);
  const row = rows[0];
  if (row === undefined) throw new Error("The ledger has no cursor: the migrations have not run");
  return row.sequence;
}
