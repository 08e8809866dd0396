/** Readings as billing and people ask for them. */
import type { Kysely, Selectable } from "./kysely.ts";
import type { Database, RawReadingTable } from "./schema.ts";

export type RawReading = Selectable<RawReadingTable>;

/** Active energy imported, total: the register that bills are made of (IEC 62056-61). */
export const ENERGY = "1-0:1.8.0";

/** The latest reading of `obis` by its own time, or undefined where there is none. */
export async function latestReading(
  db: Kysely<Database>,
  meter_id: string,
  obis = ENERGY,
): Promise<RawReading | undefined> {
  return await db.selectFrom("raw_reading").selectAll()
    .where("meter_id", "=", meter_id).where("obis", "=", obis)
    .orderBy("read_at", "desc").limit(1).executeTakeFirst();
}

/**
 * The registers of the latest readout that a meter delivered after journal sequence
 * `afterSequence` and read at or after `notBefore`; none until it is there.
 */
export async function newReadings(
  db: Kysely<Database>,
  given: { meter_id: string; afterSequence: number; notBefore: Date; limit: number },
): Promise<RawReading[]> {
  const rows = await db.selectFrom("raw_reading").selectAll()
    .where("meter_id", "=", given.meter_id)
    .where("read_at", ">=", given.notBefore)
    .where("journal_sequence", ">", given.afterSequence)
    .orderBy("read_at", "desc").orderBy("obis").limit(given.limit).execute();
  return rows.filter((row) => row.read_at.getTime() === rows[0]!.read_at.getTime());
}
