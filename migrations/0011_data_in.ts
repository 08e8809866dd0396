/**
 * Files on their way in: rows are laid here part by part, looked at together, and taken in one
 * transaction or not at all. What is here is nobody's yet: it goes when its import ends.
 */
import { type Kysely, sql } from "../streams/database/kysely.ts";

const STATEMENTS = [
  // Whose meter was it then: asked of every reading that is exported or imported.
  sql`create index installation_meter on installation (meter_id, installed_at)`,
  sql`
    create table data_import (
      import_id bigint generated always as identity primary key,
      kind text not null check (kind in ('consumers', 'meters', 'installations', 'readings')),
      opened_at timestamptz not null default now(),
      taken_at timestamptz
    )`,
  sql`
    create table data_import_row (
      import_id bigint not null references data_import on delete cascade,
      line integer not null check (line > 1),
      content jsonb not null,
      alias bigint,
      looked_up boolean not null default false,
      primary key (import_id, line)
    )`,
  sql`
    create table data_import_fault (
      fault_id bigint generated always as identity,
      import_id bigint not null references data_import on delete cascade,
      line integer not null,
      field text,
      reason text not null,
      primary key (import_id, fault_id)
    )`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await statement.execute(db);
}
