/**
 * What is certain about a frequency: the slopes of all straight lines that pass through the boxes.
 *
 * Who holds packets back a little longer each time teaches a wrong frequency, and the clock would run
 * on by it when he then stops them all. But he cannot make packets quicker than they are: as long as
 * the boxes are wide, many slopes fit, and those beyond the oscillator's worst drift are not learned.
 */
import type { Box } from "./box.ts";

/** Boxes that are kept. */
const KEPT = 16;

/** The frequency is between these, in seconds a second. */
export interface SlopeRange {
  readonly low: number;
  readonly high: number;
}

export class Slopes {
  #boxes: Box[] = [];
  #range: SlopeRange = { low: -Infinity, high: Infinity };

  /** Takes the box of one more sample. */
  add(box: Box): void {
    let [low, high] = [-Infinity, Infinity];
    for (const older of this.#boxes) {
      const age_s = box.at_s - older.at_s;
      if (age_s <= 0) continue;
      low = Math.max(low, (box.low_s - older.high_s) / age_s);
      high = Math.min(high, (box.high_s - older.low_s) / age_s);
    }
    // Of an oscillator that wanders, old and new boxes may leave no straight line at all.
    this.#range = low <= high ? { low, high } : { low: high, high: low };
    this.#boxes.push(box);
    if (this.#boxes.length > KEPT) this.#boxes.shift();
  }

  /** Forgets all boxes but those to come. */
  clear(): void {
    this.#boxes = [];
    this.#range = { low: -Infinity, high: Infinity };
  }

  /** All boxes move by `step_s`. */
  shift(step_s: number): void {
    this.#boxes = this.#boxes.map((box) => ({
      at_s: box.at_s,
      low_s: box.low_s + step_s,
      high_s: box.high_s + step_s,
    }));
  }

  /**
   * The frequencies that are possible with an oscillator no worse than `driftMax`; when none is, it
   * is worse, and the boxes alone decide.
   */
  range(driftMax: number): SlopeRange {
    const low = Math.max(-driftMax, this.#range.low);
    const high = Math.min(driftMax, this.#range.high);
    return low <= high ? { low, high } : this.#range;
  }
}
