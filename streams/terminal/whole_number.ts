/** A number that a person gave with an option. */
import { UsageError } from "./command.ts";

/** The value of `--name`, or `fallback` without one. Throws `UsageError` unless whole and in range. */
export function wholeNumber(
  name: string,
  value: unknown,
  fallback: number,
  min: number,
  max: number,
): number {
  if (value === undefined) return fallback;
  // `Number("")` is 0: an empty shell variable must not pass for one.
  const number = String(value).trim() === "" ? NaN : Number(value);
  if (Number.isInteger(number) && number >= min && number <= max) return number;
  throw new UsageError(`--${name} is a whole number from ${min} to ${max}, not "${value}"`);
}
