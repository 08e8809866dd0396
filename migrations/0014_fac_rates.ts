/** Fuel adjustment (FAC), as it was published month by month: the latest version of a month counts. */
import { type Kysely, sql } from "../streams/database/kysely.ts";

const STATEMENTS = [
  sql`
    create table fac_rate (
      fac_id bigint generated always as identity primary key,
      tariff_id text not null check (tariff_id <> ''),
      month text not null check (month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
      rates jsonb not null check (jsonb_typeof(rates) = 'array'),
      source text not null check (source <> ''),
      set_by text not null check (set_by <> ''),
      reason text not null check (reason <> ''),
      set_at timestamptz not null default now()
    )`,
  sql`create index fac_rate_latest on fac_rate (tariff_id, month, fac_id desc)`,
  sql`
    create trigger fac_rate_immutable before update or delete on fac_rate
      for each row execute function refuse_change()`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await statement.execute(db);
}
