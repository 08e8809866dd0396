/**
 * PostgreSQL's array literals, made in one pass over the rows. The drivers make them of any value of
 * any depth; for columns of numbers and names that was a third of the ledger's work.
 */

/** `{1,2,3}`: cast it to the array type it is to be. Throws `RangeError` for what is no number. */
export function numberArray<Row>(rows: readonly Row[], valueOf: (row: Row) => number): string {
  let text = "{";
  let separator = "";
  for (const row of rows) {
    const value = valueOf(row);
    if (!Number.isFinite(value)) throw new RangeError(`Not a number for a column: ${value}`);
    text += separator + value;
    separator = ",";
  }
  return `${text}}`;
}

/** Text that stands in an array without quotes; `null` without quotes would be no text at all. */
const PLAIN = /^(?!null$)[A-Za-z0-9_:.-]+$/i;

/** `{a,b,"c d"}` as `text[]` has it. */
export function textArray<Row>(rows: readonly Row[], valueOf: (row: Row) => string): string {
  let text = "{";
  let separator = "";
  // Neighbours are often of one register and one unit.
  let last: string | undefined;
  let lastQuoted = "";
  for (const row of rows) {
    const value = valueOf(row);
    if (value !== last) {
      last = value;
      lastQuoted = PLAIN.test(value) ? value : `"${value.replaceAll(/["\\]/g, "\\$&")}"`;
    }
    text += separator + lastQuoted;
    separator = ",";
  }
  return `${text}}`;
}
