/** Counts by reason: few reasons are kept, whoever may send them. */

/** Reasons are few; whoever may write to a subject might send more. */
const REASONS_MAX = 32;
const OTHER_REASONS = "other reasons";

export class Reasons {
  readonly #counts = new Map<string, number>();
  #total = 0;

  /** Counts `reason` once, or `count` times. */
  add(reason: string, count = 1): void {
    const isRoom = this.#counts.has(reason) || this.#counts.size < REASONS_MAX;
    const name = isRoom ? reason : OTHER_REASONS;
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + count);
    this.#total += count;
  }

  /** All that was counted. */
  get total(): number {
    return this.#total;
  }

  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }

  /** These and `others`: what both have counted counts twice. */
  with(others: Reasons): Reasons {
    const both = new Reasons();
    for (const { counts } of [this, others]) {
      for (const [reason, count] of Object.entries(counts)) both.add(reason, count);
    }
    return both;
  }
}
