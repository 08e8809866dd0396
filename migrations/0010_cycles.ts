/** Deadlines and drafts of billing cycles, estimated bills, final readings, accounts that end. */
import { type Kysely, sql } from "../streams/database/kysely.ts";

const STATEMENTS = [
  sql`
    alter table billing_cycle
      drop constraint billing_cycle_state_check,
      add constraint billing_cycle_state_check check (
        state in
          ('imported', 'awaiting_reading', 'ready', 'draft', 'issued', 'void', 'parked')
      ),
      add column asks integer not null default 0 check (asks >= 0),
      add column deadline_at timestamptz,
      add column draft jsonb,
      add column estimated boolean not null default false,
      add constraint billing_cycle_draft check ((state = 'draft') = (draft is not null))`,
  // Those that wait since before, however long, are not estimated and sent by the update itself: people
  // have as long to look at them as with a month that is closed now. Nobody answers the old request.
  sql`
    update billing_cycle set deadline_at = now() + interval '120 hours'
      where state = 'awaiting_reading'`,
  sql`
    create index billing_cycle_deadline on billing_cycle (deadline_at)
      where deadline_at is not null`,
  sql`
    alter table installation
      add column final_reading_wh bigint check (final_reading_wh >= 0),
      add constraint installation_final check (
        final_reading_wh is null or removed_at is not null
      )`,
  sql`
    alter table account
      add column closed_on date check (closed_on >= opened_on),
      add constraint account_closed check (closed_on is null or status = 'closed')`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await statement.execute(db);
}
