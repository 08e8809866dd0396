/** Who is billed, for which account, by which meter. */
import { type Kysely, sql } from "../streams/database/kysely.ts";

const STATEMENTS = [
  sql`
    create table consumer (
      consumer_number text primary key check (consumer_number ~ '^.{1,32}$'),
      name text not null check (name <> ''),
      address text not null,
      phone text check (phone ~ '^[+][1-9][0-9]{6,14}$'),
      email text check (email ~ '^[^@[:space:]]+@[^@[:space:]]+$'),
      language text not null check (language in ('en', 'mr')),
      created_at timestamptz not null default now()
    )`,
  sql`
    create table account (
      account_id text primary key check (account_id ~ '^[A-Za-z0-9_-]{1,32}$'),
      consumer_number text not null references consumer,
      tariff_id text not null,
      phase smallint not null check (phase in (1, 3)),
      municipal boolean not null,
      sanctioned_load_w bigint not null check (sanctioned_load_w >= 0),
      status text not null check (status in ('active', 'closed')),
      opened_on date not null,
      created_at timestamptz not null default now()
    )`,
  sql`create index account_consumer on account (consumer_number)`,
  sql`
    create table meter (
      meter_id text primary key check (meter_id ~ '^[A-Za-z0-9_-]{1,32}$'),
      serial_number text not null,
      slave_id text not null check (slave_id ~ '^[A-Za-z0-9_-]{1,32}$'),
      alias bigint not null unique check (alias between 0 and 4294967295),
      created_at timestamptz not null default now()
    )`,
  sql`create index meter_slave on meter (slave_id)`,
  sql`
    create table installation (
      installation_id bigint generated always as identity primary key,
      account_id text not null references account,
      meter_id text not null references meter,
      premises text not null,
      installed_at timestamptz not null,
      removed_at timestamptz check (removed_at > installed_at),
      multiplying_factor numeric not null check (multiplying_factor > 0),
      opening_reading_wh bigint not null check (opening_reading_wh >= 0)
    )`,
  sql`create index installation_account on installation (account_id)`,
  // A meter hangs on one wall at a time.
  sql`create unique index installation_live on installation (meter_id) where removed_at is null`,
  sql`
    create table slave (
      slave_id text primary key,
      last_seen_at timestamptz not null,
      report jsonb not null
    )`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await statement.execute(db);
}
