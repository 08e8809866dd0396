/**
 * Billing runs as rows: what was asked for, within which bounds, and how far it is. A run is cut into
 * pages of accounts; a page is done in one transaction, so that what stands after a crash is exactly
 * the pages that are done.
 */
import { type Kysely, sql } from "../streams/database/kysely.ts";

const PERIOD = sql.raw(`'^[0-9]{4}-(0[1-9]|1[0-2])$'`);

const STATEMENTS = [
  sql`
    create table billing_run (
      run_id bigint generated always as identity primary key,
      period text not null check (period ~ ${PERIOD}),
      state text not null check (state in ('running', 'halted', 'done')),
      requested_at timestamptz not null,
      requested_by text not null check (requested_by <> ''),
      bounds jsonb not null,
      accounts bigint not null check (accounts >= 0),
      looked bigint not null default 0,
      issued bigint not null default 0,
      drafts bigint not null default 0,
      parked bigint not null default 0,
      waiting bigint not null default 0,
      units_kwh bigint not null default 0,
      payable_paise bigint not null default 0,
      compared bigint not null default 0,
      compared_paise bigint not null default 0,
      before_paise bigint not null default 0,
      halted_reason text,
      created_at timestamptz not null default now(),
      finished_at timestamptz,
      check ((state = 'halted') = (halted_reason is not null)),
      check ((state = 'done') = (finished_at is not null))
    )`,
  // Who asks for a month twice joins the run that is under way.
  sql`create unique index billing_run_live on billing_run (period) where state <> 'done'`,
  sql`
    create table billing_run_page (
      run_id bigint not null references billing_run,
      page integer not null check (page >= 0),
      first_account text not null,
      last_account text not null check (last_account >= first_account),
      accounts integer not null check (accounts > 0),
      done_at timestamptz,
      primary key (run_id, page)
    )`,
  sql`create index billing_run_page_open on billing_run_page (run_id, page) where done_at is null`,
  // The live cycle of an account has an index; of void ones there are few.
  sql`
    create index billing_cycle_void on billing_cycle (account_id, period, cycle_id)
      where state = 'void'`,
  // A line added later would change a bill that the customer has: asked once a statement, not a line.
  sql`drop trigger invoice_line_with_invoice on invoice_line`,
  sql`
    create or replace function guard_invoice_line() returns trigger language plpgsql as $$
    declare
      issued bigint;
    begin
      select invoice.invoice_id into issued
        from (select distinct invoice_id from added) as lines
        join invoice on invoice.invoice_id = lines.invoice_id
        where invoice.written_in <> pg_current_xact_id() limit 1;
      if found then
        raise exception 'invoice % is issued: its lines are written in its own transaction only',
          issued using errcode = 'restrict_violation';
      end if;
      return null;
    end $$`,
  sql`
    create trigger invoice_line_with_invoice after insert on invoice_line
      referencing new table as added
      for each statement execute function guard_invoice_line()`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await statement.execute(db);
}
