/**
 * A second value for a moment that has one: the first one stands, the second one is kept beside it,
 * and a person decides between the two. Nobody but the meter knows which is right.
 */
import { quarantine } from "../validation/decisions.ts";
import type { Transaction } from "./kysely.ts";
import type { ReadingConflict } from "./ledger_store.ts";
import type { Database } from "./schema.ts";

/** Rows in one statement: bounds the memory of its parameters. */
const ROWS_MAX = 1_000;

/** Keeps `conflicts` and quarantines what stands, in the ledger's transaction. */
export async function keepConflicts(
  trx: Transaction<Database>,
  conflicts: readonly ReadingConflict[],
): Promise<void> {
  for (let start = 0; start < conflicts.length; start += ROWS_MAX) {
    const part = conflicts.slice(start, start + ROWS_MAX);
    await trx.insertInto("reading_conflict")
      .values(part.map(({ meter_id, obis, read_at, kept, refused, journal_sequence }) => ({
        ...{ meter_id, obis, read_at, kept, journal_sequence },
        value: refused,
      })))
      .onConflict((conflict) => conflict.doNothing()).execute();
    const faults = part.map(({ meter_id, obis, read_at, kept, refused }) => ({
      ...{ meter_id, obis, read_at },
      rule: "duplicate",
      detail: `${kept} was told first and ${refused} for the same moment`,
    }));
    await quarantine(trx, faults, "ledger");
  }
}
