/**
 * Caesar's cipher with the second as the shift: the simplest form of a key that changes with time.
 *
 * Each character moves on in its alphabet by the second of the day, round and round.
 */
import { hasForm } from "./packet.ts";
import { firstThatFits, type Found, secondOfDay } from "./paper_time.ts";

/** Blank to tilde, the 95 printable characters of ASCII: what the packet is written in. */
export const PRINTABLE = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join("");
export const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
export const DIGITS = "0123456789";

/** The shift of second `t_s` in an alphabet of `size` characters. */
export function shiftOf(t_s: number, size: number): number {
  return secondOfDay(t_s) % size;
}

/** `text` with each character `shift` places on. Throws `RangeError` for one outside the alphabet. */
export function shiftText(text: string, shift: number, alphabet: string): string {
  let shifted = "";
  for (const character of text) {
    const place = alphabet.indexOf(character);
    if (place < 0) throw new RangeError(`The alphabet has no "${character}"`);
    shifted += alphabet[(place + shift) % alphabet.length];
  }
  return shifted;
}

/** `text` under the key of second `t_s`. */
export function caesarSeal(text: string, t_s: number, alphabet = PRINTABLE): string {
  return shiftText(text, shiftOf(t_s, alphabet.length), alphabet);
}

/** What second `t_s` makes of `sealed`, right or wrong. */
export function caesarDecrypt(sealed: string, t_s: number, alphabet = PRINTABLE): string {
  return shiftText(sealed, alphabet.length - shiftOf(t_s, alphabet.length), alphabet);
}

/** Tries the seconds of `series` and takes the first that gives a packet by its form. */
export function caesarOpen(sealed: string, series: readonly number[]): Found | undefined {
  return firstThatFits(series, (t_s) => {
    const text = caesarDecrypt(sealed, t_s);
    return hasForm(text) ? text : undefined;
  });
}

/** The shift that one known character gives away: one subtraction, no search. */
export function shiftFromKnown(sealed: string, known: string, alphabet = PRINTABLE): number {
  const difference = alphabet.indexOf(sealed[0]!) - alphabet.indexOf(known[0]!);
  return (difference + alphabet.length) % alphabet.length;
}

/** The one second of `series` that has this shift, or `undefined` when none or several have it. */
export function secondFromShift(
  shift: number,
  series: readonly number[],
  size: number,
): number | undefined {
  const fitting = series.filter((t_s) => shiftOf(t_s, size) === shift);
  return fitting.length === 1 ? fitting[0] : undefined;
}

/** Different shifts among the seconds of a series: fewer than seconds means that some share a key. */
export function distinctShifts(series: readonly number[], size: number): number {
  return new Set(series.map((t_s) => shiftOf(t_s, size))).size;
}
