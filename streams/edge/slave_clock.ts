/**
 * The clock that a slave reads and seals by: the monotonic clock plus the estimate of the time
 * servers (TVES/2, sealing rules). The system's clock is looked at once, at the start.
 */
import type { ClockEstimate } from "../../protocol/ntp/discipline.ts";
import { REASON_LENGTH_MAX } from "../../protocol/messages/session.ts";
import type { Log } from "../terminal/log.ts";
import { startTimeSync, type TimeSync, type TimeSyncOptions } from "../time/time_sync.ts";
import type { AwakeClock } from "./awake_clock.ts";
import type { ReadClock } from "./outbox.ts";

export interface SlaveClockOptions {
  readonly clock: AwakeClock;
  readonly log: Log;
  readonly poll_s: number;
  readonly sources: TimeSyncOptions["sources"];
  readonly onAdopted: (estimate: ClockEstimate) => void;
  readonly onStepRefused: (server: string, step_s: number) => void;
  readonly follow?: (options: TimeSyncOptions) => TimeSync;
}

export class SlaveClock implements TimeSync {
  readonly #options: SlaveClockOptions;
  /** What each time server said last, where it was of no use. */
  readonly #troubles = new Map<string, string>();
  readonly #ended: Promise<void>[] = [];
  #sync: TimeSync;
  /** The offset that was known when the machine fell asleep: better than the system's clock. */
  #before_s = 0;
  #doubted = false;
  #stopped = false;

  constructor(options: SlaveClockOptions) {
    this.#options = options;
    this.#sync = this.#follow();
  }

  now(): { readonly at_ms: number; readonly estimate: ClockEstimate } {
    const { clock, log } = this.#options;
    const slept_s = clock.check();
    if (slept_s > 0 && !this.#stopped) {
      log.warn("the machine slept: its clock is checked before anything is sealed", {
        seconds: Math.round(slept_s),
      });
      this.#startAfresh();
    }
    const { at_ms, estimate } = this.#sync.now();
    // Before the first answer there is no offset of its own.
    if (estimate.source !== null || this.#before_s === 0) return { at_ms, estimate };
    const offset_s = this.#before_s;
    return { at_ms: at_ms + offset_s * 1_000, estimate: { ...estimate, offset_s } };
  }

  /** Seconds of the clock that never jumps, sleep included. */
  monotonic_s(): number {
    return this.#options.clock.monotonic_s();
  }

  /** How the clock stands, as it is kept with a reading that is taken now. */
  readClock(): ReadClock & { readonly at_ms: number } {
    const { at_ms, estimate: { quality, offset_s } } = this.now();
    // Since the last good answer a server has contradicted the clock by more than 2 s. It may lie; or
    // the monotonic clock stood still with the whole machine. The next good answer decides.
    return { at_ms, quality, offset_ms: offset_s * 1_000, doubted: this.#doubted };
  }

  /** Why the clock is not known, or runs on by itself; null while it is in step. */
  reason(): string | null {
    const { quality, source } = this.now().estimate;
    if (quality >= 2) return null;
    const last = source === null
      ? "no time server has given a good answer yet"
      : "the last good answer is too old";
    const each = [...this.#troubles].map(([server, text]) => `${server}: ${text}`);
    return [last, ...each].join("; ").slice(0, REASON_LENGTH_MAX);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#ended, this.#sync.stop()]);
  }

  /** Sleep is known to a second only, and what stood before it may be long out of date. */
  #startAfresh(): void {
    const { estimate } = this.#sync.now();
    if (estimate.source !== null) this.#before_s = estimate.offset_s;
    const ending = this.#sync.stop();
    this.#ended.push(ending);
    ending.finally(() => this.#ended.splice(this.#ended.indexOf(ending), 1));
    this.#troubles.clear();
    this.#sync = this.#follow();
  }

  #follow(): TimeSync {
    const { clock, log, poll_s, sources, onAdopted, onStepRefused } = this.#options;
    const follow = this.#options.follow ?? startTimeSync;
    const sync: TimeSync = follow({
      clock,
      log,
      poll_s,
      sources,
      onAdopted: (estimate) => {
        if (sync !== this.#sync) return; // An answer that was on its way when the machine slept.
        this.#doubted = false;
        this.#troubles.clear();
        onAdopted(estimate);
      },
      onTrouble: ({ server, reason, text, step_s }) => {
        if (sync !== this.#sync) return;
        this.#troubles.set(server, text);
        if (reason !== "step_refused" || step_s === undefined) return;
        this.#doubted = true;
        onStepRefused(server, step_s);
      },
    });
    return sync;
  }
}
