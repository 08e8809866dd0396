/** What is done with the outbox when the clock becomes known, and what is said of it. */
import type { Log } from "../terminal/log.ts";
import type { Store } from "./store.ts";

export interface KnownTime {
  /** What is added to the local clock, in milliseconds. */
  readonly offset_ms: number;
  /** Unix time in milliseconds of the start of this process, and of now. */
  readonly started_ms: number;
  readonly at_ms: number;
}

/** Dates the readings that had no time; whether there were any. Throws when the store fails. */
export function dateOutbox(store: Store, known: KnownTime, log: Log): boolean {
  const { outbox, starts, keys } = store;
  const { corrected, uncertain } = outbox.correct({
    offset_ms: known.offset_ms,
    started_ms: known.started_ms,
    isComparable: (boot) => starts.isComparable(boot),
    // Keys go forward by a known clock alone: their hour had begun.
    earliest_ms: (meter_id) => (keys.get(meter_id)?.keys.hour ?? 0) * 3_600_000,
  });
  if (corrected > 0) {
    log.info("times of readings put right, taken before the clock was known", {
      readings: corrected,
      offset_s: Number((known.offset_ms / 1_000).toFixed(3)),
    });
  }
  if (uncertain > 0) {
    log.warn("readings of an earlier start cannot be dated for certain: marked so", {
      readings: uncertain,
    });
  }
  const future = outbox.countAfter(known.at_ms);
  if (future > 0) {
    log.warn("readings of the future wait: the clock was wrong when they were taken", {
      readings: future,
    });
  }
  return corrected + uncertain > 0;
}
