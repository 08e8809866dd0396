/** Indexes of what billing looks up for every account of a run, and of what is a small part of all. */
import { type Kysely, sql } from "../streams/database/kysely.ts";

const STATEMENTS = [
  // Estimated bills are few; asked for with every bill.
  sql`
    create index billing_cycle_estimated on billing_cycle (account_id, period)
      where estimated and state = 'issued'`,
  // Waiting cycles are looked at in windows, from the oldest row on.
  sql`
    create index billing_cycle_waiting on billing_cycle (cycle_id)
      where state = 'awaiting_reading'`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await statement.execute(db);
}
