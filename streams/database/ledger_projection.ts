/**
 * The journal as rows. The rows and the cursor move in one transaction, so each record is projected
 * exactly once, whatever dies in between and however many ledgers run.
 */
import { rowsOfAll, type SequencedRecord } from "./ledger_rows.ts";
import type { LedgerStore, ReadingConflict } from "./ledger_store.ts";

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

/**
 * Projects `records`, in the order of the stream. Records at or below the cursor are skipped. The
 * cursor goes to the last of them, or to `through` where the records up to there are dealt with
 * otherwise; `fingerprint` is of the record there. Throws what the database throws; then nothing has changed.
 */
export async function project(
  store: LedgerStore,
  records: readonly SequencedRecord[],
  through = records.at(-1)?.sequence ?? 0,
  fingerprint: string | null = null,
): Promise<Projection> {
  return await store.transaction(async (transaction) => {
    const cursor = await transaction.lockCursor();
    const fresh = records.filter(({ sequence }) => sequence > cursor);
    const { readings, slaves } = rowsOfAll(fresh);
    const { inserted, conflicts } = await transaction.writeReadings(readings);
    await transaction.writeSlaves(slaves);
    const next = Math.max(cursor, through);
    if (next > cursor) await transaction.moveCursor(next, fingerprint);
    const duplicates = readings.length - inserted - conflicts.length;
    return { cursor: next, records: fresh.length, inserted, duplicates, conflicts };
  });
}
