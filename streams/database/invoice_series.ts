/** Numbers without gaps. */
import { sql, type Transaction } from "./kysely.ts";
import type { Database } from "./schema.ts";

/**
 * The next number of `series`, from 1. The row stays locked until the transaction ends: a second
 * transaction waits, and a rollback gives the number back. So take it late, and in the transaction
 * that uses it.
 */
export async function nextNumber(trx: Transaction<Database>, series: string): Promise<number> {
  const { rows } = await sql<{ last_number: number }>`
    insert into invoice_series (series, last_number) values (${series}, 1)
    on conflict (series) do update set last_number = invoice_series.last_number + 1
    returning last_number`.execute(trx);
  return rows[0]!.last_number;
}
