/** Numbers without gaps. */
import { sql, type Transaction } from "./kysely.ts";
import type { Database } from "./schema.ts";

/**
 * The next `count` numbers of `series`, from 1: the first of them. The row stays locked until the
 * transaction ends: a second transaction waits, and a rollback gives the numbers back. So take them
 * late, all at once, and in the transaction that uses them.
 */
export async function nextNumbers(
  trx: Transaction<Database>,
  series: string,
  count: number,
): Promise<number> {
  const { rows } = await sql<{ last_number: number }>`
    insert into invoice_series (series, last_number) values (${series}, ${count}::bigint)
    on conflict (series) do update set last_number = invoice_series.last_number + ${count}::bigint
    returning last_number`.execute(trx);
  return rows[0]!.last_number - count + 1;
}

/** The next number of `series`: see `nextNumbers()`. */
export function nextNumber(trx: Transaction<Database>, series: string): Promise<number> {
  return nextNumbers(trx, series, 1);
}
