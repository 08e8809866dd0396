/** A file on its way in: opened, laid down part by part, put away. Nothing of it counts yet. */
import type { TariffDocument } from "../../actors/billing/tariff/document.ts";
import { TerminalError } from "../../protocol/errors.ts";
import { checkRows } from "../csv/check_rows.ts";
import { type CsvFault, CsvFaults } from "../csv/faults.ts";
import { type Kysely, sql } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";
import { type ImportKind, rowSchema } from "./import_rows.ts";

type Db = Kysely<Database>;

/** Rows of one file, and so of one transaction. */
export const ROWS_MAX = 100_000;
/** Rows of one part, inside the broker's message limit of 1 MB. */
export const PART_ROWS_MAX = 500;
/** Files that lie here at the same time; what nobody went on with for a day makes place. */
const OPEN_MAX = 20;
const ABANDONED = sql.raw("interval '1 day'");

/** Begins an import. Throws `TerminalError` where too many are under way. */
export async function openImport(db: Db, kind: ImportKind): Promise<number> {
  return await db.transaction().execute(async (trx) => {
    await sql`delete from data_import where opened_at < now() - ${ABANDONED}`.execute(trx);
    await sql`lock table data_import in share row exclusive mode`.execute(trx);
    const { open } = await trx.selectFrom("data_import")
      .select((of) => of.fn.countAll<number>().as("open")).executeTakeFirstOrThrow();
    if (open >= OPEN_MAX) {
      throw new TerminalError(`${open} imports are under way: wait until one has ended`);
    }
    const { import_id } = await trx.insertInto("data_import").values({ kind })
      .returning("import_id").executeTakeFirstOrThrow();
    return import_id;
  });
}

/** The kind of an import that is open. Throws `TerminalError` where there is none of that number. */
export async function findImport(db: Db, import_id: number) {
  const found = await db.selectFrom("data_import").selectAll().where("import_id", "=", import_id)
    .executeTakeFirst();
  if (found !== undefined) return found;
  throw new TerminalError(`There is no import ${import_id}: it has ended, or lay for a day`);
}

export interface PartRow {
  readonly row: number;
  readonly values: Readonly<Record<string, string>>;
}

/**
 * Checks the rows of a part one by one and lays them down; what is wrong with each is a fault of the
 * import. The same part again is laid down once. Throws `TerminalError` beyond `ROWS_MAX`.
 */
export async function layRows(
  db: Db,
  import_id: number,
  rows: readonly PartRow[],
  known: readonly TariffDocument[],
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const { kind } = await findImport(trx, import_id);
    const faults = new CsvFaults(Infinity);
    const checked = checkRows({ rows, faults }, rowSchema(kind, known));
    const lines = rows.map(({ row }) => row);
    // A part that was sent twice is the same part.
    await trx.deleteFrom("data_import_row").where("import_id", "=", import_id)
      .where("line", "in", lines).execute();
    await trx.deleteFrom("data_import_fault").where("import_id", "=", import_id)
      .where("line", "in", lines).execute();
    await addFaults(trx, import_id, faults.told);
    if (checked.length > 0) {
      const contents = JSON.stringify(checked.map(({ value }) => value));
      await sql`
        insert into data_import_row (import_id, line, content)
        select ${import_id}, line, content
        from unnest(${checked.map(({ row }) => row)}::int[]) with ordinality as lines(line, place)
        join jsonb_array_elements(${contents}::jsonb) with ordinality as given(content, place)
          using (place)`.execute(trx);
    }
    const { count } = await trx.selectFrom("data_import_row").where("import_id", "=", import_id)
      .select((of) => of.fn.countAll<number>().as("count")).executeTakeFirstOrThrow();
    if (count > ROWS_MAX) throw new TerminalError(`More than ${ROWS_MAX} rows: divide the file`);
  });
}

async function addFaults(trx: Db, import_id: number, faults: readonly CsvFault[]): Promise<void> {
  for (let i = 0; i < faults.length; i += 1_000) {
    await trx.insertInto("data_import_fault").values(
      faults.slice(i, i + 1_000).map(({ row, field, reason }) => ({
        ...{ import_id, line: row ?? 0, field, reason },
      })),
    ).execute();
  }
}

/** Faults of an import in the order of its rows, behind the one numbered `after`. */
export async function faultsOf(
  db: Db,
  import_id: number,
  after: { readonly line: number; readonly fault_id: number },
  limit: number,
) {
  await findImport(db, import_id);
  const { rows } = await sql<{
    fault_id: number;
    line: number;
    field: string | null;
    reason: string;
  }>`
    select fault_id, line, field, reason from data_import_fault
    where import_id = ${import_id} and (line, fault_id) > (${after.line}, ${after.fault_id}::bigint)
    order by line, fault_id limit ${limit}`.execute(db);
  return rows;
}

/** Puts an import away, taken or not. One that is away already is no error. */
export async function endImport(db: Db, import_id: number): Promise<void> {
  await db.deleteFrom("data_import").where("import_id", "=", import_id).execute();
}
