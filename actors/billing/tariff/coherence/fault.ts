/** A fault and its place, and ways to look into a document that may have any shape. */

export type Path = readonly (string | number)[];

export interface Fault {
  readonly path: Path;
  /** For people, without the path. */
  readonly message: string;
}

/** A value and where it stands. */
export interface At {
  readonly value: unknown;
  readonly path: Path;
}

/** The value under `keys`, or undefined where the way does not exist. */
export function valueAt(from: unknown, ...keys: Path): unknown {
  let value = from;
  for (const key of keys) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string | number, unknown>)[key];
  }
  return value;
}

/** The members of the list under `keys`, with their paths after `base`; none where it is no list. */
export function listAt(from: unknown, keys: Path, base: Path = []): At[] {
  const list = valueAt(from, ...keys);
  if (!Array.isArray(list)) return [];
  return list.map((value, i) => ({ value, path: [...base, ...keys, i] }));
}

/** The strings of the list under `keys`. */
export function stringsAt(from: unknown, ...keys: Path): string[] {
  return listAt(from, keys).map(({ value }) => value).filter((one) => typeof one === "string");
}

/** The string under `keys`, or null. */
export function stringAt(from: unknown, ...keys: Path): string | null {
  const value = valueAt(from, ...keys);
  return typeof value === "string" ? value : null;
}
