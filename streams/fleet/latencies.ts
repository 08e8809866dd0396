/** Many durations in little memory: counted by size, each step 2 % longer than the one before. */

const STEP = 1.02;
/** Shortest that is told apart. */
const LEAST_MS = 0.01;
/** Ten minutes; what is longer counts there. */
const STEPS = 1_000;

export class Latencies {
  readonly #counts = new Uint32Array(STEPS);
  #count = 0;

  add(duration_ms: number): void {
    const step = Math.ceil(Math.log(duration_ms / LEAST_MS) / Math.log(STEP));
    this.#counts[Math.min(STEPS - 1, Math.max(0, step || 0))]! += 1;
    this.#count += 1;
  }

  /** In milliseconds, at most 2 % too long; null while there is none. */
  quantile(share: number): number | null {
    if (this.#count === 0) return null;
    let seen = 0;
    for (let step = 0; step < STEPS; step++) {
      seen += this.#counts[step]!;
      if (seen >= share * this.#count) return Number((LEAST_MS * STEP ** step).toPrecision(3));
    }
    throw new RangeError(`No share of all: ${share}`);
  }
}
