/** Month-end without a person: which months are to be closed now. */
import { boundsOf, periodBefore, periodOf } from "./calendar.ts";

/** After a longer standstill the older months are closed by hand: more would be a mistake. */
export const PERIODS_DUE_MAX = 12;

/** Readings of the month's last hours may still be on their way when the month ends. */
export const SETTLE_MS = 3_600_000;

/**
 * The months to close at `now_ms`, oldest first: those that ended at least `settle_ms` ago and come
 * after `last_closed`. At most twelve, the latest ones.
 */
export function periodsDue(
  now_ms: number,
  last_closed: string,
  settle_ms: number = SETTLE_MS,
): string[] {
  const due: string[] = [];
  let period = periodBefore(periodOf(now_ms));
  if (now_ms < boundsOf(period).end_ms + settle_ms) period = periodBefore(period);
  while (period > last_closed && due.length < PERIODS_DUE_MAX) {
    due.unshift(period);
    period = periodBefore(period);
  }
  return due;
}

/**
 * What a new head-end counts as closed: every month before the present one. It closes the months
 * that end while it is there; an older month is closed by `bill run --period`.
 */
export function firstClosed(now_ms: number): string {
  return periodBefore(periodOf(now_ms));
}
