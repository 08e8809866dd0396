/** Slabs and brackets rise, and the last alone has no end. */
import { type At, type Fault, listAt, valueAt } from "./fault.ts";

/** Where the limits of each kind stand. */
const LIMITS: Readonly<Record<string, readonly [list: string, limit: string]>> = {
  slabs: ["slabs", "to_units"],
  bracket_month: ["brackets", "to_units"],
  power_factor: ["brackets", "below"],
};

export function limitFaults(version: unknown, base: At["path"]): Fault[] {
  return listAt(version, ["charges"], base).flatMap(({ value, path }) => {
    const kind = valueAt(value, "kind");
    const names = typeof kind === "string" && Object.hasOwn(LIMITS, kind) ? LIMITS[kind]! : null;
    if (names === null) return [];
    const steps = listAt(value, [names[0]], path);
    const faults = risingFaults(steps, names[1]);
    return kind === "slabs" ? [...faults, ...wholeFaults(steps)] : faults;
  });
}

function risingFaults(steps: readonly At[], key: string): Fault[] {
  let above = 0;
  return steps.flatMap(({ value, path }, i) => {
    const limit = valueAt(value, key);
    const at = [...path, key];
    const last = i === steps.length - 1;
    if (last && typeof limit === "number") {
      return [{ path: at, message: "limits must rise without an end: the last one is null" }];
    }
    if (!last && limit === null) {
      return [{ path: at, message: "limits must rise, and the last one alone is null" }];
    }
    if (typeof limit !== "number") return [];
    const rises = limit > above;
    const message = `limits must rise: ${limit} is not more than ${above}`;
    above = Math.max(above, limit);
    return rises ? [] : [{ path: at, message }];
  });
}

/** Whole slabs come after the telescopic ones: a month cannot be both. */
function wholeFaults(steps: readonly At[]): Fault[] {
  const firstWhole = steps.findIndex(({ value }) => valueAt(value, "whole") === true);
  if (firstWhole < 0) return [];
  return steps.slice(firstWhole).filter(({ value }) => valueAt(value, "whole") !== true)
    .map(({ path }) => ({ path, message: "comes after a whole slab, so it must be whole too" }));
}
