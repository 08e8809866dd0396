/** The tables of the readings: what was measured, and what was decided about it. */
import type { ColumnType, Generated } from "./kysely.ts";
import type { BigInteger, CreatedAt, Json } from "./schema_columns.ts";

/** One register at one moment. Never updated, never deleted: a trigger refuses both. */
export interface RawReadingTable {
  meter_id: string;
  obis: string;
  read_at: Date;
  value: BigInteger;
  unit: string;
  source: "frame" | "import";
  flags: Json<string[]>;
  /** Where it came from, for readings out of frames: stream sequences, the second found, the search. */
  frame_sequence: BigInteger | null;
  journal_sequence: BigInteger | null;
  arrived_at: Date | null;
  sealed_at: Date | null;
  second_found_s: BigInteger | null;
  trials: number | null;
  clock_quality: number | null;
}

export type DecisionStatus = "quarantined" | "accepted" | "rejected";
export type ReadingQuality = "measured" | "estimated" | "substituted" | "edited";

/** What was decided about a reading. Never updated, never deleted; the latest one counts. */
export interface ReadingDecisionTable {
  decision_id: Generated<BigInteger>;
  meter_id: string;
  obis: string;
  read_at: Date;
  status: DecisionStatus;
  quality: ReadingQuality;
  /** What billing uses, in watt-hours; null unless accepted. */
  value: BigInteger | null;
  /** Code of the rule that decided, or `person`. */
  rule: string;
  /** In words for people. */
  detail: string;
  decided_by: string;
  /** Why, of a person's decision. */
  reason: string | null;
  decided_at: ColumnType<Date, Date | undefined, never>;
}

/** A second value for a moment that has one in `raw_reading`. Never updated, never deleted. */
export interface ReadingConflictTable {
  meter_id: string;
  obis: string;
  read_at: Date;
  /** The one that came second, and the one that stands. */
  value: BigInteger;
  kept: BigInteger;
  journal_sequence: BigInteger;
  seen_at: CreatedAt;
}

/** Every reading with what was decided about it, and decided values without a reading. A view. */
export interface ValidatedReadingView {
  meter_id: string;
  obis: string;
  read_at: Date;
  /** Billing's value. Of an accepted reading only; else what was measured. */
  value: BigInteger | null;
  quality: ReadingQuality;
  usable: boolean;
  status: DecisionStatus;
  rule: string | null;
  detail: string | null;
  decided_by: string | null;
  reason: string | null;
  decided_at: Date | null;
  raw_value: BigInteger | null;
  unit: string;
  /** `decision`: there is no raw reading at that moment. */
  source: "frame" | "import" | "decision";
  flags: Json<string[]>;
  arrived_at: Date | null;
  journal_sequence: BigInteger | null;
}

/** Imported readings that the sweep has not seen yet: it takes them out. */
export interface ReadingUnvalidatedTable {
  meter_id: string;
  obis: string;
  read_at: Date;
}
