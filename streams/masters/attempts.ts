/** What a master tries again and again while the broker is away, without a log line each time. */
import type { Log } from "../terminal/log.ts";

export class Attempts {
  readonly #log: Log;
  readonly #failing = new Set<string>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Never throws. Says that `what` failed once, and once that it works again. */
  async quietly(what: string, action: () => Promise<void>): Promise<void> {
    try {
      await action();
      if (this.#failing.delete(what)) this.#log.info(`${what} works again`);
    } catch (error) {
      if (this.#failing.has(what)) return;
      this.#failing.add(what);
      this.#log.warn(`${what} failed, trying on`, { reason: (error as Error).message });
    }
  }
}
