/** Numbers of rows before they are written, so that rows which name one another go in together. */
import { sql, type Transaction } from "./kysely.ts";
import type { Database } from "./schema.ts";

const IDENTITIES = {
  billing_cycle: "cycle_id",
  invoice: "invoice_id",
  notification: "notification_id",
} as const;

/** `count` numbers for new rows of `table`, rising. A rollback leaves a gap: they are no bill numbers. */
export async function takeIdentities(
  trx: Transaction<Database>,
  table: keyof typeof IDENTITIES,
  count: number,
): Promise<number[]> {
  if (count === 0) return [];
  const { rows } = await sql<{ id: number }>`
    select nextval(pg_get_serial_sequence(${table}, ${IDENTITIES[table]})) as id
    from generate_series(1, ${count}::int)`.execute(trx);
  return rows.map((row) => row.id);
}
