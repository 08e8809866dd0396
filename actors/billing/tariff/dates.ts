/**
 * Calendar dates as whole days since 1970-01-01. A tariff knows dates alone, no hours: a day of a
 * billing period runs from one date to the next, wherever in the day the meter was read.
 */

const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;
const DAY_MS = 86_400_000;

/** The day number of `text` (`YYYY-MM-DD`). Throws `RangeError` when there is no such date. */
export function dayOf(text: string): number {
  const match = DATE.exec(text);
  if (match !== null) {
    const ms = Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3]));
    // Date.UTC carries 31 April over to 1 May: only a date that comes back unchanged exists.
    if (Number.isFinite(ms) && dateOf(ms / DAY_MS) === text) return ms / DAY_MS;
  }
  throw new RangeError(`"${text.slice(0, 24)}" is not a date: write it as YYYY-MM-DD`);
}

/** The date, `YYYY-MM-DD`, of a day number. */
export function dateOf(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

/** Whether `text` is a date that exists, as YYYY-MM-DD. */
export function isDate(text: string): boolean {
  try {
    dayOf(text);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
