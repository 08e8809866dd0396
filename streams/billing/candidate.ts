/** Finds the reading that closes a cycle. */
import type { CandidateReading } from "../../actors/billing/facts.ts";
import type { ClosingWindow } from "../../actors/billing/cycle.ts";
import type { ReadingFlag } from "../../protocol/messages/journal.ts";
import { readingFlag } from "../../protocol/messages/journal.ts";
import { parseOrExplain, z } from "../../protocol/schema.ts";
import { type Kysely, sql } from "../database/kysely.ts";
import { ENERGY } from "../database/readings.ts";
import type { Database } from "../database/schema.ts";

const WENT_BACK: ReadingFlag = "register_went_back";
const UNCERTAIN: ReadingFlag = "time_uncertain";

/** Whether the time of a reading is known, by its `flags` column: one that is not closes no month. */
export function isDated(flags: string) {
  return sql<boolean>`not ${sql.ref(flags)} @> ${JSON.stringify([UNCERTAIN])}::jsonb`;
}

/**
 * The first or the last energy reading of `meter_id` in `window` and after `opened_at_ms`, or null
 * while there is none. One whose time nobody knows may belong to another month: it closes none.
 */
export async function findCandidate(
  db: Kysely<Database>,
  meter_id: string,
  opened_at_ms: number,
  window: ClosingWindow,
): Promise<CandidateReading | null> {
  const opened_at = new Date(opened_at_ms);
  let query = db.selectFrom("raw_reading").selectAll()
    .where("meter_id", "=", meter_id).where("obis", "=", ENERGY)
    .where("read_at", ">", opened_at).where("read_at", ">=", new Date(window.from_ms))
    .where(isDated("flags"));
  if (window.to_ms !== null) query = query.where("read_at", "<", new Date(window.to_ms));
  const row = await query.orderBy("read_at", window.take === "first" ? "asc" : "desc").limit(1)
    .executeTakeFirst();
  if (row === undefined) return null;
  const back = await db.selectFrom("raw_reading").select("read_at")
    .where("meter_id", "=", meter_id).where("obis", "=", ENERGY)
    .where("read_at", ">", opened_at).where("read_at", "<=", row.read_at)
    .where(sql<boolean>`flags @> ${JSON.stringify([WENT_BACK])}::jsonb`)
    .orderBy("read_at").limit(1).executeTakeFirst();
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
    flags: parseOrExplain(z.array(readingFlag), row.flags, `Flags of a reading of ${meter_id}`),
    went_back_at_ms: back?.read_at.getTime() ?? null,
  };
}
