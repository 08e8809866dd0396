/**
 * What customers owe and have paid: entries that sum to the balance of their account.
 *
 * The entry of an invoice, of a payment and of a credit note is written by the database itself, in the
 * statement that writes the thing: nothing that is owed or paid can be without its entry, whoever
 * writes it. Nothing here is ever changed; what was wrong is reversed, and an entry once at most.
 */
import { type Kysely, sql } from "../streams/database/kysely.ts";

const TABLES = [
  // A bill made anew names the void one whose place it takes.
  sql`alter table invoice add column replaces text references invoice (number)`,
  sql`create unique index invoice_replaces on invoice (replaces) where replaces is not null`,
  sql`
    create table payment (
      payment_id bigint generated always as identity primary key,
      account_id text not null references account,
      source text not null check (source ~ '^[a-z0-9][a-z0-9._-]{0,31}$'),
      reference text not null check (reference ~ '^[^[:cntrl:]]{1,64}$'),
      amount_paise bigint not null check (amount_paise > 0),
      paid_on date not null,
      method text not null check (
        method in ('cash', 'cheque', 'card', 'upi', 'netbanking', 'wallet', 'bank', 'other')
      ),
      note text,
      recorded_by text not null,
      recorded_at timestamptz not null default now(),
      constraint payment_once unique (source, reference)
    )`,
  sql`create index payment_account on payment (account_id, payment_id)`,
  sql`
    create table credit_note (
      credit_note_id bigint generated always as identity primary key,
      number text not null unique,
      invoice_id bigint not null references invoice,
      account_id text not null references account,
      amount_paise bigint not null check (amount_paise > 0),
      reason text not null check (reason <> ''),
      issued_by text not null,
      issued_at timestamptz not null default now()
    )`,
  sql`create index credit_note_invoice on credit_note (invoice_id)`,
  // Above zero the customer owes it; below, it was paid or credited.
  sql`
    create table account_entry (
      entry_id bigint generated always as identity,
      account_id text not null references account,
      at timestamptz not null default now(),
      value_date date not null,
      kind text not null check (
        kind in ('invoice', 'void', 'credit_note', 'payment', 'payment_reversal', 'late_charge',
          'adjustment', 'opening')
      ),
      amount_paise bigint not null,
      invoice_id bigint references invoice,
      payment_id bigint references payment,
      credit_note_id bigint references credit_note,
      reverses bigint,
      reference text not null,
      description text not null,
      primary key (account_id, entry_id),
      foreign key (account_id, reverses) references account_entry (account_id, entry_id),
      check ((kind in ('void', 'payment_reversal')) = (reverses is not null)),
      check (kind not in ('invoice', 'late_charge', 'credit_note') or invoice_id is not null),
      check ((kind in ('payment', 'payment_reversal')) = (payment_id is not null)),
      check (kind <> 'credit_note' or credit_note_id is not null),
      check (kind <> 'late_charge' or amount_paise > 0),
      check (kind not in ('adjustment', 'opening') or amount_paise <> 0)
    )`,
  sql`create unique index account_entry_invoice on account_entry (invoice_id) where kind = 'invoice'`,
  sql`
    create unique index account_entry_late_charge on account_entry (invoice_id)
      where kind = 'late_charge'`,
  sql`create unique index account_entry_payment on account_entry (payment_id) where kind = 'payment'`,
  sql`
    create unique index account_entry_credit_note on account_entry (credit_note_id)
      where kind = 'credit_note'`,
  // One opening balance an account, and one reversal an entry.
  sql`create unique index account_entry_opening on account_entry (account_id) where kind = 'opening'`,
  sql`
    create unique index account_entry_reversed on account_entry (account_id, reverses)
      where reverses is not null`,
  // What a bill that is made anew stands for.
  sql`create index invoice_void on invoice (account_id, period) where state = 'void'`,
  sql`create index invoice_due on invoice (due_on, invoice_id)`,
  // How far a sweep over due dates has come: moved in the transaction that writes what it found.
  sql`
    create table due_sweep (
      sweep text primary key,
      due_on date not null,
      invoice_id bigint not null
    )`,
  // A file that is larger than one message to the office, until it is taken.
  sql`
    create table upload_part (
      upload_id text not null check (upload_id ~ '^[A-Za-z0-9-]{8,64}$'),
      part integer not null check (part >= 0),
      content_base64 text not null,
      at timestamptz not null default now(),
      primary key (upload_id, part)
    )`,
];

const BOOKING = [
  sql`
    create function book_invoice() returns trigger language plpgsql as $$
    begin
      insert into account_entry
        (account_id, at, value_date, kind, amount_paise, invoice_id, reference, description)
      select account_id, issued_at, (issued_at at time zone interval '05:30')::date, 'invoice',
        payable_paise, invoice_id, number, 'bill for ' || period
      from written where state = 'issued' order by invoice_id;
      return null;
    end $$`,
  sql`
    create trigger invoice_booked after insert on invoice
      referencing new table as written for each statement execute function book_invoice()`,
  // With the bill goes what hangs on it: credit notes and the charge for paying late.
  sql`
    create function book_void() returns trigger language plpgsql as $$
    begin
      insert into account_entry
        (account_id, value_date, kind, amount_paise, invoice_id, credit_note_id, reverses, reference,
          description)
      select entry.account_id, (now() at time zone interval '05:30')::date, 'void',
        -entry.amount_paise, entry.invoice_id, entry.credit_note_id, entry.entry_id, entry.reference,
        'void: ' || written.void_reason
      from written
      join before on before.invoice_id = written.invoice_id and before.state = 'issued'
      join account_entry as entry on entry.account_id = written.account_id
        and entry.invoice_id = written.invoice_id
      where written.state = 'void' and entry.reverses is null and not exists (
        select from account_entry as reversal
        where reversal.account_id = entry.account_id and reversal.reverses = entry.entry_id)
      order by entry.account_id, entry.entry_id;
      return null;
    end $$`,
  sql`
    create trigger invoice_void_booked after update on invoice
      referencing old table as before new table as written
      for each statement execute function book_void()`,
  sql`
    create function book_payment() returns trigger language plpgsql as $$
    begin
      insert into account_entry
        (account_id, at, value_date, kind, amount_paise, payment_id, reference, description)
      select account_id, recorded_at, paid_on, 'payment', -amount_paise, payment_id,
        source || ' ' || reference, 'payment by ' || method
      from written order by payment_id;
      return null;
    end $$`,
  sql`
    create trigger payment_booked after insert on payment
      referencing new table as written for each statement execute function book_payment()`,
  sql`
    create function book_credit_note() returns trigger language plpgsql as $$
    begin
      insert into account_entry
        (account_id, at, value_date, kind, amount_paise, invoice_id, credit_note_id, reference,
          description)
      select account_id, issued_at, (issued_at at time zone interval '05:30')::date, 'credit_note',
        -amount_paise, invoice_id, credit_note_id, number, 'credit note: ' || reason
      from written order by credit_note_id;
      return null;
    end $$`,
  sql`
    create trigger credit_note_booked after insert on credit_note
      referencing new table as written for each statement execute function book_credit_note()`,
];

const GUARDS = [
  ...["payment", "credit_note", "account_entry"].map((table) =>
    sql`
      create trigger ${sql.raw(`${table}_immutable`)} before update or delete on ${sql.raw(table)}
        for each row execute function refuse_change()`
  ),
  sql`
    create function refuse_own_booking() returns trigger language plpgsql as $$
    begin
      raise exception 'an entry of kind % is written with what it is of, by the database', new.kind
        using errcode = 'restrict_violation';
    end $$`,
  sql`
    create trigger account_entry_own_booking before insert on account_entry
      for each row when (pg_trigger_depth() = 0
        and new.kind in ('invoice', 'void', 'payment', 'credit_note'))
      execute function refuse_own_booking()`,
  sql`
    create function guard_reversal() returns trigger language plpgsql as $$
    declare
      entry account_entry%rowtype;
    begin
      select * into entry from account_entry
        where account_id = new.account_id and entry_id = new.reverses;
      if entry.kind = 'payment' and entry.payment_id = new.payment_id
        and entry.amount_paise = -new.amount_paise
      then
        return new;
      end if;
      raise exception 'entry % of account % is not what this reverses', new.reverses, new.account_id
        using errcode = 'restrict_violation';
    end $$`,
  sql`
    create trigger account_entry_reversal before insert on account_entry
      for each row when (new.kind = 'payment_reversal') execute function guard_reversal()`,
  // All credit notes of a bill together give back no more than it asked for.
  sql`
    create function guard_credit_note() returns trigger language plpgsql as $$
    declare
      bill invoice%rowtype;
      credited bigint;
    begin
      select * into bill from invoice where invoice_id = new.invoice_id for update;
      select coalesce(sum(amount_paise), 0) into credited from credit_note
        where invoice_id = new.invoice_id;
      if bill.state <> 'issued' or bill.account_id <> new.account_id then
        raise exception 'bill % is no live bill of account %', bill.number, new.account_id
          using errcode = 'restrict_violation';
      end if;
      if credited + new.amount_paise > bill.payable_paise then
        raise exception 'bill % asks for % paise, % of it are credited already',
          bill.number, bill.payable_paise, credited using errcode = 'restrict_violation';
      end if;
      return new;
    end $$`,
  sql`
    create trigger credit_note_within_bill before insert on credit_note
      for each row execute function guard_credit_note()`,
  sql`
    create function link_replaced() returns trigger language plpgsql as $$
    begin
      new.replaces := new.inputs ->> 'replaces';
      return new;
    end $$`,
  // The snapshot says what the bill replaces; the column is there to be looked up.
  sql`
    create trigger invoice_replaces_linked before insert on invoice
      for each row when (new.inputs ? 'replaces') execute function link_replaced()`,
];

/** Bills of the time before the ledger, in the order in which they were issued. */
const BEFORE = [
  sql`
    insert into account_entry
      (account_id, at, value_date, kind, amount_paise, invoice_id, reference, description)
    select account_id, issued_at, (issued_at at time zone interval '05:30')::date, 'invoice',
      payable_paise, invoice_id, number, 'bill for ' || period
    from invoice order by issued_at, invoice_id`,
  sql`
    insert into account_entry
      (account_id, at, value_date, kind, amount_paise, invoice_id, reverses, reference, description)
    select bill.account_id, voided.at, (voided.at at time zone interval '05:30')::date, 'void',
      -bill.payable_paise, bill.invoice_id, entry.entry_id, bill.number, 'void: ' || bill.void_reason
    from invoice as bill
    join account_entry as entry on entry.invoice_id = bill.invoice_id
    cross join lateral (
      select coalesce(max(at), now()) as at from audit
      where subject = bill.number and action = 'invoice.void') as voided
    where bill.state = 'void' order by voided.at, bill.invoice_id`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [...TABLES, ...BEFORE, ...BOOKING, ...GUARDS]) {
    await statement.execute(db);
  }
}
