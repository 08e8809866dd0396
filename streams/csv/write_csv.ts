/**
 * Rows as a CSV file that programs and spreadsheets read (RFC 4180): CRLF, quotation marks where they
 * are needed. Text that a spreadsheet would take for a formula gets an apostrophe in front; readers
 * of ours take it away again.
 */

export type CsvValue = string | number | boolean | null | undefined;

/** How a spreadsheet tells a formula; a plain number is none, whatever its sign. */
const FORMULA = /^[=+\-@\t\r]/;
const NUMBER = /^[+-]?\d+(\.\d+)?$/;
const GUARDED = /^'(?=[=+\-@\t\r])/;

/** `text` so that no spreadsheet computes it. */
export function guardFormula(text: string): string {
  return FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
}

/** What `guardFormula()` was given. */
export function unguardFormula(text: string): string {
  return text.replace(GUARDED, "");
}

/** One line, with its end. */
export function csvLine(values: readonly CsvValue[]): string {
  return `${values.map(cell).join(",")}\r\n`;
}

function cell(value: CsvValue): string {
  if (value === null || value === undefined) return "";
  const text = typeof value === "string" ? guardFormula(value) : String(value);
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
