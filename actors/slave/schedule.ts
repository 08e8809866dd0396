/** When to read: moments aligned to the UTC epoch, so that all meters show the same quarter hours. */

/**
 * The first moment after `now_ms` at which to read, in Unix milliseconds: a multiple of `interval_s`
 * and the slave's own share of `spread_s` on top, so that not every slave reads at the same second.
 */
export function nextReadMoment(
  now_ms: number,
  interval_s: number,
  spread_s: number,
  slaveId: string,
): number {
  const interval_ms = interval_s * 1_000;
  const shift_ms = Math.floor(shareOf(slaveId) * Math.min(spread_s, interval_s) * 1_000);
  return (Math.floor((now_ms - shift_ms) / interval_ms) + 1) * interval_ms + shift_ms;
}

/** A number from 0 to below 1 that is always the same for `id` (FNV-1a, 32 bits). */
function shareOf(id: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  return (hash >>> 0) / 2 ** 32;
}

/**
 * The wait before try number `attempts` + 1, in seconds: doubled each time up to `max_s`, and made
 * shorter by up to a fifth by `jitter` (0 to 1), so that many slaves do not come back at once.
 */
export function backoff_s(attempts: number, first_s: number, max_s: number, jitter: number) {
  const full_s = Math.min(max_s, first_s * 2 ** Math.min(attempts, 30));
  return full_s * (1 - 0.2 * jitter);
}
