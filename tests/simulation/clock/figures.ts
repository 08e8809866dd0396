/** The figures of a run and of many, and the bar they are held against. */

/** The bar that a clock in order keeps: chrony's acceptance, and RMS over the settled part. */
export const BAR = {
  settled_s: 200,
  errorMax_s: 1e-3,
  errorRms_s: 0.3e-3,
  frequencyRms: 10e-6,
} as const;

export interface Figures {
  readonly errorMax_s: number;
  readonly errorRms_s: number;
  readonly frequencyRms: number;
  /** When the error last exceeded the bar. */
  readonly settled_s: number;
  readonly questions: number;
}

/** Gathers one run. */
export class Gauge {
  #max_s = 0;
  #squares = 0;
  #frequencySquares = 0;
  #count = 0;
  #unsettled_s = 0;

  /** Any moment, also before the clock has settled. */
  watch(at_s: number, error_s: number, errorMax_s: number = BAR.errorMax_s): void {
    if (Math.abs(error_s) > errorMax_s) this.#unsettled_s = at_s;
  }

  /** A moment at which the bar must hold. */
  add(error_s: number, frequencyError: number): void {
    this.#max_s = Math.max(this.#max_s, Math.abs(error_s));
    this.#squares += error_s * error_s;
    this.#frequencySquares += frequencyError * frequencyError;
    this.#count++;
  }

  figures(questions: number): Figures {
    return {
      errorMax_s: this.#max_s,
      errorRms_s: Math.sqrt(this.#squares / this.#count),
      frequencyRms: Math.sqrt(this.#frequencySquares / this.#count),
      settled_s: this.#unsettled_s,
      questions,
    };
  }
}

/** Median and worst of one figure over many runs. */
export function spread(
  all: readonly number[],
): { readonly median: number; readonly worst: number } {
  const sorted = [...all].sort((a, b) => a - b);
  return { median: sorted[sorted.length >> 1]!, worst: sorted[sorted.length - 1]! };
}
