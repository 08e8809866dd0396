/** A moment as a person typed it. */
import { UsageError } from "./command.ts";

const INDIAN = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2}(?:\.\d{1,3})?)?$/;
const ISO = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2})$/;

/**
 * Unix milliseconds of `text`: Indian time where it names no offset. Throws `UsageError` where it is
 * no moment.
 */
export function givenMoment(what: string, text: string): number {
  const indian = INDIAN.exec(text.trim());
  const iso = indian === null
    ? text.trim()
    : `${indian[1]}T${indian[2]}${indian[3] ?? ":00"}+05:30`;
  const at_ms = ISO.test(iso) ? Date.parse(iso) : NaN;
  if (Number.isFinite(at_ms) && at_ms >= 0) return at_ms;
  throw new UsageError(
    `${what} is a moment such as "2026-04-30 23:45:00" in Indian time, or 2026-04-30T18:15:00Z, ` +
      `not "${text.slice(0, 40)}"`,
  );
}
