/** Finds the readings that close cycles. */
import type { CandidateReading } from "../../actors/billing/facts.ts";
import type { ClosingWindow } from "../../actors/billing/sought.ts";
import type { ReadingFlag } from "../../protocol/messages/journal.ts";
import { readingFlag } from "../../protocol/messages/journal.ts";
import { parseOrExplain, z } from "../../protocol/schema.ts";
import { type Kysely, sql } from "../database/kysely.ts";
import { ENERGY } from "../database/readings.ts";
import type { Database, RawReadingTable } from "../database/schema.ts";

const WENT_BACK: ReadingFlag = "register_went_back";
const UNCERTAIN: ReadingFlag = "time_uncertain";

/** Whether the time of a reading is known, by its `flags` column: one that is not closes no month. */
export function isDated(flags: string) {
  return sql<boolean>`not ${sql.ref(flags)} @> ${JSON.stringify([UNCERTAIN])}::jsonb`;
}

/** For which meter, in which window, and after which opening a reading is looked for. */
export interface Wanted {
  readonly meter_id: string;
  readonly opened_at_ms: number;
  readonly window: ClosingWindow;
}

type Found = Omit<RawReadingTable, "flags"> & {
  readonly place: number;
  readonly flags: unknown;
  readonly went_back_at: Date | null;
};

/**
 * Of each of `wanted` the first or the last energy reading in its window and after its opening, in
 * the same order; null while there is none. One whose time nobody knows may belong to another month:
 * it closes none. What lies between the opening and the reading is not read, but for the few readings
 * at which a register went back, which have an index of their own.
 */
export async function findCandidates(
  db: Kysely<Database>,
  wanted: readonly Wanted[],
): Promise<(CandidateReading | null)[]> {
  const found: (CandidateReading | null)[] = wanted.map(() => null);
  const places = Map.groupBy(wanted.keys(), (place) => JSON.stringify(wanted[place]!.window));
  for (const some of places.values()) {
    const window = wanted[some[0]!]!.window;
    for (const row of await candidateRows(db, window, wanted, some)) {
      found[row.place] = candidateOf(row);
    }
  }
  return found;
}

/** The bounds that all have in common stand in the query by themselves: other months are left out. */
async function candidateRows(
  db: Kysely<Database>,
  window: ClosingWindow,
  wanted: readonly Wanted[],
  places: readonly number[],
): Promise<Found[]> {
  const meters = places.map((place) => wanted[place]!.meter_id);
  const opened = places.map((place) => wanted[place]!.opened_at_ms);
  const oldest = new Date(opened.reduce((a, b) => Math.min(a, b)));
  const before = window.to_ms === null
    ? sql`true`
    : sql`reading.read_at < ${new Date(window.to_ms)}::timestamptz`;
  const { rows } = await sql<Found>`
    select given.place, found.*, (
      select reading.read_at from raw_reading as reading
      where reading.meter_id = given.meter_id and reading.obis = ${ENERGY}
        and reading.read_at > ${oldest}::timestamptz and ${before}
        and reading.read_at > to_timestamp(given.opened_at_ms / 1000)
        and reading.read_at <= found.read_at
        and reading.flags @> ${sql.lit(JSON.stringify([WENT_BACK]))}::jsonb
      order by reading.read_at limit 1
    ) as went_back_at
    from unnest(${meters}::text[], ${opened}::float8[], ${places}::int[])
      as given(meter_id, opened_at_ms, place), lateral (
      select reading.* from raw_reading as reading
      where reading.meter_id = given.meter_id and reading.obis = ${ENERGY}
        and reading.read_at >= ${new Date(window.from_ms)}::timestamptz and ${before}
        and reading.read_at > to_timestamp(given.opened_at_ms / 1000)
        and ${isDated("reading.flags")}
      order by reading.read_at ${sql.raw(window.take === "first" ? "asc" : "desc")} limit 1
    ) as found`.execute(db);
  return rows;
}

function candidateOf(row: Found): CandidateReading {
  return {
    reading: {
      read_at_ms: row.read_at.getTime(),
      value_wh: row.value,
      source: row.source,
      frame_sequence: row.frame_sequence,
      journal_sequence: row.journal_sequence,
      sealed_at_ms: row.sealed_at?.getTime() ?? null,
      arrived_at_ms: row.arrived_at?.getTime() ?? null,
      second_found_s: row.second_found_s,
      trials: row.trials,
      clock_quality: row.clock_quality,
      clock_offset_ms: row.sealed_at && row.arrived_at
        ? row.sealed_at.getTime() - row.arrived_at.getTime()
        : null,
    },
    flags: parseOrExplain(z.array(readingFlag), row.flags, `Flags of a reading of ${row.meter_id}`),
    went_back_at_ms: row.went_back_at?.getTime() ?? null,
  };
}
