/** Meters as people look at them. */
import { type Account, type Consumer, findAccount, findConsumer } from "./consumers.ts";
import { type Kysely, type Selectable, sql } from "./kysely.ts";
import { findMeter, type Installation, installationsOf, type Meter } from "./meters.ts";
import { ENERGY, latestReading, type RawReading } from "./readings.ts";
import type { Database, SlaveTable } from "./schema.ts";

/** One line of a list. */
export interface MeterLine {
  readonly meter_id: string;
  readonly slave_id: string;
  readonly alias: number;
  readonly account_id: string | null;
  readonly consumer_number: string | null;
  readonly name: string | null;
  readonly last_read_at: Date | null;
  /** Energy register in watt-hours. */
  readonly last_value_wh: number | null;
}

/** Meters by their names, at most `limit`, behind `after`; of one slave where `slave_id` is given. */
export async function listMeters(
  db: Kysely<Database>,
  given: { readonly after?: string; readonly slave_id?: string; readonly limit: number },
): Promise<MeterLine[]> {
  const { after = "", slave_id = null, limit } = given;
  const { rows } = await sql<MeterLine>`
    select meter.meter_id, meter.slave_id, meter.alias, account.account_id,
      account.consumer_number, consumer.name, last.read_at as last_read_at,
      last.value as last_value_wh
    from meter
    left join installation on installation.meter_id = meter.meter_id
      and installation.removed_at is null
    left join account on account.account_id = installation.account_id
    left join consumer on consumer.consumer_number = account.consumer_number
    left join lateral (
      select read_at, value from raw_reading
      where raw_reading.meter_id = meter.meter_id and obis = ${ENERGY}
      order by read_at desc limit 1
    ) as last on true
    where meter.meter_id > ${after} and (${slave_id}::text is null or meter.slave_id = ${slave_id})
    order by meter.meter_id limit ${limit}`.execute(db);
  return rows;
}

export interface MeterView {
  readonly meter: Meter;
  readonly installations: readonly Installation[];
  /** Of the installation that stands. */
  readonly account: Account | undefined;
  readonly consumer: Consumer | undefined;
  readonly latest: RawReading | undefined;
  readonly slave: Selectable<SlaveTable> | undefined;
}

/** All that the database knows of a meter now, or undefined where it knows none of that name. */
export async function showMeter(
  db: Kysely<Database>,
  meter_id: string,
): Promise<MeterView | undefined> {
  const meter = await findMeter(db, meter_id);
  if (meter === undefined) return undefined;
  const installations = await installationsOf(db, meter_id);
  const live = installations.find(({ removed_at }) => removed_at === null);
  const account = live && await findAccount(db, live.account_id);
  const consumer = account && await findConsumer(db, account.consumer_number);
  const latest = await latestReading(db, meter_id);
  const slave = await db.selectFrom("slave").selectAll()
    .where("slave_id", "=", meter.slave_id).executeTakeFirst();
  return { meter, installations, account, consumer, latest, slave };
}
