/**
 * Puts right the times of readings that were taken while the clock was not known, once it is.
 *
 * A reading is taken by the monotonic clock plus what was then thought to be its offset. Within one
 * start, or several between which the machine's clocks went on, the difference to the offset that is
 * known now is exact but for drift. Across a power cut of a machine without a clock of its own nobody
 * knows: such a reading gets a time between the last known moment and this start, and a mark.
 */
import { REGISTERS_MAX } from "../../actors/slave/registers.ts";
import { TIME_STATUS_REGISTER, TIME_UNCERTAIN } from "../../protocol/iec62056/obis.ts";
import { type Database, inTransaction } from "./database.ts";

/** A change smaller than the rule's step is no jump: the server that contradicted the clock lied. */
const JUMP_MS = 2_000;

/** Values of `clock_quality` in the outbox besides those of a frame. */
export const DOUBTED = -1;

export interface Known {
  /** To be added to the local clock, in milliseconds. */
  readonly offset_ms: number;
  /** Unix time in milliseconds at which this start was. */
  readonly started_ms: number;
  /** Whether the machine's clocks went on from start `boot` to this one. */
  isComparable(boot: number): boolean;
  /** A Unix time in milliseconds that was past already when the meter was read. */
  earliest_ms(meter_id: string): number;
}

interface Row {
  readonly meter_id: string;
  readonly old_ms: number;
  readonly offset_ms: number;
  readonly boot: number;
  readonly quality: number;
}

export interface Dated {
  /** Readings whose time is right now. */
  readonly corrected: number;
  /** Readings that nobody can date: marked. */
  readonly uncertain: number;
}

/** Dates all readings of the outbox whose clock was not known or doubted. None has been journaled. */
export function dateReadings(database: Database, known: Known): Dated {
  return inTransaction(database, () => {
    const rows: Row[] = database.prepare(
      "select meter_id, read_at_ms, clock_offset_ms, boot, clock_quality from outbox " +
        "where clock_quality <= 0 order by meter_id, boot, read_at_ms",
    ).all().map((row) => ({
      meter_id: String(row.meter_id),
      old_ms: Number(row.read_at_ms),
      offset_ms: Number(row.clock_offset_ms),
      boot: Number(row.boot),
      quality: Number(row.clock_quality),
    }));
    const counts = { corrected: 0, uncertain: 0 };
    for (const group of Map.groupBy(rows, (row) => `${row.boot} ${row.meter_id}`).values()) {
      dateGroup(database, group, known, counts);
    }
    return counts;
  });
}

/** Readings of one meter and one start keep their distances from each other. */
function dateGroup(
  database: Database,
  group: readonly Row[],
  known: Known,
  counts: { corrected: number; uncertain: number },
): void {
  const { boot, meter_id } = group[0]!;
  const certain = known.isComparable(boot);
  const exact = group.map((row) => certain ? rightTime_ms(row, known) : likelyTime_ms(row, known));
  const shift_ms = certain
    ? 0
    : intoBounds_ms(exact, known.earliest_ms(meter_id), known.started_ms);
  const moves = group.map((row, i) => ({ row, right_ms: Math.max(0, exact[i]! + shift_ms) }));
  // From the end that the readings move to, so that none lands on the old place of another.
  if (moves[0]!.right_ms > group[0]!.old_ms) moves.reverse();
  for (const { row, right_ms } of moves) {
    const read_at_ms = move(database, row, right_ms, known.offset_ms);
    if (!certain) mark(database, meter_id, read_at_ms);
    if (!certain) counts.uncertain++;
    else if (row.quality !== DOUBTED || read_at_ms !== row.old_ms) counts.corrected++;
  }
}

function rightTime_ms({ old_ms, offset_ms, quality }: Row, known: Known): number {
  const change_ms = Math.round(known.offset_ms) - offset_ms;
  return quality === DOUBTED && Math.abs(change_ms) <= JUMP_MS ? old_ms : old_ms + change_ms;
}

/** An estimate of that time, however old, is better than one of now for another run of the machine. */
function likelyTime_ms({ old_ms, offset_ms }: Row, known: Known): number {
  return offset_ms === 0 ? old_ms + Math.round(known.offset_ms) : old_ms;
}

/** By how much to move `moments`, oldest first, to lie in the bounds; the later bound counts more. */
function intoBounds_ms(moments: readonly number[], earliest_ms: number, latest_ms: number): number {
  const [first, last] = [moments[0]!, moments.at(-1)!];
  return Math.floor(Math.min(Math.max(0, earliest_ms - first), latest_ms - last));
}

/** Gives a reading its new time; returns it. */
function move(database: Database, row: Row, right_ms: number, offset_ms: number): number {
  const taken = database.prepare("select 1 from outbox where meter_id = ? and read_at_ms = ?");
  let free_ms = right_ms;
  // Two readings of one meter in the same millisecond: keep both, a millisecond apart.
  while (free_ms !== row.old_ms && taken.get(row.meter_id, free_ms) !== undefined) free_ms++;
  database.prepare(
    "update outbox set read_at_ms = ?, clock_quality = 2, clock_offset_ms = ? " +
      "where meter_id = ? and read_at_ms = ?",
  ).run(free_ms, Math.round(offset_ms), row.meter_id, row.old_ms);
  return free_ms;
}

/** Puts the mark among the registers of a reading; where there is no room, in place of the last. */
function mark(database: Database, meter_id: string, read_at_ms: number): void {
  const status = JSON.stringify({ obis: TIME_STATUS_REGISTER, value: TIME_UNCERTAIN, unit: "" });
  database.prepare(
    "update outbox set registers = json_set(registers, " +
      "'$[' || min(json_array_length(registers), ?) || ']', json(?)) " +
      "where meter_id = ? and read_at_ms = ?",
  ).run(REGISTERS_MAX - 1, status, meter_id, read_at_ms);
}
