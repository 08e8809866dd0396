/**
 * Customers, meters, a year of history and readings for the billing bench, made inside PostgreSQL:
 * what is measured is billing them, not typing them in.
 */
import { boundsOf, periodBefore } from "../../../actors/billing/calendar.ts";
import { type Kysely, sql } from "../../../streams/database/kysely.ts";
import { ENERGY } from "../../../streams/database/readings.ts";
import type { Database } from "../../../streams/database/schema.ts";

/** Readings of a meter in the months that are billed: one every six days, and the last one closes. */
const READINGS_A_MONTH = 5;
const HISTORY_MONTHS = 12;
const QUARTER_MS = 15 * 60_000;
/** Three kWh to twenty a day: from the first slab to the last but one. */
const WH_A_DAY = sql`(3000 + (i * 7919) % 17000)`;

export interface Population {
  readonly accounts: number;
  /** The months that will be billed, oldest first. */
  readonly periods: readonly string[];
}

const nameOf = (letter: string, i = sql`i`) => sql`${sql.lit(letter)} || lpad(${i}::text, 8, '0')`;

/** `accounts` customers with a meter each, twelve billed months behind them, readings since. */
export async function populate(db: Kysely<Database>, given: Population): Promise<void> {
  const { accounts, periods } = given;
  const start_ms = boundsOf(periods[0]!).start_ms;
  const installed = new Date(boundsOf(monthsBefore(periods[0]!, HISTORY_MONTHS)).start_ms);
  const series = sql`generate_series(1, ${sql.lit(accounts)}::int) as i`;
  await sql`
    insert into consumer (consumer_number, name, address, phone, email, language)
    select ${
    nameOf("C")
  }, 'Consumer ' || i, 'Flat ' || i % 90 || ', Ward ' || i % 40 || ', Pune 4110'
        || lpad((i % 60)::text, 2, '0'),
      '+91' || (9000000000 + i), 'consumer' || i || '@example.org',
      case when i % 3 = 0 then 'mr' else 'en' end
    from ${series}`.execute(db);
  await sql`
    insert into account (account_id, consumer_number, tariff_id, phase, municipal,
      sanctioned_load_w, status, opened_on)
    select ${nameOf("A")}, ${nameOf("C")}, 'msedcl-lt-1b', case when i % 10 = 0 then 3 else 1 end,
      false, 5000, 'active', '2024-01-01' from ${series}`.execute(db);
  await sql`
    insert into meter (meter_id, serial_number, slave_id, alias)
    select ${nameOf("M")}, 'S' || i, 'SL' || i % 1000, i from ${series}`.execute(db);
  await sql`
    insert into installation (account_id, meter_id, premises, installed_at, multiplying_factor,
      opening_reading_wh)
    select ${nameOf("A")}, ${nameOf("M")}, 'Pune', ${installed}, 1, 0 from ${series}`.execute(db);
  await sql`select make_reading_month(at) from generate_series(
    ${new Date(start_ms)}::timestamptz - interval '13 months',
    ${new Date(boundsOf(periods.at(-1)!).end_ms)}::timestamptz, interval '1 month') as at`
    .execute(db);
  await history(db, accounts, periods[0]!, installed);
  for (const period of periods) await readings(db, accounts, period, installed);
  // As on any day: validation has seen what the month ends with.
  await sql`update validation_cursor set sequence = ${accounts}`.execute(db);
  await sql`vacuum analyze`.execute(db);
}

/** What a register stood at: the same use every day, so that no month is out of the ordinary. */
const registerAt = (at: ReturnType<typeof sql>, installed: Date) =>
  sql`(extract(epoch from (${at} - ${installed}::timestamptz)) * ${WH_A_DAY} / 86400)::bigint`;

async function history(db: Kysely<Database>, accounts: number, first: string, installed: Date) {
  for (let months = HISTORY_MONTHS; months > 0; months--) {
    const period = monthsBefore(first, months);
    const { end_ms } = boundsOf(period);
    const end = sql`${new Date(end_ms - QUARTER_MS)}::timestamptz`;
    await sql`
      insert into raw_reading (meter_id, obis, read_at, value, unit, source, flags)
      select ${nameOf("M")}, ${ENERGY}, ${end}, ${registerAt(end, installed)}, 'Wh', 'import', '[]'
      from generate_series(1, ${sql.lit(accounts)}::int) as i`.execute(db);
    await sql`
      insert into billing_cycle (account_id, period, state, from_date, to_date, opening_wh,
        closing_wh, closing_read_at, meter_id, units_kwh)
      select ${nameOf("A")}, ${period}, 'imported', ${`${period}-01`}::date,
        (${`${period}-01`}::date + interval '1 month')::date, 0,
        ${registerAt(end, installed)}, ${end}, ${nameOf("M")}, (${WH_A_DAY} * 30 / 1000)::bigint
      from generate_series(1, ${sql.lit(accounts)}::int) as i`.execute(db);
  }
}

async function readings(db: Kysely<Database>, accounts: number, period: string, installed: Date) {
  const { end_ms } = boundsOf(period);
  const at = sql`(${new Date(end_ms - QUARTER_MS)}::timestamptz - k * interval '6 days')`;
  await sql`
    insert into raw_reading (meter_id, obis, read_at, value, unit, source, flags, frame_sequence,
      journal_sequence, arrived_at, sealed_at, second_found_s, trials, clock_quality)
    select ${nameOf("M")}, ${ENERGY}, ${at}, ${registerAt(at, installed)}, 'Wh', 'frame', '[]',
      i, i, ${at} + interval '200 ms', ${at} + interval '100 ms', extract(epoch from ${at})::bigint,
      1, 3
    from generate_series(1, ${sql.lit(accounts)}::int) as i,
      generate_series(0, ${sql.lit(READINGS_A_MONTH - 1)}) as k`.execute(db);
}

/**
 * `meters` customers more, Y00000001 and up, with a reading every 15 minutes for the twelve months
 * before `period` and none of them billed: returns those months, oldest first.
 */
export async function populateYear(
  db: Kysely<Database>,
  meters: number,
  period: string,
): Promise<string[]> {
  const periods = Array.from(
    { length: HISTORY_MONTHS },
    (_, i) => monthsBefore(period, HISTORY_MONTHS - i),
  );
  const installed = new Date(boundsOf(periods[0]!).start_ms);
  const series = sql`generate_series(1, ${sql.lit(meters)}::int) as i`;
  const names = [nameOf("Y"), nameOf("Z")] as const;
  await sql`
    insert into consumer (consumer_number, name, address, phone, email, language)
    select ${names[0]}, 'Consumer Y' || i, 'Nagpur', '+91' || (8000000000 + i),
      'y' || i || '@example.org', 'en' from ${series}`.execute(db);
  await sql`
    insert into account (account_id, consumer_number, tariff_id, phase, municipal,
      sanctioned_load_w, status, opened_on)
    select ${names[0]}, ${names[0]}, 'msedcl-lt-1b', 1, false, 5000, 'active', '2024-01-01'
    from ${series}`.execute(db);
  await sql`
    insert into meter (meter_id, serial_number, slave_id, alias)
    select ${names[1]}, 'S' || i, 'SL' || i % 1000, 3000000000 + i from ${series}`.execute(db);
  await sql`
    insert into installation (account_id, meter_id, premises, installed_at, multiplying_factor,
      opening_reading_wh)
    select ${names[0]}, ${names[1]}, 'Nagpur', ${installed}, 1, 0 from ${series}`.execute(db);
  for (const month of periods) await quarters(db, meters, month, installed);
  await sql`vacuum analyze`.execute(db);
  return periods;
}

/** In the order in which a head-end writes them: all meters of one moment, then the next moment. */
async function quarters(db: Kysely<Database>, meters: number, period: string, installed: Date) {
  const { start_ms, end_ms } = boundsOf(period);
  const [first, last] = [new Date(start_ms + QUARTER_MS), new Date(end_ms - QUARTER_MS)];
  await sql`
    insert into raw_reading (meter_id, obis, read_at, value, unit, source, flags, frame_sequence,
      journal_sequence, arrived_at, sealed_at, second_found_s, trials, clock_quality)
    select ${nameOf("Z")}, ${ENERGY}, at, ${registerAt(sql`at`, installed)}, 'Wh', 'frame', '[]',
      i, i, at + interval '200 ms', at + interval '100 ms', extract(epoch from at)::bigint, 1, 3
    from generate_series(${first}::timestamptz, ${last}::timestamptz, interval '15 minutes') as at,
      generate_series(1, ${sql.lit(meters)}::int) as i`.execute(db);
}

function monthsBefore(period: string, months: number): string {
  return months === 0 ? period : monthsBefore(periodBefore(period), months - 1);
}
