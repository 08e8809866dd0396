/**
 * The keys that a sealing side keeps: those of the current hour and the next day, and nothing that
 * opens what was sealed before (tves: Keys).
 */
import { fromHex, toHex } from "../bytes.ts";
import { z } from "../schema.ts";
import { ENROLMENT_DAYS_MAX, type HeadEndKeysInput } from "./keys.ts";
import {
  dayOf,
  firstDayKey,
  firstHourKey,
  hourOf,
  HOURS_A_DAY,
  nextDayKey,
  nextHourKey,
  secondKeyOf,
  SECONDS_A_HOUR,
} from "./schedule.ts";

/** How long the key of the previous hour is kept, for a clock that is set back a little. */
export const PREVIOUS_HOUR_KEPT_S = 60;

/**
 * How far ahead of the present hour `hourKey` looks: as long as commands wait for a slave that was
 * away, and a day for clocks.
 */
export const HOURS_AHEAD_MAX = 8 * HOURS_A_DAY;

const hex32 = z.string().regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits");

/** What is stored between two starts. A secret: keep it in a file that only the slave may read. */
export const edgeKeyState = z.object({
  /** Hours since the Unix epoch of `hour_key`. */
  hour: z.int().nonnegative(),
  hour_key: hex32,
  previous_hour_key: hex32.nullable(),
  /** Key of the day after the day of `hour`. */
  next_day_key: hex32,
});
export type EdgeKeyState = z.infer<typeof edgeKeyState>;

export interface EdgeEnrolment extends HeadEndKeysInput {
  /** The present second, on or after the day of enrolment. */
  readonly t_s: number;
}

/** Keys of the present. They only ever go forward, and what they leave behind is erased. */
export class EdgeKeys {
  #hour: number;
  #hourKey: Uint8Array;
  #previousHourKey: Uint8Array | undefined;
  #nextDayKey: Uint8Array;

  private constructor(hour: number, hourKey: Uint8Array, nextDayKey: Uint8Array) {
    this.#hour = hour;
    this.#hourKey = hourKey;
    this.#nextDayKey = nextDayKey;
  }

  /**
   * The keys at `t_s` of a meter that is taken in. The caller erases `key` afterwards, in memory and
   * on disk. Throws `RangeError` when `t_s` lies before the enrolment or absurdly far behind it.
   */
  static enrol({ key, generation, enrolmentDay, meterId, t_s }: EdgeEnrolment): EdgeKeys {
    const age_days = dayOf(t_s) - enrolmentDay;
    if (!(age_days >= 0 && age_days <= ENROLMENT_DAYS_MAX)) {
      throw new RangeError(
        `The clock stands at day ${
          dayOf(t_s)
        }, the key of ${meterId} begins on day ${enrolmentDay}: ` +
          "set the clock, then enrol again",
      );
    }
    const dayKey = firstDayKey(key, generation, enrolmentDay, meterId);
    const keys = new EdgeKeys(
      enrolmentDay * HOURS_A_DAY,
      firstHourKey(dayKey),
      nextDayKey(dayKey),
    );
    dayKey.fill(0);
    keys.advance(t_s);
    return keys;
  }

  /** The keys as `state()` gave them. Validate what comes from a file with `edgeKeyState`. */
  static restore(state: EdgeKeyState): EdgeKeys {
    const keys = new EdgeKeys(state.hour, fromHex(state.hour_key), fromHex(state.next_day_key));
    if (state.previous_hour_key !== null) keys.#previousHourKey = fromHex(state.previous_hour_key);
    return keys;
  }

  /** What to store, in place of what was stored before, so that the past is gone from disk too. */
  state(): EdgeKeyState {
    return {
      hour: this.#hour,
      hour_key: toHex(this.#hourKey),
      previous_hour_key: this.#previousHourKey ? toHex(this.#previousHourKey) : null,
      next_day_key: toHex(this.#nextDayKey),
    };
  }

  /**
   * Goes forward to the hour of `t_s` and erases what is past; returns whether `state()` changed and
   * must be stored again. An earlier `t_s` changes nothing: keys do not come back. Call it before
   * every sealing and at least once a minute. Throws `RangeError` for an absurdly late `t_s`, since
   * a step that cannot be undone must not follow from a broken clock.
   */
  advance(t_s: number): boolean {
    const hour = hourOf(t_s);
    if (!Number.isFinite(hour) || hour - this.#hour > ENROLMENT_DAYS_MAX * HOURS_A_DAY) {
      throw new RangeError(`Keys cannot go forward to ${t_s} s: set the clock`);
    }
    const forward = hour > this.#hour;
    while (this.#hour < hour) this.#step(hour);
    const expires_s = this.#hour * SECONDS_A_HOUR + PREVIOUS_HOUR_KEPT_S;
    const expired = this.#previousHourKey !== undefined && t_s >= expires_s;
    if (expired) this.erasePrevious();
    return forward || expired;
  }

  /**
   * `S[t]`. Throws `RangeError` for a past hour, whose key is erased, and for a later hour, to which
   * `advance` was not called.
   */
  secondKey(t_s: number): Uint8Array {
    const hour = hourOf(t_s);
    if (hour === this.#hour) return secondKeyOf(this.#hourKey, t_s);
    if (hour === this.#hour - 1 && this.#previousHourKey !== undefined) {
      return secondKeyOf(this.#previousHourKey, t_s);
    }
    throw new RangeError(
      hour < this.#hour
        ? `The key of second ${t_s} is erased: the present hour began at ${
          this.#hour * SECONDS_A_HOUR
        }`
        : `The keys have not been brought forward to second ${t_s}`,
    );
  }

  /** Hours since the Unix epoch of the present key. */
  get hour(): number {
    return this.#hour;
  }

  /**
   * A copy of `H[d,k]` for an hour since the Unix epoch; the caller erases it. Undefined for an hour
   * whose key is erased, and for one more than `HOURS_AHEAD_MAX` ahead. Changes nothing.
   */
  hourKey(hour: number): Uint8Array | undefined {
    if (hour === this.#hour) return this.#hourKey.slice();
    if (hour === this.#hour - 1) return this.#previousHourKey?.slice();
    const ahead = hour - this.#hour;
    if (!(ahead > 0 && ahead <= HOURS_AHEAD_MAX)) return undefined;
    const copy = EdgeKeys.restore(this.state());
    copy.advance(hour * SECONDS_A_HOUR);
    const key = copy.#hourKey.slice();
    copy.erase();
    return key;
  }

  /** Overwrites the previous hour's key before its time; returns whether there was one. */
  erasePrevious(): boolean {
    if (this.#previousHourKey === undefined) return false;
    this.#previousHourKey.fill(0);
    this.#previousHourKey = undefined;
    return true;
  }

  /** Overwrites all keys in memory: they have been replaced. Nothing can be derived afterwards. */
  erase(): void {
    this.erasePrevious();
    this.#hourKey.fill(0);
    this.#nextDayKey.fill(0);
    // No second is ahead of it: zeroes are never taken for a chain.
    this.#hour = Infinity;
  }

  /** One hour on, or a whole day where the goal lies beyond it. */
  #step(goal: number): void {
    this.erasePrevious();
    const past = this.#hourKey;
    const newDay = (Math.floor(this.#hour / HOURS_A_DAY) + 1) * HOURS_A_DAY;
    if (goal >= newDay) {
      const dayKey = this.#nextDayKey;
      // Only the hour just before midnight is the previous hour of the new day's first.
      const adjacent = this.#hour === newDay - 1;
      this.#hourKey = firstHourKey(dayKey);
      this.#nextDayKey = nextDayKey(dayKey);
      dayKey.fill(0);
      this.#hour = newDay;
      if (!adjacent) past.fill(0);
      else this.#previousHourKey = past;
      return;
    }
    this.#hourKey = nextHourKey(past);
    this.#previousHourKey = past;
    this.#hour++;
  }
}
