/** Readings as billing and people ask for them. */
import { type Kysely, type Selectable, sql } from "./kysely.ts";
import type { Database, RawReadingTable } from "./schema.ts";

export type RawReading = Selectable<RawReadingTable>;

/** Active energy imported, total: the register that bills are made of (IEC 62056-61). */
export const ENERGY = "1-0:1.8.0";

/** The readings of one register of one meter, for a query that goes on. */
function readingsOf(db: Kysely<Database>, meter_id: string, obis: string) {
  return db.selectFrom("raw_reading").selectAll()
    .where("meter_id", "=", meter_id).where("obis", "=", obis);
}

/** The latest reading of `obis` by its own time, or undefined where there is none. */
export async function latestReading(
  db: Kysely<Database>,
  meter_id: string,
  obis = ENERGY,
): Promise<RawReading | undefined> {
  return await readingsOf(db, meter_id, obis).orderBy("read_at", "desc").limit(1)
    .executeTakeFirst();
}

/** The last reading at or before `at`. */
export async function readingAtOrBefore(
  db: Kysely<Database>,
  meter_id: string,
  at: Date,
  obis = ENERGY,
): Promise<RawReading | undefined> {
  return await readingsOf(db, meter_id, obis).where("read_at", "<=", at)
    .orderBy("read_at", "desc").limit(1).executeTakeFirst();
}

/** The first reading at or after `at`. */
export async function readingAtOrAfter(
  db: Kysely<Database>,
  meter_id: string,
  at: Date,
  obis = ENERGY,
): Promise<RawReading | undefined> {
  return await readingsOf(db, meter_id, obis).where("read_at", ">=", at)
    .orderBy("read_at", "asc").limit(1).executeTakeFirst();
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

export interface MonthlyReading {
  /** Month in Indian time, `YYYY-MM`. */
  readonly month: string;
  readonly read_at: Date;
  readonly value: number;
}

/** The last reading of each month in Indian time, newest month first, at most `months` of them. */
export async function monthlyReadings(
  db: Kysely<Database>,
  meter_id: string,
  months = 13,
  obis = ENERGY,
): Promise<MonthlyReading[]> {
  const { rows } = await sql<MonthlyReading>`
    select distinct on (month) to_char(read_at at time zone 'Asia/Kolkata', 'YYYY-MM') as month,
      read_at, value
    from raw_reading where meter_id = ${meter_id} and obis = ${obis}
    order by month desc, read_at desc
    limit ${months}`.execute(db);
  return rows;
}
