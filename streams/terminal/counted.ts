/** A number and its noun. */

/** `1 account`, `2 accounts`: for nouns that take an s. */
export function counted(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
