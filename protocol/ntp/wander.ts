/**
 * How strongly the frequency of the local oscillator wanders, learned from the filter's own errors.
 *
 * A filter that believes in too little wander lags behind: its prediction errors keep their sign. One
 * that believes in too much runs after noise: they change it at each sample. The right value is where
 * neighbouring errors have nothing to do with each other, whatever the noise of the network is.
 */

/** In 1/sqrt(s): a quartz in a cellar, and one in a draught. */
const WANDER_MIN = 1e-10;
const WANDER_MAX = 1e-6;
const WANDER_FIRST = 3e-8;
/** How much one pair of errors changes it, and how slowly their mean square is learned. */
const GAIN = 0.4;
const SMOOTHING = 0.1;

export class Wander {
  #value = WANDER_FIRST;
  #previous_s = 0;
  #square = 0;

  /** The standard deviation of the change of frequency in one second, in 1/sqrt(s). */
  get value(): number {
    return this.#value;
  }

  /** Learns from a prediction error and the variance that was expected of it. */
  learn(innovation_s: number, variance: number): void {
    // By the expected deviation, so that an error that was to be expected counts little.
    const error = innovation_s / Math.sqrt(variance);
    this.#square = this.#square === 0
      ? error * error
      : this.#square + SMOOTHING * (error * error - this.#square);
    if (this.#square > 0) {
      const likeness = Math.max(-1, Math.min(1, error * this.#previous_s / this.#square));
      const next = this.#value * Math.exp(GAIN * likeness);
      this.#value = Math.min(WANDER_MAX, Math.max(WANDER_MIN, next));
    }
    this.#previous_s = error;
  }

  /** The next error has no predecessor: the server has stepped. */
  forget(): void {
    this.#previous_s = 0;
  }
}
