/**
 * Rows out of a CSV file that somebody else's program wrote (RFC 4180): bounded, with every fault named
 * by its row. A byte order mark, any line ending and blank lines are tolerated, since spreadsheets write
 * them; a comma is the only separator.
 */
import { type CsvError, parse } from "csv-parse/sync";
import { nearest } from "../terminal/suggest.ts";
import { CsvFaults } from "./faults.ts";

/** What a file may hold, and of what size it may be. */
export interface CsvShape {
  /** Columns that must be there, in any order. */
  readonly required: readonly string[];
  /** Columns that may be there. Any other is refused: a misspelt one would be lost silently. */
  readonly optional?: readonly string[];
  readonly rows_max: number;
  readonly bytes_max: number;
  /** Faults that are told one by one, where it is not the usual number. */
  readonly faults_max?: number;
}

export interface CsvRow {
  /** As a spreadsheet numbers it: the header is row 1, the first row below it 2. */
  readonly row: number;
  /** By the name of the column, without blanks around it; a column that is not there is "". */
  readonly values: Readonly<Record<string, string>>;
}

export interface CsvSheet {
  readonly rows: readonly CsvRow[];
  /** Empty for a file that is whole. */
  readonly faults: CsvFaults;
}

/** One row; more is a quotation mark that is never closed. */
const ROW_LENGTH_MAX = 64 << 10;

/**
 * The rows of `bytes`. With a fault in the header or in the quotation marks there are none; a row with
 * too many or too few values is left out and named.
 */
export function readCsv(bytes: Uint8Array, shape: CsvShape): CsvSheet {
  const faults = new CsvFaults(shape.faults_max);
  const records = recordsOf(bytes, shape, faults);
  const header = records[0]?.map((name) => name.trim().toLowerCase());
  if (header === undefined || header.every((name) => name === "")) {
    if (faults.count === 0) {
      faults.add(null, null, `is empty; row 1 is ${shape.required.join(",")}`);
    }
    return { rows: [], faults };
  }
  checkHeader(header, shape, faults);
  if (faults.count > 0) return { rows: [], faults };
  const rows: CsvRow[] = [];
  for (const [index, record] of records.entries()) {
    if (index === 0 || record.every((value) => value.trim() === "")) continue;
    if (record.length !== header.length) {
      const values = `${record.length} value${record.length === 1 ? "" : "s"}`;
      faults.add(index + 1, null, `has ${values}, the header ${header.length}`);
      continue;
    }
    const values: Record<string, string> = {};
    for (const name of [...shape.required, ...shape.optional ?? []]) values[name] = "";
    for (const [at, name] of header.entries()) values[name] = record[at]!.trim();
    rows.push({ row: index + 1, values });
  }
  if (rows.length === 0 && faults.count === 0) {
    faults.add(null, null, "has no row below its header");
  }
  return { rows, faults };
}

/** Every record as it stands, the blank ones too, so that rows are numbered as in the file. */
function recordsOf(bytes: Uint8Array, shape: CsvShape, faults: CsvFaults): string[][] {
  const { bytes_max, rows_max } = shape;
  if (bytes.length > bytes_max) {
    faults.add(null, null, `has ${bytes.length} bytes, at most ${bytes_max} are taken: divide it`);
    return [];
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    faults.add(null, null, "is not in UTF-8: have it saved as “CSV UTF-8”");
    return [];
  }
  if (text.includes("\0")) {
    faults.add(null, null, "has a character of no text (NUL): is it a CSV file?");
    return [];
  }
  try {
    const records = parse(text, {
      record_delimiter: ["\r\n", "\n", "\r"],
      relax_column_count: true,
      max_record_size: ROW_LENGTH_MAX,
      // The header, the rows, and one by which it is known that there are more.
      to: rows_max + 2,
    });
    if (records.length > rows_max + 1) {
      faults.add(null, null, `has more than ${rows_max} rows: divide it`);
      return [];
    }
    return records;
  } catch (error) {
    const { code, records } = error as CsvError & { records?: number };
    if (code === undefined) throw error;
    faults.add((records ?? 0) + 1, null, QUOTES[code] ?? (error as Error).message);
    return [];
  }
}

const QUOTES: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: "a quotation mark is opened here or above and never closed",
  CSV_INVALID_CLOSING_QUOTE: "after a closing quotation mark there is more than a comma",
  INVALID_OPENING_QUOTE: "a quotation mark within a value: put the value in quotation marks and " +
    "write the mark twice",
  CSV_MAX_RECORD_SIZE:
    `is longer than ${ROW_LENGTH_MAX} characters: is a quotation mark not closed?`,
};

function checkHeader(header: readonly string[], shape: CsvShape, faults: CsvFaults): void {
  const known = [...shape.required, ...shape.optional ?? []];
  if (header.length === 1 && known.length > 1 && /[;\t|]/.test(header[0]!)) {
    return faults.add(1, null, "columns are separated by something else than a comma");
  }
  for (const [at, name] of header.entries()) {
    if (header.indexOf(name) !== at) faults.add(1, name, "is there twice");
    else if (!known.includes(name)) {
      const guess = nearest(name, known);
      const hint = guess === undefined ? `known are ${known.join(", ")}` : `did you mean ${guess}?`;
      faults.add(1, name || "(no name)", `is no column of this file; ${hint}`);
    }
  }
  for (const name of shape.required) {
    if (!header.includes(name)) faults.add(1, name, "is missing in the header");
  }
}
