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

export interface HeadEndKeysInput {
  /** The meter's key `K`, 32 bytes, unwrapped. */
  readonly key: Uint8Array;
  readonly generation: number;
  /** UTC day number of the enrolment, `d0`. */
  readonly enrolmentDay: number;
  readonly meterId: string;
}

/**
 * Derives the key of any second. It remembers two day keys and two hour keys (about 200 bytes), the
 * even and the odd one, so that frames in order of time cost one link an hour and one a day, and a
 * window that lies across the change of an hour or of a day does not walk to and fro.
 */
export class HeadEndKeys {
  readonly #input: HeadEndKeysInput;
  readonly #dayKeys = new Uint8Array(SLOTS * KEY_LENGTH);
  readonly #days: [number, number] = [-1, -1];
  readonly #hourKeys = new Uint8Array(SLOTS * KEY_LENGTH);
  readonly #hours: [number, number] = [-1, -1];

  /** Throws `RangeError` when the key has not 32 bytes. */
  constructor(input: HeadEndKeysInput) {
    if (input.key.length !== KEY_LENGTH) {
      throw new RangeError(`A meter's key has 32 bytes, not ${input.key.length}`);
    }
    this.#input = input;
  }

  /**
   * `S[t]`, or `undefined` for a second before the day of enrolment or more than a hundred years
   * after it.
   */
  secondKey(t_s: number): Uint8Array | undefined {
    if (!this.#reaches(dayOf(t_s))) return undefined;
    return secondKeyOf(this.#hourKey(hourOf(t_s)), t_s);
  }

  /** `H[d,k]` of an hour since the Unix epoch, or `undefined` where `secondKey` has none either. */
  hourKey(hour: number): Uint8Array | undefined {
    if (!this.#reaches(Math.floor(hour / HOURS_A_DAY))) return undefined;
    return this.#hourKey(hour).slice();
  }

  #reaches(day: number): boolean {
    const age_days = day - this.#input.enrolmentDay;
    return age_days >= 0 && age_days <= ENROLMENT_DAYS_MAX;
  }

  #hourKey(hour: number): Uint8Array {
    const firstHour = hour - hour % HOURS_A_DAY;
    const known = nearest(this.#hours, hour);
    // A remembered hour of an earlier day is on another chain and of no use here.
    let at = known >= firstHour ? known : firstHour;
    let key = at === known
      ? slot(this.#hourKeys, at)
      : firstHourKey(this.#dayKey(firstHour / HOURS_A_DAY));
    if (at === hour && at === known) return key;
    for (; at < hour; at++) key = nextHourKey(key);
    return remember(this.#hours, this.#hourKeys, hour, key);
  }

  #dayKey(day: number): Uint8Array {
    const { key: root, generation, enrolmentDay, meterId } = this.#input;
    const known = nearest(this.#days, day);
    if (known === day) return slot(this.#dayKeys, day);
    let at = known < 0 ? enrolmentDay : known;
    let key = known < 0
      ? firstDayKey(root, generation, enrolmentDay, meterId)
      : slot(this.#dayKeys, known);
    for (; at < day; at++) key = nextDayKey(key);
    return remember(this.#days, this.#dayKeys, day, key);
  }
}

/** The latest of the remembered links that is not later than `index`, or -1. */
function nearest(links: readonly [number, number], index: number): number {
  const [even, odd] = links;
  return Math.max(even <= index ? even : -1, odd <= index ? odd : -1);
}

/** The place of link `index`: neighbours never share one. */
function slot(keys: Uint8Array, index: number): Uint8Array {
  const offset = (index % SLOTS) * KEY_LENGTH;
  return keys.subarray(offset, offset + KEY_LENGTH);
}

function remember(
  links: [number, number],
  keys: Uint8Array,
  index: number,
  key: Uint8Array,
): Uint8Array {
  const place = slot(keys, index);
  place.set(key);
  links[index % SLOTS === 0 ? 0 : 1] = index;
  return place;
}
