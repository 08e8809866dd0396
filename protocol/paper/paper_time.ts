/** The paper's time: the second of the day, which is all that its keys depend on. */

/** Seconds of a day, and so the number of keys that are made of the time alone. */
export const TIME_KEYS_A_DAY = 86_400;

/** The second of the UTC day, 0 to 86,399. */
export function secondOfDay(t_s: number): number {
  return ((t_s % TIME_KEYS_A_DAY) + TIME_KEYS_A_DAY) % TIME_KEYS_A_DAY;
}

/** The paper's series: T - W, ..., T + W in this order, around the second `centre_s`. */
export function linearSeries(centre_s: number, window_s: number): number[] {
  return Array.from({ length: 2 * window_s + 1 }, (_, i) => centre_s - window_s + i);
}

/** What a search through a series of seconds found. */
export interface Found {
  readonly t_s: number;
  /** Seconds that were tried, this one included. */
  readonly trials: number;
  readonly text: string;
}

/** The first second of the series whose decryption looks right, or `undefined`. */
export function firstThatFits(
  series: readonly number[],
  decrypt: (t_s: number) => string | undefined,
): Found | undefined {
  for (const [i, t_s] of series.entries()) {
    const text = decrypt(t_s);
    if (text !== undefined) return { t_s, trials: i + 1, text };
  }
  return undefined;
}
