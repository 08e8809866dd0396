/** Brings the tables to what this program needs. */
import { migrations } from "../../migrations/mod.ts";
import { type Kysely, Migrator } from "./kysely.ts";
import type { Database } from "./schema.ts";

/**
 * Runs the migrations that have not run yet and returns their names; none on a database that is up
 * to date. Processes that start together wait for one another: PostgreSQL's advisory lock lets one
 * run at a time, all in one transaction. Throws what the failing migration threw.
 */
export async function migrate(db: Kysely<Database>): Promise<string[]> {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: () => Promise.resolve({ ...migrations }) },
  });
  const { error, results } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
  return (results ?? []).filter(({ status }) => status === "Success")
    .map(({ migrationName }) => migrationName);
}
