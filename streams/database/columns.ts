/** How column values arrive in JavaScript, the same on both drivers. See `schema.ts`. */

/** Object identifiers of the column types that drivers would otherwise hand over differently. */
export const OID = { INT8: 20, DATE: 1082, NUMERIC: 1700 } as const;

/** A `bigint` column as a number. Throws `RangeError` beyond 2^53 - 1 rather than lose a digit. */
export function parseBigInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) {
    throw new RangeError(`A bigint column holds ${text}, beyond the integers that are exact here`);
  }
  return value;
}

/** A `date` column stays `YYYY-MM-DD`: a calendar day has no time zone and must not be given one. */
export function parseCalendarDate(text: string): string {
  return text;
}

/** A `numeric` column (units, ratios, sums of integers) as a number. */
export function parseNumeric(text: string): number {
  return Number(text);
}
