/** Every month lies in one season, every minute in one band, and a normal cycle has some days. */
import { minutesOf } from "../calendar.ts";
import { type At, type Fault, listAt, type Path, stringAt, valueAt } from "./fault.ts";

export function calendarFaults(version: unknown, base: Path): Fault[] {
  return [
    ...cycleFaults(version, base),
    ...doubleNames(listAt(version, ["seasons"], base)),
    ...doubleNames(listAt(version, ["time_of_day", "bands"], base)),
    ...monthFaults(version, base),
    ...minuteFaults(version, base),
  ];
}

function cycleFaults(version: unknown, base: Path): Fault[] {
  const [min, max] = [
    valueAt(version, "cycle", "days", "min"),
    valueAt(version, "cycle", "days", "max"),
  ];
  return typeof min === "number" && typeof max === "number" && min > max
    ? [{ path: [...base, "cycle", "days"], message: `min ${min} is more than max ${max}` }]
    : [];
}

function doubleNames(list: readonly At[]): Fault[] {
  const names = list.map(({ value }) => stringAt(value, "name"));
  return list.filter((_, i) => names[i] !== null && names.indexOf(names[i]!) < i)
    .map(({ value, path }) => ({
      path: [...path, "name"],
      message: `"${stringAt(value, "name")}" is the name of another one`,
    }));
}

function monthFaults(version: unknown, base: Path): Fault[] {
  const all = listAt(version, ["seasons"], base);
  if (all.length === 0) return [];
  const months = all.flatMap(({ value, path }) => listAt(value, ["months"], path));
  const values = months.map(({ value }) => value);
  const twice = months.filter(({ value }, i) => values.indexOf(value) < i)
    .map(({ value, path }) => ({ path, message: `month ${value} is in a season already` }));
  const none = Array.from({ length: 12 }, (_, i) => i + 1).filter((m) => !values.includes(m));
  if (none.length === 0) return twice;
  const message = `no season has the ${none.length === 1 ? "month" : "months"} ${none.join(", ")}`;
  return [...twice, { path: [...base, "seasons"], message }];
}

function minuteFaults(version: unknown, base: Path): Fault[] {
  const bands = listAt(version, ["time_of_day", "bands"], base);
  const hours = bands.flatMap(({ value, path }) => listAt(value, ["hours"], path));
  const spans = hours.map(({ value }) => typeof value === "string" ? minutesOf(value) : null);
  // With one that cannot be read, every minute of it would be told as a gap.
  if (bands.length === 0 || hours.length === 0 || spans.includes(null)) return [];
  const owner = new Array<number>(1_440).fill(-1);
  const faults: Fault[] = [];
  for (const [i, span] of spans.entries()) {
    let overlaps = false;
    for (const [from, to] of span!) {
      for (let minute = from; minute < to; minute++) {
        if (owner[minute] !== -1) overlaps = true;
        owner[minute] = i;
      }
    }
    const message = `${hours[i]!.value} overlaps hours before it`;
    if (overlaps) faults.push({ path: hours[i]!.path, message });
  }
  const gap = owner.indexOf(-1);
  if (gap >= 0) {
    const message = `no band has the minute ${clock(gap)}: the bands make a whole day`;
    faults.push({ path: [...base, "time_of_day", "bands"], message });
  }
  return faults;
}

const clock = (minute: number) =>
  [Math.floor(minute / 60), minute % 60].map((one) => String(one).padStart(2, "0")).join(":");
