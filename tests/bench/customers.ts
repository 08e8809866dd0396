/** Customers with a meter each at 990 kWh, made inside PostgreSQL, for benches in which nobody is billed. */
import { type Kysely, sql } from "../../streams/database/kysely.ts";
import type { Database } from "../../streams/database/schema.ts";

export interface Customers {
  /** The numbers of the first and the last one. */
  readonly first: number;
  readonly last: number;
  /** What a meter's id is made of: this word, and the number with so many digits at least. */
  readonly meter: { readonly word: string; readonly digits: number };
  readonly installed_at: Date;
}

/** One consumer, account, meter and installation a number. The load is 3 kW. */
export async function addCustomers(db: Kysely<Database>, given: Customers): Promise<void> {
  const { first, last, meter: { word, digits }, installed_at } = given;
  const numbers = sql`generate_series(${sql.lit(first)}::int, ${sql.lit(last)}::int) as n`;
  const meterId = sql`${sql.lit(word)} || lpad(n::text, greatest(${
    sql.lit(digits)
  }, length(n::text)),
    '0')`;
  await sql`
    insert into consumer (consumer_number, name, address, language)
    select 'C' || n, 'c', 'a', 'en' from ${numbers}`.execute(db);
  await sql`
    insert into account (account_id, consumer_number, tariff_id, phase, municipal,
      sanctioned_load_w, status, opened_on)
    select 'A' || n, 'C' || n, 'msedcl-lt-1b', 1, false, 3000, 'active', '2020-01-01'
    from ${numbers}`.execute(db);
  await sql`
    insert into meter (meter_id, serial_number, slave_id, alias)
    select ${meterId}, 's', 'SL1', n from ${numbers}`.execute(db);
  await sql`
    insert into installation (account_id, meter_id, premises, installed_at, multiplying_factor,
      opening_reading_wh)
    select 'A' || n, ${meterId}, 'p', ${installed_at}, 1, 990000 from ${numbers}`.execute(db);
}
