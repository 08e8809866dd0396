/** Brings a file of rows in: reads it, sends it part by part, has it taken, and gathers what is wrong. */
import { basename } from "node:path";
import { csvLine } from "../csv/write_csv.ts";
import type { CsvFault } from "../csv/faults.ts";
import { readFileBounded } from "../csv/csv_file.ts";
import { type CsvRow, type CsvSheet, readCsv } from "../csv/read_csv.ts";
import { PAGE_MAX } from "../office/data_verbs.ts";
import type { Ask } from "../office/operator.ts";
import type { Progress } from "../terminal/progress.ts";
import type { ImportNote } from "./import_installed.ts";
import type { GivenKey, GivenKeys } from "./import_meters.ts";
import { columnsOf, type ImportKind } from "./import_rows.ts";
import { PART_ROWS_MAX, ROWS_MAX } from "./import_stage.ts";
import type { TakeResult } from "./import_take.ts";
import { pagesOf } from "./pages.ts";

/** A hundred thousand rows of three hundred bytes, twice over. */
const BYTES_MAX = 64 << 20;
/** Of one message to the office, which takes 1 MB. */
const PART_LENGTH_MAX = 300_000;
/** Kept to be told; the rest are counted. */
const NOTES_MAX = 20;
/** Looking at a hundred thousand rows and writing them, on a slow machine. */
const TAKE_TIMEOUT_MS = 30 * 60_000;

export interface ImportAsked {
  readonly kind: ImportKind;
  readonly path: string;
  readonly dry_run: boolean;
  readonly deed?: { readonly actor: string; readonly reason: string };
  /** Of a file of meters that is not a dry run: takes each key before the next ones are asked for. */
  readonly onKeys?: (keys: readonly GivenKey[]) => void;
}

export interface ImportResult extends TakeResult {
  /** In the order of the rows. */
  readonly faults: AsyncIterable<CsvFault>;
  /** Rows that are taken although something is to be known about them: the first `NOTES_MAX`. */
  readonly notes: readonly ImportNote[];
  /** All of them. */
  readonly note_count: number;
}

/**
 * Imports the file. `use` gets what came of it, with the faults as they come from the office: the
 * import is put away when it has returned.
 */
export async function importFile<T>(
  ask: Ask,
  asked: ImportAsked,
  progress: Progress,
  use: (result: ImportResult) => Promise<T>,
): Promise<T> {
  const { kind, path } = asked;
  const shape = { ...columnsOf(kind), rows_max: ROWS_MAX, bytes_max: BYTES_MAX };
  // Every refused row is told, however many there are.
  const faults_max = ROWS_MAX;
  const sheet = readCsv(await readFileBounded(path, BYTES_MAX), { ...shape, faults_max });
  if (sheet.rows.length === 0) return await use(nothingIn(sheet));
  const opened = await ask("data-import-open", { kind }) as { import_id: number };
  const { import_id } = opened;
  try {
    await sendRows(ask, import_id, sheet.rows, progress);
    const looks = kind === "meters" || kind === "installations";
    const noted = looks ? await lookUp(ask, import_id, sheet.rows.length, progress) : NO_NOTES;
    progress.stage("Looking at the rows together ...");
    // Faults of the file's form are known here alone: with one, nothing is to be written.
    const dry_run = asked.dry_run || sheet.faults.count > 0;
    const taken = await ask("data-import-take", {
      ...{ import_id, dry_run, file: basename(path).slice(0, 300), ...asked.deed },
    }, TAKE_TIMEOUT_MS) as TakeResult;
    if (kind === "meters" && taken.written && asked.onKeys !== undefined) {
      await takeKeys(ask, import_id, taken.rows, asked.onKeys, progress);
    }
    progress.end();
    const malformed = rowsWith(sheet);
    return await use({
      ...taken,
      rows: taken.rows + malformed,
      refused: taken.refused + malformed,
      ...noted,
      faults: faultsOf(ask, import_id, sheet.faults.told),
    });
  } finally {
    await ask("data-import-end", { import_id });
  }
}

/** Rows that are none by their form. */
function rowsWith({ faults }: CsvSheet): number {
  return new Set(faults.told.map(({ row }) => row)).size;
}

/** Of a file that has no row to look at: the office is not asked. */
function nothingIn(sheet: CsvSheet): ImportResult {
  const refused = rowsWith(sheet);
  const counts = { rows: refused, refused, added: 0, unchanged: 0, written: false, unbilled: [] };
  return { ...counts, ...NO_NOTES, faults: told(sheet.faults.told) };
}

async function* told(faults: readonly CsvFault[]): AsyncGenerator<CsvFault> {
  yield* faults;
}

async function sendRows(ask: Ask, import_id: number, rows: readonly CsvRow[], progress: Progress) {
  let part: CsvRow[] = [];
  let length = 0;
  let sent = 0;
  const send = async () => {
    if (part.length === 0) return;
    await ask("data-import-rows", { import_id, rows: part }, TAKE_TIMEOUT_MS);
    sent += part.length;
    progress.update(sent, rows.length, "rows sent");
    part = [];
    length = 0;
  };
  for (const row of rows) {
    const size = JSON.stringify(row).length;
    if (part.length >= PART_ROWS_MAX || length + size > PART_LENGTH_MAX) await send();
    part.push(row);
    length += size;
  }
  await send();
}

type Noted = Pick<ImportResult, "notes" | "note_count">;
const NO_NOTES: Noted = { notes: [], note_count: 0 };

async function lookUp(
  ask: Ask,
  import_id: number,
  rows: number,
  progress: Progress,
): Promise<Noted> {
  const kept: ImportNote[] = [];
  let note_count = 0;
  let after: number | null = 0;
  while (after !== null) {
    const { next, notes } = await ask("data-import-look-up", { import_id, after }) as {
      next: number | null;
      notes: readonly ImportNote[];
    };
    kept.push(...notes.slice(0, NOTES_MAX - kept.length));
    note_count += notes.length;
    after = next;
    progress.update(Math.min(after ?? rows, rows), rows, "meters looked up");
  }
  return { notes: kept, note_count };
}

async function takeKeys(
  ask: Ask,
  import_id: number,
  rows: number,
  onKeys: (keys: readonly GivenKey[]) => void,
  progress: Progress,
) {
  let after: number | null = 0;
  let done = 0;
  while (after !== null) {
    const given = await ask("data-import-keys", { import_id, after }) as GivenKeys;
    onKeys(given.keys);
    progress.update(done += given.keys.length, rows, "keys written");
    after = given.next;
  }
}

interface Fault {
  readonly fault_id: number;
  readonly line: number;
  readonly field: string | null;
  readonly reason: string;
}

async function* faultsOf(
  ask: Ask,
  import_id: number,
  form: readonly CsvFault[],
): AsyncGenerator<CsvFault> {
  yield* form;
  const pages = pagesOf<Fault>(
    ...[ask, "data-import-faults", { import_id }, PAGE_MAX.faults] as const,
    ({ line, fault_id }) => ({ line, fault_id }),
  );
  for await (const page of pages) {
    for (const { line, field, reason } of page) yield { row: line, field, reason };
  }
}

export const REPORT_HEADER = csvLine(["row", "field", "reason"]);

/** A line of the report. */
export function reportLine({ row, field, reason }: CsvFault): string {
  return csvLine([row, field, reason]);
}
