/**
 * Measuring several ways of doing a thing on a machine that has other things to do: what counts is the
 * time that the processor spent on this process, all ways take turns in short rounds, so that a slow
 * moment slows them all, and the median of the rounds is taken.
 */
import process from "node:process";

export interface Variant {
  readonly name: string;
  /** Does the thing `times` times. What must not be measured is done before. */
  readonly run: (times: number) => void;
}

export interface RoundsOptions {
  /** How often every variant has its turn. */
  readonly rounds: number;
  /** Processor time of one turn, roughly, in milliseconds. */
  readonly turn_ms: number;
}

/** Median processor time of one run of each variant, in microseconds, by name. */
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
      taken_us.push(spent_us(variant, times) / times);
    }
  }
  return new Map(turns.map(({ variant, taken_us }) => [variant.name, median(taken_us)]));
}

/** Turns that a variant runs before it is measured: the compiler finds out what is worth its while. */
const WARM_UP_TURNS = 4;

/** Runs that fill one turn, once the variant is warm. */
function timesFor(variant: Variant, turn_ms: number): number {
  const turn_us = turn_ms * 1_000;
  let times = 16;
  for (let warm_us = 0; warm_us < WARM_UP_TURNS * turn_us; times += 16) {
    warm_us += spent_us(variant, times);
  }
  return Math.max(1, Math.ceil(times * turn_us / spent_us(variant, times)));
}

/** User and system time together, of all threads: the collector of garbage is part of the price. */
function spent_us(variant: Variant, times: number): number {
  const before = process.cpuUsage();
  variant.run(times);
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/** The middle one of `values`, the lower of two. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[(values.length - 1) >> 1]!;
}
