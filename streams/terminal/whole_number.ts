/** A number that a person gave with an option. */
import { UsageError } from "./command.ts";

/**
 * The value of `--name`, or `fallback` without one. Throws `UsageError` unless it is written in
 * decimal digits and lies in the range.
 */
export function wholeNumber<F extends number | undefined>(
  name: string,
  value: unknown,
  fallback: F,
  min: number,
  max: number,
): number | F {
  if (value === undefined) return fallback;
  // `Number("")` is 0: an empty shell variable must not pass for one.
  const number = /^\d+$/.test(String(value)) ? Number(value) : NaN;
  if (number >= min && number <= max) return number;
  throw new UsageError(`--${name} is a whole number from ${min} to ${max}, not "${value}"`);
}
