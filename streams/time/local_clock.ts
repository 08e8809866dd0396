/**
 * The clock that is being corrected: the system's time once, at the start, and from then on the
 * monotonic clock alone. Whoever sets the system's time afterwards does not move it.
 */
import { hrtime } from "node:process";

export interface LocalClock {
  /** Unix time in nanoseconds as this clock has it, uncorrected. */
  now_ns(): bigint;
  /** Seconds since the clock was started. */
  monotonic_s(): number;
}

/** Starts a clock. `started_ms` is the Unix time to start from, the system's if not given. */
export function startLocalClock(started_ms: number = Date.now()): LocalClock {
  const start_ns = BigInt(Math.round(started_ms * 1e6));
  const zero_ns = hrtime.bigint();
  return {
    now_ns: () => start_ns + (hrtime.bigint() - zero_ns),
    monotonic_s: () => Number(hrtime.bigint() - zero_ns) / 1e9,
  };
}

/**
 * The system's own clock, for a server that gives its time to others: whole milliseconds from the
 * system, what lies between from the monotonic clock, which alone would not hear of a step.
 */
export const systemClock: LocalClock = { now_ns: followSystem(), monotonic_s };

function followSystem(): () => bigint {
  let origin_ms = performance.timeOrigin;
  return () => {
    const system_ms = Date.now();
    const now_ms = origin_ms + performance.now();
    const right_ms = Math.min(system_ms + 1, Math.max(system_ms, now_ms));
    origin_ms += right_ms - now_ms;
    return BigInt(Math.round(right_ms * 1e3)) * 1_000n;
  };
}

function monotonic_s(): number {
  return performance.now() / 1e3;
}
