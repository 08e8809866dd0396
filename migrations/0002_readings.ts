/** Readings as they arrived, and how far the ledger has projected the journal. */
import { type Kysely, sql } from "../streams/database/kysely.ts";

const STATEMENTS = [
  // No reference to `meter`: a reading that arrives before its meter's row is kept, not refused.
  sql`
    create table raw_reading (
      meter_id text not null,
      obis text not null,
      read_at timestamptz not null,
      value bigint not null,
      unit text not null,
      source text not null check (source in ('frame', 'import')),
      flags jsonb not null check (jsonb_typeof(flags) = 'array'),
      frame_sequence bigint check (frame_sequence > 0),
      journal_sequence bigint check (journal_sequence > 0),
      arrived_at timestamptz,
      sealed_at timestamptz,
      second_found_s bigint,
      trials integer check (trials > 0),
      clock_quality smallint check (clock_quality between 0 and 3),
      primary key (meter_id, obis, read_at)
    )`,
  sql`
    create function refuse_change() returns trigger language plpgsql as $$
    begin
      raise exception '% rows are never changed or removed', tg_table_name
        using errcode = 'restrict_violation';
    end $$`,
  sql`
    create trigger raw_reading_immutable before update or delete on raw_reading
      for each row execute function refuse_change()`,
  sql`
    create table ledger_cursor (
      stream text primary key,
      sequence bigint not null check (sequence >= 0)
    )`,
  sql`insert into ledger_cursor (stream, sequence) values ('JOURNAL', 0)`,
  // A cursor that goes back would project the same records again.
  sql`
    create function refuse_cursor_back() returns trigger language plpgsql as $$
    begin
      if new.sequence < old.sequence then
        raise exception 'ledger cursor of % would go back from % to %',
          old.stream, old.sequence, new.sequence using errcode = 'restrict_violation';
      end if;
      return new;
    end $$`,
  sql`
    create trigger ledger_cursor_forward before update on ledger_cursor
      for each row execute function refuse_cursor_back()`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await statement.execute(db);
}
