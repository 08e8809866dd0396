/** What has come since the sweep was here last, by the journal's sequence. */
import { CONSUMER_REGISTER } from "../../protocol/iec62056/obis.ts";
import { sql, type Transaction } from "../database/kysely.ts";
import { ENERGY } from "../database/readings.ts";
import type { Database } from "../database/schema.ts";

/** One new energy reading, as little of it as the rules need. */
export interface NewReading {
  readonly meter_id: string;
  readonly read_at_ms: number;
  readonly value: number;
  readonly arrived_at_ms: number | null;
  /** JSON text, `[]` as a rule. */
  readonly flags: string;
}

export interface NewReadings {
  /** Oldest first. */
  readonly readings: NewReading[];
  /** The readings that came with a consumer number, as `tellingKey()` has them. */
  readonly telling: ReadonlySet<string>;
}

export const tellingKey = (reading: Pick<NewReading, "meter_id" | "read_at_ms">) =>
  `${reading.meter_id} ${reading.read_at_ms}`;

/** The energy readings with a journal sequence above `after` and up to `through`. */
export async function newReadings(
  trx: Transaction<Database>,
  after: number,
  through: number,
): Promise<NewReadings> {
  // New months have no statistics yet, and without them a whole month may seem cheaper to read.
  await sql`set local enable_seqscan = off`.execute(trx);
  const { rows } = await sql<NewReading & { readonly obis: string }>`
    select meter_id, obis, (extract(epoch from read_at) * 1000)::float8 as read_at_ms, value,
      (extract(epoch from arrived_at) * 1000)::float8 as arrived_at_ms, flags::text as flags
    from raw_reading
    where journal_sequence > ${after} and journal_sequence <= ${through}
      and obis in (${ENERGY}, ${CONSUMER_REGISTER})`.execute(trx);
  const telling = new Set(
    rows.filter(({ obis }) => obis === CONSUMER_REGISTER).map(tellingKey),
  );
  const readings = rows.filter(({ obis }) => obis === ENERGY);
  readings.sort((a, b) => a.read_at_ms - b.read_at_ms);
  return { readings, telling };
}

/** Takes out at most `limit` readings that came by no journal, oldest first of each meter. */
export async function takeUnvalidated(
  trx: Transaction<Database>,
  limit: number,
): Promise<NewReading[]> {
  const { rows } = await sql<NewReading>`
    with taken as (
      delete from reading_unvalidated where (meter_id, obis, read_at) in (
        select meter_id, obis, read_at from reading_unvalidated
        order by meter_id, obis, read_at limit ${limit} for update skip locked
      ) returning meter_id, obis, read_at
    )
    select meter_id, (extract(epoch from read_at) * 1000)::float8 as read_at_ms, raw.value,
      (extract(epoch from raw.arrived_at) * 1000)::float8 as arrived_at_ms, raw.flags::text as flags
    from taken join raw_reading as raw using (meter_id, obis, read_at)`.execute(trx);
  return rows.sort((a, b) => a.read_at_ms - b.read_at_ms);
}
