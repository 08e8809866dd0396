/** Instants as people in India read them. */

/** `2026-10-31 23:59:59`, Indian time, of an instant in ISO 8601 text. */
export function inIndia(instant: string): string {
  // Sweden writes dates the way ISO 8601 does.
  return new Date(instant).toLocaleString("sv-SE", { timeZone: "Asia/Kolkata" });
}
