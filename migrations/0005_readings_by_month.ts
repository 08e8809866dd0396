/**
 * Readings in one table a month, behind the one name `raw_reading`: a month's key stays small enough
 * to be written in memory, and an old month can be detached and kept elsewhere. A month's table is
 * made by whoever writes its first reading, through `make_reading_month()`.
 */
import { type Kysely, sql } from "../streams/database/kysely.ts";

const STATEMENTS = [
  sql`alter table raw_reading rename to raw_reading_before`,
  sql`alter table raw_reading_before rename constraint raw_reading_pkey to raw_reading_before_pkey`,
  sql`
    create table raw_reading (
      like raw_reading_before including defaults including constraints,
      primary key (meter_id, obis, read_at)
    ) partition by range (read_at)`,
  sql`
    create trigger raw_reading_immutable before update or delete on raw_reading
      for each row execute function refuse_change()`,
  // What no month's table is made for; nothing is refused for its time.
  sql`create table raw_reading_other partition of raw_reading default`,
  // Months of UTC. Readings of the month that lie in raw_reading_other move with it, in the same
  // transaction: a default partition may not hold what a new one is for.
  sql`
    create function make_reading_month(of timestamptz) returns void language plpgsql as $$
    declare
      begins timestamp := date_trunc('month', of at time zone 'UTC');
      ends timestamp := begins + interval '1 month';
      name text := 'raw_reading_' || to_char(begins, 'YYYY_MM');
      patience text := current_setting('lock_timeout');
    begin
      if begins < '2020-01-01' or begins >= '2100-01-01' then return; end if;
      if to_regclass(name) is not null then return; end if;
      -- One at a time; who waited finds that it is there. Who waits holds up every reader behind it:
      -- while a backup has the table, readings go to raw_reading_other, and are moved another time.
      begin
        perform set_config('lock_timeout', '50ms', true);
        lock table raw_reading in access exclusive mode;
      exception when lock_not_available then
        return; -- The patience of before comes back with it.
      end;
      perform set_config('lock_timeout', patience, true);
      if to_regclass(name) is not null then return; end if;
      execute format('create table %I (like raw_reading including defaults including constraints,
        primary key (meter_id, obis, read_at))', name);
      alter table raw_reading_other disable trigger raw_reading_immutable;
      execute format('with moved as (delete from raw_reading_other
        where read_at >= %L and read_at < %L returning *) insert into %I select * from moved',
        begins at time zone 'UTC', ends at time zone 'UTC', name);
      alter table raw_reading_other enable trigger raw_reading_immutable;
      execute format('alter table raw_reading attach partition %I for values from (%L) to (%L)',
        name, begins at time zone 'UTC', ends at time zone 'UTC');
    end $$`,
  sql`
    select make_reading_month(read_at)
    from (select distinct on (date_trunc('month', read_at at time zone 'UTC')) read_at
      from raw_reading_before) as months`,
  sql`insert into raw_reading select * from raw_reading_before`,
  sql`drop table raw_reading_before`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await statement.execute(db);
}
