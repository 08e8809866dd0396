/**
 * The bucket `samay_meters`: what each meter actor knows, for people. A projection, written at most
 * once in a while for a meter. Masters never read it back; the office reads which key generation is in
 * use, where an old answer does no harm.
 */
import type { MeterState } from "../../actors/meter/state.ts";
import { varianceAt } from "../../protocol/meter_clock.ts";
import { WINDOW_DEFAULT_S } from "../../protocol/tves/window.ts";
import type { Bucket, Stoppable } from "../jetstream/broker.ts";
import type { Log } from "../terminal/log.ts";

const FLUSH_MS = 2_000;
/** Meters written in one flush; the rest waits for the next. */
const FLUSH_MAX = 500;
/**
 * Meters that wait to be written, about 1 KiB each. Past this a meter waits for its next reading: the
 * board shows the last of many a while later, and the readings do not wait for it.
 */
const WAITING_MAX = 20_000;

export class Board {
  readonly #bucket: Bucket;
  readonly #log: Log;
  readonly #owner: string;
  readonly #waiting = new Map<string, MeterState>();
  #quiet = true;

  constructor(bucket: Bucket, owner: string, log: Log) {
    this.#bucket = bucket;
    this.#owner = owner;
    this.#log = log;
  }

  changed(state: MeterState): void {
    const { meter_id } = state;
    // One that waits already is shown as it is now.
    if (this.#waiting.size >= WAITING_MAX && !this.#waiting.has(meter_id)) return;
    this.#waiting.set(meter_id, state);
  }

  /** How many meters wait to be written. */
  get waiting(): number {
    return this.#waiting.size;
  }

  start(): Stoppable {
    let flushing = Promise.resolve();
    const timer = setInterval(() => flushing = flushing.then(() => this.flush()), FLUSH_MS);
    return {
      stop: async () => {
        clearInterval(timer);
        await flushing;
        await this.flush();
      },
    };
  }

  async flush(): Promise<void> {
    const due = this.#waiting.values().take(FLUSH_MAX).toArray();
    for (const { meter_id } of due) this.#waiting.delete(meter_id);
    try {
      await Promise.all(due.map((state) =>
        this.#bucket.put(
          state.meter_id,
          new TextEncoder().encode(JSON.stringify(meterView(state, this.#owner))),
        )
      ));
      this.#quiet = true;
    } catch (error) {
      if (this.#quiet) {
        this.#log.warn("meter board not written, trying on", {
          reason: (error as Error).message,
        });
      }
      this.#quiet = false;
      for (const state of due) if (!this.#waiting.has(state.meter_id)) this.changed(state);
    }
  }
}

/** What an operator wants to know of a meter, in the words of the operator's guide. */
export function meterView(state: MeterState, owner: string) {
  const { clock, last } = state;
  return {
    meter: state.meter_id,
    last_reading: last && {
      read_at: new Date(last.read_at_ms).toISOString(),
      arrived_at: new Date(last.arrival_ms).toISOString(),
      values: last.values,
      frame: last.frame,
      opened_with_second: last.t_s,
    },
    clock: {
      /** Sealed less arrival at `sampled_at`: the clock's error less the delay. */
      offset_s: round(clock.offset_s),
      drift_ppm: round(clock.drift_ppm),
      deviation_s: round(Math.sqrt(varianceAt(clock, clock.sampled_at_ms))),
      drift_deviation_ppm: round(Math.sqrt(clock.drift_variance_ppm2)),
      jitter_s: round(Math.sqrt(clock.jitter_s2)),
      sampled_at: clock.samples === 0 ? null : new Date(clock.sampled_at_ms).toISOString(),
      samples: clock.samples,
      /** Where the last frame was apart from all this; null unless a confirmation is awaited. */
      apart_s: clock.apart === null ? null : round(clock.apart.offset_s),
    },
    window_s: WINDOW_DEFAULT_S,
    opened: state.opened,
    trials_mean: state.opened === 0 ? null : round(state.trials / state.opened),
    rejected: state.rejected,
    replay: (({ generation, boot, highest, first_t_s }) => ({
      ...{ generation, boot, highest, first_t_s },
    }))(state.replay.state()),
    master: owner,
  };
}

function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
