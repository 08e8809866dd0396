/** The head-end's keys of one meter and generation: any second from the day of enrolment onward. */
import {
  dayOf,
  firstDayKey,
  firstHourKey,
  hourOf,
  HOURS_A_DAY,
  nextDayKey,
  nextHourKey,
  secondKeyOf,
} from "./schedule.ts";
import { KEY_LENGTH } from "./primitives.ts";

/**
 * Days after the enrolment for which keys are derived: a hundred years. A broken time stamp must not
 * make the head-end walk a chain without an end.
 */
export const ENROLMENT_DAYS_MAX = 36_525;

/** Links that are remembered of each chain: two, so that a window across midnight costs no walk. */
const SLOTS = 2;

/** What one `HeadEndKeys` remembers in bytes: the meter's key, and the links of both chains. */
export const HEAD_END_KEY_BYTES = (1 + 2 * SLOTS) * KEY_LENGTH;

/** Where `HEAD_END_KEY_BYTES` bytes are to be kept. */
export interface KeyPlace {
  readonly bytes: Uint8Array;
  readonly offset: number;
}

/** Where in `place` the meter's key is: unwrapped into it, it is copied from nowhere. */
export function keyIn({ bytes, offset }: KeyPlace): Uint8Array {
  return bytes.subarray(offset, offset + KEY_LENGTH);
}

export interface HeadEndKeysInput {
  /** The meter's key `K`, 32 bytes, unwrapped. */
  readonly key: Uint8Array;
  readonly generation: number;
  /** UTC day number of the enrolment, `d0`. */
  readonly enrolmentDay: number;
  readonly meterId: string;
  /** Whoever has very many of them gives them a place; the others make one of their own. */
  readonly place?: KeyPlace;
}

/**
 * Derives the key of any second. It remembers two day keys and two hour keys (about 200 bytes), the
 * even and the odd one, so that frames in order of time cost one link an hour and one a day, and a
 * window that lies across the change of an hour or of a day does not walk to and fro.
 */
export class HeadEndKeys {
  readonly #generation: number;
  readonly #enrolmentDay: number;
  readonly #meterId: string;
  readonly #bytes: Uint8Array;
  readonly #offset: number;
  #evenDay = -1;
  #oddDay = -1;
  #evenHour = -1;
  #oddHour = -1;

  /** Throws `RangeError` when the key has not 32 bytes. */
  constructor(input: HeadEndKeysInput) {
    if (input.key.length !== KEY_LENGTH) {
      throw new RangeError(`A meter's key has 32 bytes, not ${input.key.length}`);
    }
    const { place } = input;
    this.#generation = input.generation;
    this.#enrolmentDay = input.enrolmentDay;
    this.#meterId = input.meterId;
    this.#bytes = place?.bytes ?? new Uint8Array(HEAD_END_KEY_BYTES);
    this.#offset = place?.offset ?? 0;
    this.#bytes.set(input.key, this.#offset);
  }

  /** Where its bytes are. */
  get place(): KeyPlace {
    return { bytes: this.#bytes, offset: this.#offset };
  }

  /**
   * `S[t]`, in `into` where that is given, or `undefined` for a second before the day of enrolment or
   * more than a hundred years after it.
   */
  secondKey(t_s: number, into?: Uint8Array): Uint8Array | undefined {
    if (!this.#reaches(dayOf(t_s))) return undefined;
    return secondKeyOf(this.#hourKey(hourOf(t_s)), t_s, into);
  }

  /** `H[d,k]` of an hour since the Unix epoch, or `undefined` where `secondKey` has none either. */
  hourKey(hour: number): Uint8Array | undefined {
    if (!this.#reaches(Math.floor(hour / HOURS_A_DAY))) return undefined;
    return this.#hourKey(hour).slice();
  }

  #reaches(day: number): boolean {
    const age_days = day - this.#enrolmentDay;
    return age_days >= 0 && age_days <= ENROLMENT_DAYS_MAX;
  }

  #hourKey(hour: number): Uint8Array {
    const firstHour = hour - hour % HOURS_A_DAY;
    const known = nearest(this.#evenHour, this.#oddHour, hour);
    const place = this.#slot(HOURS, hour);
    if (known === hour) return place;
    // A remembered hour of an earlier day is on another chain and of no use here.
    let at = known >= firstHour ? known : firstHour;
    const dayKey = at === known ? undefined : this.#dayKey(firstHour / HOURS_A_DAY);
    this.#setHour(hour, -1); // Until it stands there.
    if (dayKey === undefined) place.set(this.#slot(HOURS, at));
    else firstHourKey(dayKey, place);
    for (; at < hour; at++) nextHourKey(place, place);
    this.#setHour(hour, hour);
    return place;
  }

  #dayKey(day: number): Uint8Array {
    const known = nearest(this.#evenDay, this.#oddDay, day);
    const place = this.#slot(DAYS, day);
    if (known === day) return place;
    let at = known < 0 ? this.#enrolmentDay : known;
    this.#setDay(day, -1);
    if (known >= 0) place.set(this.#slot(DAYS, known));
    else firstDayKey(this.#root, this.#generation, this.#enrolmentDay, this.#meterId, place);
    for (; at < day; at++) nextDayKey(place, place);
    this.#setDay(day, day);
    return place;
  }

  /** Which hour stands in the place of `hour`. */
  #setHour(hour: number, stands: number): void {
    if (hour % SLOTS === 0) this.#evenHour = stands;
    else this.#oddHour = stands;
  }

  #setDay(day: number, stands: number): void {
    if (day % SLOTS === 0) this.#evenDay = stands;
    else this.#oddDay = stands;
  }

  get #root(): Uint8Array {
    return keyIn({ bytes: this.#bytes, offset: this.#offset });
  }

  /** The place of link `index` of a chain: neighbours never share one. */
  #slot(chain: number, index: number): Uint8Array {
    const start = this.#offset + (chain + index % SLOTS) * KEY_LENGTH;
    return this.#bytes.subarray(start, start + KEY_LENGTH);
  }
}

/** Where the slots of the chains begin, behind the meter's key. */
const DAYS = 1;
const HOURS = DAYS + SLOTS;

/** The latest of the remembered links that is not later than `index`, or -1. */
function nearest(even: number, odd: number, index: number): number {
  return Math.max(even <= index ? even : -1, odd <= index ? odd : -1);
}
