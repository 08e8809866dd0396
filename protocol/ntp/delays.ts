/**
 * The round trips of the last answers of one server, and what they say about the next sample.
 *
 * The quickest packet was hardly held up in a queue. What a packet took longer than that was spent
 * on one of its two ways, nobody knows on which: it may have shifted the offset by half of it.
 */

/** Round trips that are kept: at the slowest usual pace about a quarter of an hour. */
const KEPT = 16;
/** Fewer round trips say nothing about their own spread. */
const SPREAD_FROM = 4;
/** A round trip that exceeds the quickest by this many mean excesses is an outlier. */
const OUTLIER = 5;
/** Reading clocks and waking programs is not more exact than this. */
const RESOLUTION_S = 1e-5;

export class Delays {
  readonly #kept: number[] = [];
  #dropped = false;

  /**
   * Whether a packet of this delay is to be dropped as held up on its way. Only one is dropped in a
   * row: the second is no accident, the way has become longer.
   */
  isOutlier(delay_s: number): boolean {
    const outlier = !this.#dropped && this.#kept.length >= SPREAD_FROM &&
      delay_s - this.least_s > OUTLIER * this.spread_s + RESOLUTION_S;
    this.#dropped = outlier;
    return outlier;
  }

  /** Remembers a round trip, in seconds. */
  add(delay_s: number): void {
    this.#kept.push(delay_s);
    if (this.#kept.length > KEPT) this.#kept.shift();
  }

  /** The quickest round trip, in seconds; 0 when there is none. */
  get least_s(): number {
    return this.#kept.length === 0 ? 0 : Math.min(...this.#kept);
  }

  /** By how much round trips exceed the quickest on average, in seconds. */
  get spread_s(): number {
    const sum = this.#kept.reduce((total, delay_s) => total + delay_s, 0);
    return this.#kept.length === 0 ? 0 : sum / this.#kept.length - this.least_s;
  }

  /** Variance of the offset (s²) that a packet with this delay measured. */
  noise(delay_s: number): number {
    if (this.#kept.length < SPREAD_FROM) return (delay_s / 4) ** 2 + RESOLUTION_S ** 2;
    const excess_s = Math.max(0, delay_s - this.least_s);
    // Half of it is the most it can have shifted; a little more, as delays of one way go one way.
    return (excess_s * 0.75) ** 2 + (this.spread_s / 4) ** 2 + RESOLUTION_S ** 2;
  }

  /** Variance of the offset (s²) by a packet of the usual delay. */
  get usualNoise(): number {
    return this.noise(this.least_s + this.spread_s);
  }
}
