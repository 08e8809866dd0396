/**
 * What the journal's record at the ledger's cursor was. A broker that lost its end, or was set up from
 * an older copy, writes other records under numbers that the database has passed: by this it shows.
 */
import { type Kysely, sql } from "../streams/database/kysely.ts";

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table ledger_cursor add column fingerprint text`.execute(db);
}
