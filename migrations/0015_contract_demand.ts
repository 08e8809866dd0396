/** The demand that a customer has agreed upon with the utility, where the tariff asks for it. */
import { type Kysely, sql } from "../streams/database/kysely.ts";

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table account add column contract_va bigint check (contract_va > 0)`.execute(db);
}
