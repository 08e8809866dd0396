/** How a loop that depends on something out of reach waits for it: longer each time, said once. */
import type { Log } from "../terminal/log.ts";
import { systemTimers, type Timers } from "../time/timers.ts";

const FIRST_MS = 200;
const LONGEST_MS = 10_000;

/** Waits for a duration, for a nudge, or for the end, whichever is first. */
export class Pause {
  readonly #timers: Timers;
  #wake: (() => void) | undefined;
  #nudged = false;

  constructor(signal: AbortSignal, timers = systemTimers) {
    this.#timers = timers;
    signal.addEventListener("abort", () => this.nudge(), { once: true });
  }

  /** Ends the wait, or the next one where nobody waits now. */
  nudge(): void {
    this.#nudged = true;
    this.#wake?.();
  }

  async wait(duration_ms: number): Promise<void> {
    if (!this.#nudged) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      const cancel = this.#timers.after(duration_ms, resolve);
      await promise;
      cancel();
      this.#wake = undefined;
    }
    this.#nudged = false;
  }
}

/** Counts failures in a row, says the first and the end of them, and gives the wait between. */
export class Patience {
  readonly #log: Log;
  readonly #what: string;
  #wait_ms = 0;

  constructor(log: Log, what: string) {
    this.#log = log;
    this.#what = what;
  }

  /** Milliseconds to wait before the next try. */
  failed(error: unknown): number {
    const reason = (error as Error).message;
    if (this.#wait_ms === 0) this.#log.warn(`${this.#what} waits and tries again`, { reason });
    this.#wait_ms = Math.min(Math.max(FIRST_MS, 2 * this.#wait_ms), LONGEST_MS);
    return this.#wait_ms;
  }

  succeeded(): void {
    if (this.#wait_ms > 0) this.#log.info(`${this.#what} goes on`);
    this.#wait_ms = 0;
  }
}
