/** Rows of text held against a schema: every fault by its row and field. */
import type { z } from "../../protocol/schema.ts";
import type { CsvSheet } from "./read_csv.ts";

export interface CheckedRow<T> {
  /** As a spreadsheet numbers it: the header is row 1. */
  readonly row: number;
  readonly value: T;
}

/**
 * The rows of `sheet` as `schema` has them; what does not fit is left out and added to the sheet's
 * faults. The schema sees the text of each column by its name, "" where a row says nothing.
 */
export function checkRows<S extends z.ZodType>(
  sheet: CsvSheet,
  schema: S,
): CheckedRow<z.output<S>>[] {
  const checked: CheckedRow<z.output<S>>[] = [];
  for (const { row, values } of sheet.rows) {
    const result = schema.safeParse(values);
    if (result.success) checked.push({ row, value: result.data });
    else {
      for (const { path, message } of result.error.issues) {
        const field = path.length === 0 ? null : String(path[0]);
        const given = field === null ? "" : values[field] ?? "";
        sheet.faults.add(row, field, given === "" ? `is empty: ${message}` : said(given, message));
      }
    }
  }
  return checked;
}

const QUOTED_MAX = 40;

function said(given: string, message: string): string {
  const short = given.length > QUOTED_MAX ? `${given.slice(0, QUOTED_MAX)}…` : given;
  return `"${short.replaceAll(/\s+/g, " ")}": ${message}`;
}
