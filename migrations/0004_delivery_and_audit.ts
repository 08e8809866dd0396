/** What is sent to customers, messages that leave after their transaction, and who did what. */
import { type Kysely, sql } from "../streams/database/kysely.ts";

const STATEMENTS = [
  sql`
    create table notification (
      notification_id bigint generated always as identity primary key,
      invoice_id bigint not null references invoice,
      channel text not null check (channel in ('email', 'sms')),
      recipient text,
      state text not null check (
        state in ('intended', 'sending', 'sent', 'delivered', 'parked', 'skipped')
      ),
      attempts integer not null check (attempts >= 0),
      provider_id text,
      last_error text,
      updated_at timestamptz not null default now(),
      unique (invoice_id, channel)
    )`,
  sql`create index notification_provider on notification (provider_id)`,
  sql`
    create index notification_open on notification (state, updated_at)
      where state in ('intended', 'sending', 'parked')`,
  sql`
    create table outbox (
      outbox_id bigint generated always as identity primary key,
      subject text not null check (subject <> ''),
      message_id text not null unique,
      payload jsonb not null,
      created_at timestamptz not null default now()
    )`,
  sql`
    create table audit (
      audit_id bigint generated always as identity primary key,
      at timestamptz not null default now(),
      actor text not null,
      action text not null,
      subject text not null,
      detail jsonb not null
    )`,
  sql`create index audit_subject on audit (subject, at)`,
  sql`
    create trigger audit_immutable before update or delete on audit
      for each row execute function refuse_change()`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await statement.execute(db);
}
