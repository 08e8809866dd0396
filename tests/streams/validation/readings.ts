/** Readings with a place in the journal, for tests of validation. */
import { ENERGY } from "../../../streams/database/readings.ts";
import { at, type Db } from "../billing/fixture.ts";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
/** Noon of 1 April 2026 in India. */
export const NOON = at("2026-04-01T12:00:00+05:30");

export interface Put {
  readonly n: number;
  readonly read_at_ms: number;
  readonly value: number;
  readonly sequence: number;
  readonly flags?: readonly string[];
  readonly obis?: string;
}

/** Writes readings of meters M`n` as the ledger does, and moves its cursor behind the last. */
export async function put(db: Db, ...given: Put[]): Promise<void> {
  await db.insertInto("raw_reading").values(given.map((one) => ({
    meter_id: `M${one.n}`,
    obis: one.obis ?? ENERGY,
    read_at: new Date(one.read_at_ms),
    value: one.value,
    unit: "Wh",
    source: "frame" as const,
    flags: JSON.stringify(one.flags ?? []),
    frame_sequence: one.sequence,
    journal_sequence: one.sequence,
    arrived_at: new Date(one.read_at_ms + 300),
    sealed_at: new Date(one.read_at_ms + 200),
    second_found_s: Math.floor(one.read_at_ms / 1000),
    trials: 1,
    clock_quality: 3,
  }))).execute();
  const last = Math.max(...given.map(({ sequence }) => sequence));
  await db.updateTable("ledger_cursor").set({ sequence: last })
    .where("stream", "=", "JOURNAL").where("sequence", "<", last).execute();
}

/** Meter, rule and status of every decision, in their order. */
export async function decisions(db: Db): Promise<string[]> {
  const rows = await db.selectFrom("reading_decision").selectAll().orderBy("decision_id").execute();
  return rows.map(({ meter_id, rule, status }) => `${meter_id} ${rule} ${status}`);
}
