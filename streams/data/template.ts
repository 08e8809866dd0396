/** An example of each file that is imported. */
import { csvLine } from "../csv/write_csv.ts";
import { type ImportKind, IMPORTS } from "./import_rows.ts";

/** The header, and one row. */
export function templateOf(kind: ImportKind): string {
  const columns = Object.entries(IMPORTS[kind].columns);
  return csvLine(columns.map(([name]) => name)) +
    csvLine(columns.map(([, { example }]) => example));
}
