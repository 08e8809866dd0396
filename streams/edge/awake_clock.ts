/**
 * A local clock that goes on while the machine sleeps.
 *
 * The runtime's monotonic clock stands still during a suspend, so afterwards every time server would
 * contradict it and be refused as a step that nothing confirms. The machine's uptime counts the sleep:
 * where it ran ahead of the monotonic clock, the machine slept, and the difference is added.
 */
import type { LocalClock } from "../time/local_clock.ts";

/** Uptime comes in whole seconds: a smaller difference may be rounding. */
const NOISE_S = 1.5;

/** Seconds since the machine started, sleep included; undefined where that may not be asked. */
export function machineUptime_s(): number | undefined {
  try {
    return Deno.osUptime();
  } catch (error) {
    // Without --allow-sys=osUptime a sleep is found out by the time servers alone.
    if (error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}

export class AwakeClock implements LocalClock {
  readonly #base: LocalClock;
  readonly #uptime_s: () => number | undefined;
  #slept_s = 0;
  /** How far the uptime was ahead of the monotonic clock, at most. */
  #ahead_s: number | undefined;

  constructor(base: LocalClock, uptime_s: () => number | undefined = machineUptime_s) {
    this.#base = base;
    this.#uptime_s = uptime_s;
    this.check();
  }

  now_ns(): bigint {
    return this.#base.now_ns() + BigInt(Math.round(this.#slept_s * 1e3)) * 1_000_000n;
  }

  monotonic_s(): number {
    return this.#base.monotonic_s() + this.#slept_s;
  }

  /** Seconds, to one more or less, that the machine has slept since the last call; 0 if it did not. */
  check(): number {
    const uptime_s = this.#uptime_s();
    if (uptime_s === undefined) return 0;
    const ahead_s = uptime_s - this.#base.monotonic_s();
    const grown_s = ahead_s - (this.#ahead_s ?? ahead_s);
    if (grown_s >= 0) this.#ahead_s = ahead_s;
    this.#ahead_s ??= ahead_s;
    if (grown_s < NOISE_S) return 0;
    this.#slept_s += grown_s;
    return grown_s;
  }
}
