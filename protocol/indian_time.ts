/** Indian Standard Time: UTC+05:30 all year round, so a constant says it all. */

const OFFSET_MS = (5 * 60 + 30) * 60_000;

/** `2026-10-31 23:59:59` in India, of an instant in Unix milliseconds or as ISO 8601 text. */
export function inIndia(instant: number | string): string {
  const at_ms = typeof instant === "number" ? instant : Date.parse(instant);
  return new Date(at_ms + OFFSET_MS).toISOString().slice(0, 19).replace("T", " ");
}

/** The calendar date in India at an instant, `YYYY-MM-DD`. */
export function indianDateOf(at_ms: number): string {
  return inIndia(at_ms).slice(0, 10);
}

/** The time of day in India at an instant, `HH:MM:SS`. */
export function indianTimeOf(at_ms: number): string {
  return inIndia(at_ms).slice(11);
}

/** The instant at which `date`, `YYYY-MM-DD`, begins in India, in Unix milliseconds. */
export function startOfIndianDate_ms(date: string): number {
  return Date.parse(`${date}T00:00:00Z`) - OFFSET_MS;
}
