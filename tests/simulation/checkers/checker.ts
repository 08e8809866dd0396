/** What judges a world: it is told what happens, and speaks up at the first thing that may not be. */
import type { Confirmation } from "../../../protocol/messages/confirm.ts";
import type { JournalRecord } from "../../../protocol/messages/journal.ts";
import type { Register } from "../../../protocol/messages/common.ts";
import type { Input } from "../../../actors/shard/actor.ts";
import type { ReadingRow } from "../../../streams/database/ledger_rows.ts";
import type { Invoice } from "../billing_tables.ts";
import type { Commit } from "../database.ts";

export type Invariant = "I1" | "I2" | "I3" | "I4" | "I5" | "I6";

export class Violation extends Error {
  override readonly name: string = "Violation";
  readonly invariant: Invariant;

  constructor(invariant: Invariant, message: string) {
    super(message);
    this.invariant = invariant;
  }
}

export interface Journaled {
  /** In the JOURNAL stream. */
  readonly sequence: number;
  readonly subject: string;
  readonly record: JournalRecord;
}

/** What every judge may look at when all has come to rest. */
export interface Evidence {
  /** Every record that was ever appended, trimmed ones included, in the order of the stream. */
  readonly journal: readonly Journaled[];
  /** What came in, by journal subject, in the order of the stream. */
  readonly inputs: ReadonlyMap<string, readonly Input[]>;
  readonly rows: ReadonlyMap<string, ReadingRow>;
  /** Readings that lie in some slave's outbox. */
  readonly waiting: number;
  /** Inputs set aside with a reason: their sequences, by stream. */
  readonly dead: ReadonlyMap<string, ReadonlySet<number>>;
  readonly ledgerCursor: number;
}

/** One invariant. Each method throws `Violation`; what a judge does not watch it leaves out. */
export interface Checker {
  readonly journaled?: (entry: Journaled) => void;
  readonly read?: (meter_id: string, registers: readonly Register[]) => void;
  /** A slave has seen a confirmation, and is about to forget what it names. */
  readonly confirmed?: (slaveId: string, confirmed: Confirmation["confirmed"]) => void;
  readonly committed?: (commit: Commit) => void;
  readonly billed?: (invoices: readonly Invoice[]) => void;
  readonly atRest?: (evidence: Evidence) => void;
}
