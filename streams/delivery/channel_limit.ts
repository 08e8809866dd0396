/**
 * How fast one channel may send, in this process: a bucket of tokens, and a pause when the provider
 * says that it has too much.
 */
import { RetryableError } from "../../protocol/errors.ts";
import { pass, systemTimers, type Timers } from "../time/timers.ts";

/** A message in hand may wait so long; longer, and the queue would hand it to somebody else. */
const WAIT_MAX_MS = 30_000;
/** What may go at once after a quiet while. */
const BURST_MS = 1_000;

export class ChannelLimit {
  readonly #timers: Timers;
  readonly #interval_ms: number;
  /** When the next message may go, by the timers' clock; in the past: tokens are there. */
  #next_ms: number;
  #paused_until_ms = 0;

  constructor(per_minute: number, timers: Timers = systemTimers) {
    this.#timers = timers;
    this.#interval_ms = 60_000 / per_minute;
    this.#next_ms = timers.now_ms();
  }

  /** Resolves when one message may go. Throws `RetryableError` when that is too far off. */
  async take(): Promise<void> {
    const now_ms = this.#timers.now_ms();
    const floor_ms = now_ms - Math.max(0, BURST_MS - this.#interval_ms);
    const at_ms = Math.max(this.#next_ms, floor_ms, this.#paused_until_ms);
    const wait_ms = at_ms - now_ms;
    if (wait_ms > WAIT_MAX_MS) {
      throw new RetryableError("The channel's limit of rate", Math.ceil(wait_ms));
    }
    this.#next_ms = at_ms + this.#interval_ms;
    if (wait_ms > 0) await pass(this.#timers, wait_ms);
  }

  /** Nothing goes for `duration_ms`. */
  pause(duration_ms: number): void {
    const until_ms = this.#timers.now_ms() + duration_ms;
    this.#paused_until_ms = Math.max(this.#paused_until_ms, until_ms);
  }
}
