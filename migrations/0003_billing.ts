/** Tariffs as they were used, billing cycles, invoices and their lines, numbers without gaps. */
import { type Kysely, sql } from "../streams/database/kysely.ts";

const PERIOD = sql.raw(`'^[0-9]{4}-(0[1-9]|1[0-2])$'`);

const TABLES = [
  sql`
    create table tariff (
      tariff_id text not null,
      effective_from date not null,
      effective_to date check (effective_to >= effective_from),
      document jsonb not null,
      primary key (tariff_id, effective_from)
    )`,
  sql`
    create table billing_cycle (
      cycle_id bigint generated always as identity primary key,
      account_id text not null references account,
      period text not null check (period ~ ${PERIOD}),
      state text not null check (
        state in ('imported', 'awaiting_reading', 'ready', 'issued', 'void', 'parked')
      ),
      reason text,
      from_date date,
      to_date date check (to_date >= from_date),
      opening_wh bigint check (opening_wh >= 0),
      closing_wh bigint check (closing_wh >= 0),
      closing_read_at timestamptz,
      meter_id text references meter,
      units_kwh bigint check (units_kwh >= 0),
      requested_at timestamptz,
      created_at timestamptz not null default now(),
      check (state <> 'parked' or reason is not null)
    )`,
  // Two runs at once, on any machines: one of them creates the cycle.
  sql`
    create unique index billing_cycle_live on billing_cycle (account_id, period)
      where state <> 'void'`,
  sql`create index billing_cycle_state on billing_cycle (period, state)`,
  sql`
    create table invoice (
      invoice_id bigint generated always as identity primary key,
      number text not null unique,
      account_id text not null references account,
      period text not null check (period ~ ${PERIOD}),
      cycle_id bigint not null references billing_cycle,
      state text not null check (state in ('issued', 'void')),
      issued_at timestamptz not null,
      due_on date not null,
      total_paise bigint not null,
      rounding_paise bigint not null,
      payable_paise bigint not null,
      inputs jsonb not null,
      void_reason text,
      written_in xid8 not null default pg_current_xact_id(),
      check (payable_paise = total_paise + rounding_paise),
      check ((state = 'void') = (void_reason is not null and void_reason <> ''))
    )`,
  sql`
    create unique index invoice_live on invoice (account_id, period)
      where state = 'issued'`,
  sql`create index invoice_cycle on invoice (cycle_id)`,
  sql`
    create table invoice_line (
      invoice_id bigint not null references invoice,
      position integer not null check (position >= 0),
      code text not null check (code <> ''),
      description text not null,
      units numeric,
      rate bigint,
      amount_paise bigint not null,
      primary key (invoice_id, position)
    )`,
  sql`
    create table invoice_series (
      series text primary key,
      last_number bigint not null check (last_number >= 0)
    )`,
];

const GUARDS = [
  // Everything but the state and its reason must stay; and only issued -> void.
  sql`
    create function guard_invoice() returns trigger language plpgsql as $$
    begin
      if old.state = 'issued' and new.state = 'void'
        and to_jsonb(new) - 'state' - 'void_reason' = to_jsonb(old) - 'state' - 'void_reason'
      then
        return new;
      end if;
      raise exception 'invoice % is issued: void it with a reason and issue a new one', old.number
        using errcode = 'restrict_violation';
    end $$`,
  sql`
    create trigger invoice_immutable before update on invoice
      for each row execute function guard_invoice()`,
  sql`
    create trigger invoice_kept before delete on invoice
      for each row execute function refuse_change()`,
  sql`
    create trigger invoice_line_immutable before update or delete on invoice_line
      for each row execute function refuse_change()`,
  // A line added later would change a bill that the customer already has.
  sql`
    create function guard_invoice_line() returns trigger language plpgsql as $$
    begin
      if exists (
        select 1 from invoice
          where invoice_id = new.invoice_id and written_in <> pg_current_xact_id()
      ) then
        raise exception 'invoice % is issued: its lines are written in its own transaction only',
          new.invoice_id using errcode = 'restrict_violation';
      end if;
      return new;
    end $$`,
  sql`
    create trigger invoice_line_with_invoice before insert on invoice_line
      for each row execute function guard_invoice_line()`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [...TABLES, ...GUARDS]) await statement.execute(db);
}
