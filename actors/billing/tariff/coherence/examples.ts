/** A worked example lies in its version and speaks of charges that there are. */
import { dayOf, isDate } from "../dates.ts";
import { type Fault, listAt, type Path, stringAt, valueAt } from "./fault.ts";

export function exampleFaults(version: unknown, base: Path): Fault[] {
  const codes = listAt(version, ["charges"]).map(({ value }) => stringAt(value, "code"));
  return listAt(version, ["examples"], base).flatMap(({ value, path }) => {
    const stated = valueAt(value, "paise_by_code");
    const unknown = typeof stated === "object" && stated !== null
      ? Object.keys(stated).filter((code) => !codes.includes(code))
      : [];
    return [
      ...dateFaults(value, version, path),
      ...unknown.map((code) => ({
        path: [...path, "paise_by_code", code],
        message: "no charge of this version has that code",
      })),
    ];
  });
}

function dateFaults(example: unknown, version: unknown, path: Path): Fault[] {
  const [from, to] = [dayAt(example, "from"), dayAt(example, "to")];
  const [first, last] = [dayAt(version, "effective_from"), dayAt(version, "effective_to")];
  if (from !== null && to !== null && to <= from) {
    return [{ path: [...path, "to"], message: "must be after from" }];
  }
  if (to === null) return [];
  // It may begin under an earlier version, to show a rate change, but it ends under this one.
  const ends = (first === null || to > first) && (last === null || to <= last + 1);
  const message = "the example does not end while this version is in force";
  return ends ? [] : [{ path: [...path, "to"], message }];
}

function dayAt(from: unknown, key: string): number | null {
  const text = stringAt(from, key);
  return text !== null && isDate(text) ? dayOf(text) : null;
}
