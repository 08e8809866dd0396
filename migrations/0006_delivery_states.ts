/** What the provider says of each message, when it is due again, and addresses that took none. */
import { type Kysely, sql } from "../streams/database/kysely.ts";

const STATEMENTS = [
  sql`
    alter table notification
      add column kind text not null default 'bill' check (kind in ('bill', 'reminder')),
      add column occasion text not null default '',
      add column unanswered integer not null default 0 check (unanswered >= 0),
      add column drive integer not null default 0 check (drive >= 0),
      add column delivery text check (
        delivery in ('accepted', 'queued', 'sending', 'sent', 'failed', 'undelivered', 'bounced',
          'delivered')
      ),
      add column due_at timestamptz,
      add column template_id text,
      add column segments integer check (segments > 0),
      add column created_at timestamptz not null default now()`,
  // A text of the time before was never older than its bill.
  sql`
    update notification set created_at = invoice.issued_at
      from invoice where invoice.invoice_id = notification.invoice_id`,
  sql`update notification set delivery = 'delivered' where state = 'delivered'`,
  sql`update notification set delivery = 'accepted' where state = 'sent'`,
  // An attempt that was under way or ended without an answer may have left.
  sql`update notification set unanswered = attempts where state = 'sending'`,
  // One bill a channel, and one reminder a channel and day.
  sql`alter table notification drop constraint notification_invoice_id_channel_key`,
  sql`
    alter table notification add constraint notification_once
      unique (invoice_id, channel, kind, occasion)`,
  sql`
    create index notification_due on notification (due_at)
      where due_at is not null`,
  sql`
    create table suppression (
      channel text not null check (channel in ('email', 'sms')),
      recipient text not null check (recipient <> ''),
      reason text not null,
      notification_id bigint references notification,
      since timestamptz not null default now(),
      primary key (channel, recipient)
    )`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await statement.execute(db);
}
