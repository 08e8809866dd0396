/**
 * Measuring several ways of doing a thing on a machine that has other things to do: all of them take
 * turns in short rounds, so that a slow moment slows them all, and the median of the rounds counts.
 */

export interface Variant {
  readonly name: string;
  /** Does the thing `times` times. What must not be measured is done before. */
  readonly run: (times: number) => void;
}

export interface RoundsOptions {
  /** How often every variant has its turn. */
  readonly rounds: number;
  /** How long one turn takes, roughly, in milliseconds. */
  readonly turn_ms: number;
}

/** Median time of one run of each variant, in microseconds, by name. */
export function measure(
  variants: readonly Variant[],
  { rounds, turn_ms }: RoundsOptions,
): Map<string, number> {
  const turns = variants.map((variant) => ({
    variant,
    times: timesFor(variant, turn_ms),
    taken_us: [] as number[],
  }));
  for (let round = 0; round < rounds; round++) {
    for (const { variant, times, taken_us } of turns) {
      taken_us.push(elapsed_ms(variant, times) * 1_000 / times);
    }
  }
  return new Map(turns.map(({ variant, taken_us }) => [variant.name, median(taken_us)]));
}

/** Runs that fill one turn, found out while the compiler warms up. */
function timesFor(variant: Variant, turn_ms: number): number {
  let times = 16;
  while (elapsed_ms(variant, times) < turn_ms) times *= 2;
  return Math.max(1, Math.ceil(times * turn_ms / elapsed_ms(variant, times)));
}

function elapsed_ms(variant: Variant, times: number): number {
  const started_ms = performance.now();
  variant.run(times);
  return performance.now() - started_ms;
}

/** The middle one of `values`, the lower of two. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[(values.length - 1) >> 1]!;
}
