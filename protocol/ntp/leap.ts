/**
 * Leap seconds: when one that servers announce falls due (RFC 5905 figure 9).
 *
 * UTC has them at the end of a month. Unix time has no 61st second: at an inserted one it shows the
 * last second of the month twice. The local monotonic clock goes on, so its offset changes by one
 * second at that moment, and it is known beforehand.
 */

/** One second more (1) or less (2) in the last minute of the month, as in the leap indicator. */
export type LeapKind = 1 | 2;

/** A leap second to come. */
export interface Leap {
  readonly kind: LeapKind;
  /** When Unix time changes, in Unix seconds before the change. */
  readonly due_s: number;
}

/** What the local clock's offset changes by at a leap second, in seconds. */
export const leapStep_s = (kind: LeapKind): number => kind === 1 ? -1 : 1;

/** The leap second of `kind` at the end of the month of `utc_s`, Unix seconds. */
export function leapAtMonthEnd(kind: LeapKind, utc_s: number): Leap {
  const now = new Date(utc_s * 1_000);
  const end_s = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1) / 1_000;
  return { kind, due_s: kind === 1 ? end_s : end_s - 1 };
}

/** What most of the servers announce by their leap indicators; undefined when it is nothing. */
export function leapByVote(indicators: readonly number[]): LeapKind | undefined {
  const votes = (kind: LeapKind) => indicators.filter((leap) => leap === kind).length;
  if (votes(1) * 2 > indicators.length) return 1;
  if (votes(2) * 2 > indicators.length) return 2;
  return undefined;
}
