/** What billing looks up for every account of a run, and how a bill's inputs are packed. */
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
  // A bill's inputs are kilobytes of JSON, packed once and seldom read: lz4 packs them in a fraction of
  // the time. Not every server is built with it; the one way is as good as the other to read.
  sql`
    do $$ begin
      alter table invoice alter column inputs set compression lz4;
    exception when feature_not_supported or invalid_parameter_value then
      null;
    end $$`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await statement.execute(db);
}
