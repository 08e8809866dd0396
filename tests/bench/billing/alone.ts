/**
 * What the database alone can insert: the very rows of a run, with their numbers, in transactions of
 * the same size, from files that the server reads itself. Nobody computes, and nothing comes over a
 * connection but the names of the files.
 */
import { openDatabase } from "../../../streams/database/connect.ts";
import { type Kysely, sql } from "../../../streams/database/kysely.ts";
import type { Database } from "../../../streams/database/schema.ts";
import { treeOf, usageOf } from "../headend/processes.ts";

/** Tables that a run writes, in the order in which they name one another. */
const TABLES = [
  "billing_cycle",
  "invoice",
  "invoice_line",
  "notification",
  "outbox",
  "audit",
] as const;

export interface Alone {
  readonly seconds: number;
  readonly a_second: number;
  readonly invoices: number;
  /** Processor time of the server, milliseconds a bill. */
  readonly postgres_ms: number;
}

/** Sets `template` aside as it is now: the database that the rows will go into. */
export async function setAside(server: Kysely<Database>, template: string): Promise<void> {
  await sql`create database ${sql.id(asideOf(template))} template ${sql.id(template)}`
    .execute(server);
}

const asideOf = (name: string) => `${name}_aside`;

export interface AlonePlace {
  readonly url: string;
  /** Which the server may write to. */
  readonly folder: string;
  readonly pages_at_once: number;
  readonly postgresPid: number;
}

/** Writes the rows of the run that `done` holds into files, page by page, and inserts them. */
export async function insertAlone(
  done: Kysely<Database>,
  run_id: number,
  { url, folder, pages_at_once, postgresPid }: AlonePlace,
): Promise<Alone> {
  const pages = await dump(done, run_id, folder);
  const given = new URL(url);
  given.pathname = asideOf(given.pathname.slice(1));
  const aside = await openDatabase({ url: given.href });
  try {
    await sql`select 1`.execute(aside);
    const waiting = [...pages];
    const before_s = usageOf(treeOf(postgresPid)).cpu_s;
    const began_ms = performance.now();
    await Promise.all(Array.from({ length: pages_at_once }, async () => {
      for (let page = waiting.shift(); page !== undefined; page = waiting.shift()) {
        await insertPage(aside, page);
      }
    }));
    const seconds = (performance.now() - began_ms) / 1_000;
    const cpu_s = usageOf(treeOf(postgresPid)).cpu_s - before_s;
    const { rows: [count] } = await sql<{ invoices: number }>`
      select count(*) as invoices from invoice`.execute(aside);
    const { invoices } = count!;
    await assertSame(done, aside);
    return {
      seconds,
      a_second: invoices / seconds,
      invoices,
      postgres_ms: cpu_s * 1_000 / invoices,
    };
  } finally {
    await aside.destroy();
  }
}

/** What was inserted is all of it, with what the database books by itself. */
async function assertSame(done: Kysely<Database>, aside: Kysely<Database>): Promise<void> {
  for (const table of ["invoice_line", "account_entry", "notification", "outbox"] as const) {
    const of = async (db: Kysely<Database>) =>
      (await db.selectFrom(table).select((of) => of.fn.countAll<number>().as("rows"))
        .executeTakeFirstOrThrow()).rows;
    const [expected, found] = [await of(done), await of(aside)];
    if (expected !== found) throw new Error(`${found} rows of ${table}, not ${expected}`);
  }
}

interface PageFiles {
  readonly files: readonly { readonly table: string; columns: string; file: string }[];
}

async function dump(done: Kysely<Database>, run_id: number, folder: string): Promise<PageFiles[]> {
  const pages = await done.selectFrom("billing_run_page").selectAll()
    .where("run_id", "=", run_id).orderBy("page").execute();
  // Only to find the rows of a page again: the run is over, and nothing of it is measured any more.
  await sql`create index on outbox (((payload->>'invoice_id')::bigint))`.execute(done);
  await sql`create index on audit ((detail->>'account_id')) where action = 'invoice.issued'`
    .execute(done);
  const columns = new Map<string, string>();
  for (const table of TABLES) columns.set(table, await columnsOf(done, table));
  const dumped: PageFiles[] = [];
  await done.transaction().execute(async (trx) => {
    // A page's rows by their keys: to read every table whole for each page would take an hour.
    for (const way of ["seqscan", "hashjoin", "mergejoin"]) {
      await sql`set local ${sql.raw(`enable_${way}`)} = off`.execute(trx);
    }
    for (const { page, first_account, last_account } of pages) {
      const files = [];
      for (const table of TABLES) {
        const file = `${folder}/${page}.${table}`;
        const names = columns.get(table)!;
        await sql`copy (select ${sql.raw(names)} from ${sql.table(table)}
          where ${rowsOf(table, first_account, last_account)})
          to ${sql.lit(file)} (format binary)`.execute(trx);
        files.push({ table, columns: names, file });
      }
      dumped.push({ files });
    }
  });
  return dumped;
}

/** Columns that the bench may write: not the transaction's own number. */
async function columnsOf(db: Kysely<Database>, table: string): Promise<string> {
  const { rows } = await sql<{ names: string }>`
    select string_agg(attname::text, ', ' order by attnum) as names from pg_attribute
    where attrelid = ${table}::regclass and attnum > 0 and not attisdropped
      and attname <> 'written_in'`.execute(db);
  return rows[0]!.names;
}

function rowsOf(table: (typeof TABLES)[number], first: string, last: string) {
  const range = sql`between ${sql.lit(first)} and ${sql.lit(last)}`;
  const invoices = sql`
    select invoice_id from invoice where account_id ${range} and state = 'issued'`;
  switch (table) {
    case "billing_cycle":
      return sql`account_id ${range} and state = 'issued'`;
    case "invoice":
      return sql`account_id ${range}`;
    case "invoice_line":
    case "notification":
      return sql`invoice_id in (${invoices})`;
    case "outbox":
      return sql`(payload->>'invoice_id')::bigint in (${invoices})`;
    case "audit":
      return sql`action = 'invoice.issued' and detail->>'account_id' ${range}`;
  }
}

async function insertPage(aside: Kysely<Database>, { files }: PageFiles): Promise<void> {
  await aside.transaction().execute(async (trx) => {
    for (const { table, columns, file } of files) {
      await sql`copy ${sql.table(table)} (${sql.raw(columns)}) from ${sql.lit(file)}
        (format binary)`.execute(trx);
    }
  });
}
