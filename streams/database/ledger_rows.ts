/** What one journal record means in rows. Pure. */
import { isEnergyImport } from "../../protocol/iec62056/obis.ts";
import type { JournalRecord, ReadingEvent, SessionEvent } from "../../protocol/messages/journal.ts";
import type { SessionReport } from "../../protocol/messages/session.ts";

/** A journal record with its sequence in the stream. */
export interface SequencedRecord {
  readonly sequence: number;
  readonly record: JournalRecord;
}

/** One row of `raw_reading`, with instants in Unix milliseconds. */
export interface ReadingRow {
  readonly meter_id: string;
  readonly obis: string;
  readonly read_at_ms: number;
  readonly value: number;
  readonly unit: string;
  readonly flags: readonly string[];
  readonly frame_sequence: number;
  readonly journal_sequence: number;
  readonly arrived_at_ms: number;
  readonly sealed_at_ms: number;
  readonly second_found_s: number;
  readonly trials: number;
  readonly clock_quality: number;
}

/** One row of `slave`. */
export interface SlaveRow {
  readonly slave_id: string;
  readonly last_seen_at_ms: number;
  readonly report: SessionReport;
}

export interface LedgerRows {
  readonly readings: ReadingRow[];
  readonly slaves: SlaveRow[];
}

/** The rows of one record: a reading a register, a slave a session report. Rejects make none. */
export function rowsOf({ sequence, record }: SequencedRecord): LedgerRows {
  const rows: LedgerRows = { readings: [], slaves: [] };
  for (const event of record.events) {
    if (event.event === "reading") rows.readings.push(...readingRows(sequence, event));
    if (event.event === "session") rows.slaves.push(slaveRow(event));
  }
  return rows;
}

function readingRows(journal_sequence: number, event: ReadingEvent): ReadingRow[] {
  return event.registers.map((register) => ({
    meter_id: event.meter_id,
    obis: register.obis,
    read_at_ms: register.read_at_ms,
    value: register.value,
    unit: register.unit,
    flags: event.flags.filter((flag) =>
      flag !== "register_went_back" || isEnergyImport(register.obis)
    ),
    frame_sequence: event.frame,
    journal_sequence,
    arrived_at_ms: event.arrival_ms,
    sealed_at_ms: event.sealed_at_ms,
    second_found_s: event.t_s,
    trials: event.trials,
    clock_quality: event.quality,
  }));
}

function slaveRow(event: SessionEvent): SlaveRow {
  const { slave_id } = event.report;
  return { slave_id, last_seen_at_ms: event.arrival_ms, report: event.report };
}

/** The rows of several records; of each slave only the latest report. */
export function rowsOfAll(records: readonly SequencedRecord[]): LedgerRows {
  const readings: ReadingRow[] = [];
  const latest = new Map<string, SlaveRow>();
  for (const sequenced of records) {
    const rows = rowsOf(sequenced);
    readings.push(...rows.readings);
    for (const slave of rows.slaves) {
      const known = latest.get(slave.slave_id);
      if (known === undefined || known.last_seen_at_ms <= slave.last_seen_at_ms) {
        latest.set(slave.slave_id, slave);
      }
    }
  }
  return { readings, slaves: [...latest.values()] };
}
