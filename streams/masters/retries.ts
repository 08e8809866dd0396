/** When a partition whose opening failed is tried again: soon at first, then once a lease at most. */
import type { Timers } from "../time/timers.ts";

interface Wait {
  readonly wait_ms: number;
  readonly until_ms: number;
}

export class Retries {
  readonly #timers: Timers;
  readonly #first_ms: number;
  readonly #longest_ms: number;
  /** One entry a partition at most. */
  readonly #waits = new Map<number, Wait>();

  constructor(timers: Timers, first_ms: number, longest_ms: number) {
    this.#timers = timers;
    this.#first_ms = first_ms;
    this.#longest_ms = longest_ms;
  }

  /** The wait before the next try is twice the one before. */
  failed(partition: number): void {
    const before = this.#waits.get(partition);
    const wait_ms = Math.min(before ? 2 * before.wait_ms : this.#first_ms, this.#longest_ms);
    this.#waits.set(partition, { wait_ms, until_ms: this.#timers.now_ms() + wait_ms });
  }

  succeeded(partition: number): void {
    this.#waits.delete(partition);
  }

  /** Whether `partition` may be tried now. */
  due(partition: number): boolean {
    const wait = this.#waits.get(partition);
    return wait === undefined || this.#timers.now_ms() >= wait.until_ms;
  }
}
