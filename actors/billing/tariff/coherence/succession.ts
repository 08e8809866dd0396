/** Versions follow one another without a gap or an overlap; only the last is open. */
import { dateOf, dayOf, isDate } from "../dates.ts";
import { type Fault, listAt, stringAt, valueAt } from "./fault.ts";

export function successionFaults(document: unknown): Fault[] {
  const versions = listAt(document, ["versions"]);
  return versions.flatMap(({ value, path }, i) => {
    const [from, to] = [dayAt(value, "effective_from"), dayAt(value, "effective_to")];
    const at = [...path, "effective_to"];
    const faults: Fault[] = [];
    if (from !== null && to !== null && to < from) {
      faults.push({ path: at, message: "is before effective_from of the same version" });
    }
    if (i === versions.length - 1) return faults;
    const open = valueAt(value, "effective_to") === null;
    if (open) {
      const message = "must be the day before the next version begins: only the last one is open";
      return [...faults, { path: at, message }];
    }
    const next = dayAt(versions[i + 1]!.value, "effective_from");
    if (to === null || next === null || next === to + 1) return faults;
    const days = Math.abs(next - to - 1);
    const count = `${days} ${days === 1 ? "day" : "days"}`;
    const what = next > to
      ? `gap of ${count}, from ${dateOf(to + 1)} to ${dateOf(next - 1)}`
      : `overlap of ${count}`;
    const message = `must be ${dateOf(next - 1)}, the day before the next version begins: ${what}`;
    return [...faults, { path: at, message }];
  });
}

function dayAt(version: unknown, key: string): number | null {
  const text = stringAt(version, key);
  return text !== null && isDate(text) ? dayOf(text) : null;
}
