/**
 * What was decided about readings: the layer over `raw_reading`, which itself never changes. A
 * reading without a decision is as measured and usable; of several decisions the latest counts.
 */
import { type Kysely, sql } from "../streams/database/kysely.ts";

const TABLES = [
  sql`
    create table reading_decision (
      decision_id bigint generated always as identity primary key,
      meter_id text not null,
      obis text not null,
      read_at timestamptz not null,
      status text not null check (status in ('quarantined', 'accepted', 'rejected')),
      quality text not null
        check (quality in ('measured', 'estimated', 'substituted', 'edited')),
      value bigint,
      rule text not null check (rule <> ''),
      detail text not null,
      decided_by text not null check (decided_by <> ''),
      reason text,
      decided_at timestamptz not null default now(),
      check ((status = 'accepted') = (value is not null)),
      check (rule <> 'person' or reason <> '')
    )`,
  sql`
    create index reading_decision_latest
      on reading_decision (meter_id, obis, read_at, decision_id desc)`,
  // What waits for a person, newest last, is a small part of what was ever decided.
  sql`
    create index reading_decision_quarantined on reading_decision (decision_id)
      where status = 'quarantined'`,
  sql`
    create trigger reading_decision_immutable before update or delete on reading_decision
      for each row execute function refuse_change()`,
  // A second value for a moment that has one: the first one stays in raw_reading, this one here.
  sql`
    create table reading_conflict (
      meter_id text not null,
      obis text not null,
      read_at timestamptz not null,
      value bigint not null,
      kept bigint not null,
      journal_sequence bigint not null check (journal_sequence > 0),
      seen_at timestamptz not null default now(),
      primary key (meter_id, obis, read_at, value)
    )`,
  sql`
    create trigger reading_conflict_immutable before update or delete on reading_conflict
      for each row execute function refuse_change()`,
];

const LATEST = sql.raw(`
  select decision.* from reading_decision as decision
  where not exists (
    select 1 from reading_decision as later
    where later.meter_id = decision.meter_id and later.obis = decision.obis
      and later.read_at = decision.read_at and later.decision_id > decision.decision_id
  )`);

const VIEWS = [
  sql`create view latest_reading_decision as ${LATEST}`,
  // Every reading as billing may see it: what was measured with what was decided about it, and what
  // was put in the place of a reading that never came.
  sql`
    create view validated_reading as
    select raw.meter_id, raw.obis, raw.read_at,
      case when decision.status = 'accepted' then decision.value else raw.value end as value,
      coalesce(decision.quality, 'measured') as quality,
      coalesce(decision.status, 'accepted') = 'accepted' as usable,
      coalesce(decision.status, 'accepted') as status,
      decision.rule, decision.detail, decision.decided_by, decision.reason, decision.decided_at,
      raw.value as raw_value, raw.unit, raw.source, raw.flags, raw.arrived_at, raw.journal_sequence
    from raw_reading as raw
    left join lateral (
      select * from reading_decision as one
      where one.meter_id = raw.meter_id and one.obis = raw.obis and one.read_at = raw.read_at
      order by one.decision_id desc limit 1
    ) as decision on true
    union all
    select decision.meter_id, decision.obis, decision.read_at, decision.value, decision.quality,
      decision.status = 'accepted', decision.status, decision.rule, decision.detail,
      decision.decided_by, decision.reason, decision.decided_at,
      null, 'Wh', 'decision', '[]'::jsonb, null, null
    from latest_reading_decision as decision
    where not exists (
      select 1 from raw_reading as raw
      where raw.meter_id = decision.meter_id and raw.obis = decision.obis
        and raw.read_at = decision.read_at
    )`,
];

const COLUMNS = [
  // Digits before the point on the register's display: where it begins anew. Null: not known.
  sql`
    alter table meter
      add column register_digits smallint check (register_digits between 3 and 12)`,
  sql`
    alter table billing_cycle
      add column parked_reading_at timestamptz,
      add column parked_rule text`,
  sql`
    create index billing_cycle_parked_reading on billing_cycle (meter_id)
      where state = 'parked' and parked_reading_at is not null`,
  // How far the sweep is, by the journal, and a summary by which it finds what is new: a block range
  // costs the ledger next to nothing to keep, a tree would cost it a tenth.
  sql`
    create table validation_cursor (
      stream text primary key,
      sequence bigint not null check (sequence >= 0)
    )`,
  sql`insert into validation_cursor (stream, sequence) values ('JOURNAL', 0)`,
  // Readings that came by no journal, until the sweep has seen them.
  sql`
    create table reading_unvalidated (
      meter_id text not null,
      obis text not null,
      read_at timestamptz not null,
      primary key (meter_id, obis, read_at)
    )`,
  sql`
    create trigger validation_cursor_forward before update on validation_cursor
      for each row execute function refuse_cursor_back()`,
  // Billing asks whether a register went back within a cycle, and reads no month of readings for it.
  sql`
    create index raw_reading_went_back on raw_reading (meter_id, read_at)
      where flags @> '["register_went_back"]'::jsonb`,
  sql`
    create index raw_reading_journal on raw_reading using brin (journal_sequence)
      with (pages_per_range = 32, autosummarize = on)`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [...TABLES, ...VIEWS, ...COLUMNS]) await statement.execute(db);
}
