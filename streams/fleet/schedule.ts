/**
 * When each reading of a fleet is taken. Reading `n` is of meter `n mod meters`, and the meters follow
 * each other evenly. A reading is told apart by its meter and its moment, so that two of one meter are
 * at least a millisecond apart; from a moment comes the reading again, for confirmations name it so.
 */

const MS_A_SECOND = 1_000;
const MS_A_DAY = 86_400_000;
/** Readings of one meter in a millisecond: the least distance of two of them. */
const A_METER_A_SECOND_MAX = 1_000;
/** Numbers of a meter for each millisecond of a day; 2^32 divided by the day, rounded down. */
const NUMBERS_A_MS = 49;
/** Boots count days from here on: each run goes on where no earlier run has been. */
const FIRST_DAY = Date.UTC(2026, 0, 1) / MS_A_DAY;
/** One watt-hour in so many milliseconds: a load of 1 kW. */
const MS_A_WH = 3_600;

export interface ScheduleOptions {
  readonly meters: number;
  /** Readings a second of all meters together, from 1 on. */
  readonly rate: number;
  readonly begin_ms: number;
}

/** Highest rate of a load: more than one process seals, and what it must remember has an end. */
export const RATE_MAX = 200_000;

/** Highest rate that a fleet of `meters` can have. */
export function rateMax(meters: number): number {
  return Math.min(RATE_MAX, meters * A_METER_A_SECOND_MAX);
}

export class FleetSchedule {
  /** Boot count and first sequence number of every meter in this run. */
  readonly boot: number;
  readonly #firstSequence: number;
  readonly #meters: number;
  readonly #begin_ms: number;
  readonly #gap_ms: number;

  /** Throws `RangeError` for a rate that the meters cannot have, or a clock before 2026. */
  constructor({ meters, rate, begin_ms }: ScheduleOptions) {
    const max = rateMax(meters);
    if (!(rate > 0 && rate <= max)) {
      throw new RangeError(`${meters} meters give at most ${max} readings a second, from 1 on`);
    }
    this.boot = Math.floor(begin_ms / MS_A_DAY) - FIRST_DAY + 1;
    if (this.boot < 1) throw new RangeError("The clock stands before 2026: set it");
    this.#firstSequence = 1 + (Math.floor(begin_ms) % MS_A_DAY) * NUMBERS_A_MS;
    this.#meters = meters;
    this.#begin_ms = Math.floor(begin_ms);
    this.#gap_ms = MS_A_SECOND / rate;
  }

  /** Readings that are due at `now_ms`: their moments have come. */
  dueAt(now_ms: number): number {
    return now_ms < this.#begin_ms ? 0 : Math.floor((now_ms - this.#begin_ms) / this.#gap_ms) + 1;
  }

  readAt_ms(n: number): number {
    return Math.floor(this.#begin_ms + n * this.#gap_ms);
  }

  meterOf(n: number): number {
    return n % this.#meters;
  }

  sequenceOf(n: number): number {
    return this.#firstSequence + Math.floor(n / this.#meters);
  }

  /** A register that only rises, in this run and from run to run. */
  energyAt_wh(read_at_ms: number): number {
    return Math.floor((read_at_ms - FIRST_DAY * MS_A_DAY) / MS_A_WH);
  }

  /** The reading of `meter` at `read_at_ms`; undefined for one that is not of this run. */
  readingAt(meter: number, read_at_ms: number): number | undefined {
    const turn = (read_at_ms - this.#begin_ms) / this.#gap_ms - meter;
    const round = Math.floor(turn / this.#meters);
    // A moment is a whole millisecond: it lies up to one in front of the reading's place in the row.
    for (const one of [round, round + 1]) {
      const n = one * this.#meters + meter;
      if (n >= 0 && this.readAt_ms(n) === read_at_ms) return n;
    }
    return undefined;
  }
}
