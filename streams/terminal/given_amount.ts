/** An amount of money as a person typed it. */
import { parseRupees } from "../billing/money.ts";
import { UsageError } from "./command.ts";

/** Rupees above zero as paise. Throws `UsageError` that names `option`. */
export function givenRupees(option: string, value: unknown): number {
  if (typeof value !== "string") {
    throw new UsageError(`Give an amount in rupees: ${option} 1250.50`);
  }
  try {
    return parseRupees(value);
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`${option} ${error.message}`);
    throw error;
  }
}

/** The same with a sign: `-100` is given back, `100` or `+100` is owed. */
export function givenSignedRupees(option: string, value: unknown): number {
  const text = typeof value === "string" ? value.trim() : value;
  if (typeof text !== "string" || !/^[+-]/.test(text)) return givenRupees(option, text);
  const paise = givenRupees(option, text.slice(1));
  return text.startsWith("-") ? -paise : paise;
}

const LIMIT_MAX = 500;

/** A number of rows from 1 to 500. Throws `UsageError`. */
export function givenLimit(value: unknown, otherwise: number): number {
  if (value === undefined) return otherwise;
  const text = String(value);
  if (/^[1-9]\d{0,2}$/.test(text) && Number(text) <= LIMIT_MAX) return Number(text);
  throw new UsageError(`--limit "${text.slice(0, 24)}": a number from 1 to ${LIMIT_MAX}`);
}
