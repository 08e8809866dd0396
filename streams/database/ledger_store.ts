/**
 * What the ledger asks of a database, and nothing more: a cursor that is locked and moved in the same
 * transaction as the rows. `ledger.ts` does it in SQL; a simulated world does it in memory.
 */
import type { ReadingRow, SlaveRow } from "./ledger_rows.ts";

/** Two readings of one register at one moment that differ: the first one stays. */
export interface ReadingConflict {
  readonly meter_id: string;
  readonly obis: string;
  readonly read_at: Date;
  readonly kept: number;
  readonly refused: number;
  /** Journal sequence of the one that was refused. */
  readonly journal_sequence: number;
}

/** One transaction: everything in it stands after it has ended well, or nothing does. */
export interface LedgerTransaction {
  /** Reads the cursor and keeps other ledgers waiting until this transaction has ended. */
  lockCursor(): Promise<number>;
  /** Writes rows; those that stand already are left as they are. How many were new. */
  writeReadings(
    rows: readonly ReadingRow[],
  ): Promise<{ inserted: number; conflicts: readonly ReadingConflict[] }>;
  /** Writes what each slave last said; an older report never replaces a newer one. */
  writeSlaves(rows: readonly SlaveRow[]): Promise<void>;
  moveCursor(sequence: number, fingerprint: string | null): Promise<void>;
}

/** How far the journal is projected. */
export interface LedgerPlace {
  readonly sequence: number;
  /** What the record there was, as the feed tells it; null where that is not known. */
  readonly fingerprint: string | null;
}

export interface LedgerStore {
  /** Up to where everything is projected, as it stands. */
  place(): Promise<LedgerPlace>;
  transaction<T>(work: (transaction: LedgerTransaction) => Promise<T>): Promise<T>;
  /** Whether `error` says that these rows can never be taken, while the database is well. */
  isDataFault(error: unknown): boolean;
}
