/** The ledger's transaction in SQL. */
import { isDataFault } from "./faults.ts";
import { type Kysely, sql, type Transaction } from "./kysely.ts";
import { project, type Projection } from "./ledger_projection.ts";
import type { SequencedRecord } from "./ledger_rows.ts";
import type { LedgerPlace, LedgerStore, LedgerTransaction } from "./ledger_store.ts";
import { writeReadings, writeSlaves, type WriteWays } from "./ledger_write.ts";
import type { Database } from "./schema.ts";

export const JOURNAL_STREAM = "JOURNAL";

/** Journal sequence up to which everything is projected. */
export async function ledgerCursor(db: Kysely<Database>): Promise<number> {
  return (await ledgerPlace(db)).sequence;
}

async function ledgerPlace(db: Kysely<Database>): Promise<LedgerPlace> {
  const row = await db.selectFrom("ledger_cursor").select(["sequence", "fingerprint"])
    .where("stream", "=", JOURNAL_STREAM).executeTakeFirst();
  return row ?? { sequence: 0, fingerprint: null };
}

/** The ledger's rows and cursor in `db`. */
export function ledgerIn(db: Kysely<Database>): LedgerStore {
  const ways: WriteWays = { insertUntil_ms: 0 };
  return {
    place: () => ledgerPlace(db),
    transaction: (work) => db.transaction().execute((trx) => work(transactionOf(trx, ways))),
    isDataFault,
  };
}

/** `project()` into the tables of `db`. */
export async function projectBatch(
  db: Kysely<Database>,
  records: readonly SequencedRecord[],
  through?: number,
): Promise<Projection> {
  return await project(ledgerIn(db), records, through);
}

function transactionOf(trx: Transaction<Database>, ways: WriteWays): LedgerTransaction {
  return {
    lockCursor: () => lockCursor(trx),
    writeReadings: (rows) => writeReadings(trx, rows, ways),
    writeSlaves: (rows) => writeSlaves(trx, rows),
    moveCursor: async (sequence, fingerprint) => {
      await trx.updateTable("ledger_cursor").set({ sequence, fingerprint })
        .where("stream", "=", JOURNAL_STREAM).execute();
    },
  };
}

async function lockCursor(trx: Transaction<Database>): Promise<number> {
  const { rows } = await sql<{ sequence: number }>`
    select sequence from ledger_cursor where stream = ${JOURNAL_STREAM} for update`.execute(trx);
  const row = rows[0];
  if (row === undefined) throw new Error("The ledger has no cursor: the migrations have not run");
  return row.sequence;
}
