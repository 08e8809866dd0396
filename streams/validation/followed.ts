/**
 * What the sweep remembers of each meter, so that an ordinary reading is judged without a look-up:
 * the reading before it, and what hangs where. It may be out of date: what seems to fail by it is
 * judged again by the tables.
 */
import type { ReadingFacts, RegisterAt } from "../../actors/validation/facts.ts";
import type { NewReading } from "./new_readings.ts";

/** Meters that are remembered; of more the one that was not heard for longest is loaded again. */
const METERS_MAX = 250_000;
/** After so long the account, the load and the history may have changed. */
const FRESH_MS = 6 * 3_600_000;

interface Followed {
  readonly facts: ReadingFacts;
  readonly loaded_ms: number;
  last: RegisterAt;
  /** Since when the register has stood at `last`. */
  still_since_ms: number;
}

export class FollowedMeters {
  readonly #meters = new Map<string, Followed>();
  readonly #max: number;

  constructor(max = METERS_MAX) {
    this.#max = max;
  }

  get size(): number {
    return this.#meters.size;
  }

  /** Forgets everything: after a failure nobody knows what stands. */
  clear(): void {
    this.#meters.clear();
  }

  /** The facts of `reading` as far as they are remembered; undefined where the tables must be asked. */
  factsOf(reading: NewReading, now_ms: number): ReadingFacts | undefined {
    const followed = this.#meters.get(reading.meter_id);
    if (followed === undefined || now_ms - followed.loaded_ms > FRESH_MS) return undefined;
    const { facts, last, still_since_ms } = followed;
    const { read_at_ms, value } = reading;
    if (read_at_ms <= last.read_at_ms || reading.flags !== "[]") return undefined;
    const removed_at_ms = facts.installation?.removed_at_ms ?? null;
    if (removed_at_ms !== null && read_at_ms > removed_at_ms) return undefined;
    return {
      ...facts,
      reading: {
        read_at_ms,
        value_wh: value,
        flags: [],
        arrived_at_ms: reading.arrived_at_ms,
        told_consumer: null,
        other_values_wh: [],
      },
      now_ms,
      previous: last,
      unchanged_since_ms: value === last.value_wh ? still_since_ms : null,
    };
  }

  /** Goes on from `reading`, which was judged by what is remembered. */
  moveOn({ meter_id, read_at_ms, value }: NewReading): void {
    const followed = this.#meters.get(meter_id);
    if (followed === undefined || read_at_ms <= followed.last.read_at_ms) return;
    if (value !== followed.last.value_wh) followed.still_since_ms = read_at_ms;
    followed.last = { read_at_ms, value_wh: value };
    // The one that was heard last goes to the end.
    this.#meters.delete(meter_id);
    this.#meters.set(meter_id, followed);
  }

  /** Remembers a meter by `facts`, loaded from the tables just now. */
  remember(facts: ReadingFacts): void {
    const { meter_id, reading, history, now_ms } = facts;
    const known = this.#meters.get(meter_id);
    // An old reading that came late says nothing of how the register stands.
    const last = known !== undefined && known.last.read_at_ms > reading.read_at_ms
      ? known.last
      : { read_at_ms: reading.read_at_ms, value_wh: reading.value_wh };
    const units_kwh = history.reduce((sum, cycle) => sum + cycle.units_kwh, 0);
    const days = history.reduce((sum, cycle) => sum + cycle.days, 0);
    this.#meters.delete(meter_id);
    this.#meters.set(meter_id, {
      facts: {
        ...facts,
        next: null,
        decision: null,
        // One sum is enough: what is usual is a mean, and there may be very many meters.
        history: days > 0 ? [{ units_kwh, days }] : [],
      },
      loaded_ms: now_ms,
      last,
      still_since_ms: facts.unchanged_since_ms ?? last.read_at_ms,
    });
    if (this.#meters.size > this.#max) this.#meters.delete(this.#meters.keys().next().value!);
  }
}
