/**
 * Rows in the text format of PostgreSQL's COPY (PostgreSQL manual, "COPY", file formats): many rows of
 * many kinds of columns in one statement. Both drivers take it as the parameter of a `copy` statement,
 * see `isCopy()`; `copy_binary.ts` is for the one table where every microsecond counts.
 */
import { utf8 } from "../../protocol/bytes.ts";
import { CompiledQuery, type Transaction } from "./kysely.ts";
import type { Database } from "./schema.ts";

/** A `Date` for `timestamptz`; text also for dates and JSON. */
export type CopyValue = string | number | boolean | Date | null;

/** Bounds the bytes of one statement: callers write batches. */
const BYTES_MAX = 1 << 28;
const ESCAPED = /[\\\n\r\t]/;
const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

/**
 * Writes `rows` into `columns` of `table`, all or none. A column that is an identity takes the value
 * that is given. Throws what the database throws, and `RangeError` for a number that is none.
 */
export async function copyRows(
  trx: Transaction<Database>,
  table: keyof Database,
  columns: readonly string[],
  rows: readonly (readonly CopyValue[])[],
): Promise<void> {
  if (rows.length === 0) return;
  const text = `copy ${table} (${columns.join(", ")}) from stdin (format text)`;
  await trx.executeQuery(CompiledQuery.raw(text, [copyText(rows)]));
}

/** The bytes of `rows`: a line each, a tab between columns. */
export function copyText(rows: readonly (readonly CopyValue[])[]): Uint8Array {
  const lines: string[] = [];
  for (const row of rows) lines.push(row.map(columnText).join("\t"));
  const bytes = utf8(`${lines.join("\n")}\n`);
  if (bytes.length > BYTES_MAX) {
    throw new RangeError(`More than ${BYTES_MAX} bytes of rows for one COPY`);
  }
  return bytes;
}

function columnText(value: CopyValue): string {
  if (value === null) return "\\N";
  if (typeof value === "string") {
    return ESCAPED.test(value) ? value.replaceAll(/[\\\n\r\t]/g, (one) => ESCAPES[one]!) : value;
  }
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new RangeError(`Not a number for a column: ${value}`);
    return String(value);
  }
  return value instanceof Date ? value.toISOString() : value ? "t" : "f";
}
