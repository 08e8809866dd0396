/**
 * Puts right the times of readings that were taken while the clock was not known, once it is.
 *
 * A reading is taken by the monotonic clock plus what was then thought to be its offset. Within one
 * start, or several between which the machine's clocks went on, the difference to the offset that is
 * known now is exact but for drift. Across a power cut of a machine without a clock of its own nobody
 * knows: such a reading gets a time between the last known moment and this start, and a mark.
 */
import { WINDOW_DEFAULT_S } from "../../protocol/tves/window.ts";
import { type Database, inTransaction } from "./database.ts";

/**
 * A doubted clock that was wrong by no more than this may have sealed frames that the head-end
 * opened, within its window to either side of the arrival or of the clock as it was learned. What is
 * journaled already must not come again under another time, so such a reading keeps its own. What a
 * clock further off has sealed was refused, and waits to be sealed again.
 */
const JUMP_MS = 3 * WINDOW_DEFAULT_S * 1_000;

/** Values of `clock_quality` in the outbox besides those of a frame (1 to 3). */
export const DOUBTED = -1;
const UNKNOWN = 0;
const DATED = 2;
/** It has a time, and goes out with the mark that nobody knows the right one. */
export const UNCERTAIN = 4;

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

/** The readings of one meter and one start that have no sure time. */
export interface Undated {
  readonly meter_id: string;
  readonly boot: number;
}

interface Row {
  readonly old_ms: number;
  readonly offset_ms: number;
  readonly quality: number;
}

export interface Dated {
  /** Readings whose time is right now. */
  readonly corrected: number;
  /** Readings that nobody can date: marked. */
  readonly uncertain: number;
}

/** What there is to date. An index holds these alone: no look costs more than there is to do. */
export function undatedReadings(database: Database): Undated[] {
  return database.prepare(
    "select distinct meter_id, boot from outbox where clock_quality <= 0 order by meter_id, boot",
  ).all().map(({ meter_id, boot }) => ({ meter_id: String(meter_id), boot: Number(boot) }));
}

/** Dates the readings of one meter and one start, all or none: they keep their distances. */
export function dateReadings(database: Database, { meter_id, boot }: Undated, known: Known): Dated {
  return inTransaction(database, () => {
    const rows: Row[] = database.prepare(
      "select read_at_ms, clock_offset_ms, clock_quality from outbox " +
        "where clock_quality <= 0 and meter_id = ? and boot = ? order by read_at_ms",
    ).all(meter_id, boot).map((row) => ({
      old_ms: Number(row.read_at_ms),
      offset_ms: Number(row.clock_offset_ms),
      quality: Number(row.clock_quality),
    }));
    if (rows.length === 0) return { corrected: 0, uncertain: 0 };
    const certain = known.isComparable(boot);
    const exact = rows.map((row) => certain ? rightTime_ms(row, known) : likelyTime_ms(row, known));
    const shift_ms = certain
      ? 0
      : intoBounds_ms(exact, known.earliest_ms(meter_id), known.started_ms);
    const moves = rows.map((row, i) => ({ row, right_ms: Math.max(0, exact[i]! + shift_ms) }));
    // From the end that the readings move to, so that none lands on the old place of another.
    if (moves[0]!.right_ms > rows[0]!.old_ms) moves.reverse();
    const move = moverOf(database, meter_id, certain ? DATED : UNCERTAIN, known.offset_ms);
    let moved = 0;
    for (const { row, right_ms } of moves) {
      const read_at_ms = move(row.old_ms, right_ms);
      if (row.quality === UNKNOWN || read_at_ms !== row.old_ms) moved++;
    }
    return certain ? { corrected: moved, uncertain: 0 } : { corrected: 0, uncertain: rows.length };
  });
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

/** What gives a reading of a meter its new time and returns it; made once for all of them. */
function moverOf(database: Database, meter_id: string, quality: number, offset_ms: number) {
  const taken = database.prepare("select 1 from outbox where meter_id = ? and read_at_ms = ?");
  const update = database.prepare(
    "update outbox set read_at_ms = ?, clock_quality = ?, clock_offset_ms = ? " +
      "where meter_id = ? and read_at_ms = ?",
  );
  return (old_ms: number, right_ms: number): number => {
    let free_ms = right_ms;
    // Two readings of one meter in the same millisecond: keep both, a millisecond apart.
    while (free_ms !== old_ms && taken.get(meter_id, free_ms) !== undefined) free_ms++;
    update.run(free_ms, quality, Math.round(offset_ms), meter_id, old_ms);
    return free_ms;
  };
}
