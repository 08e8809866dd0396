/** Everything that is wrong with a tariff, for who wrote it: all faults, each with its place. */
import { TerminalError } from "../../../protocol/errors.ts";
import { incoherences } from "./coherence.ts";
import { type Fault, listAt, type Path, valueAt } from "./coherence/fault.ts";
import {
  type TariffDocument,
  tariffDocument,
  tariffShape,
  type TariffVersion,
} from "./document.ts";
import { mismatchesOf } from "./examples.ts";
import { type Fall, fallIn } from "./promise.ts";
import { rupeesOf } from "./rounding.ts";
import { shapeFaults } from "./shape_faults.ts";

/** Faults that are told of; a file with more is not a tariff with faults in it. */
export const FAULTS_MAX = 200;

/** A fault with its place as people write it: `versions[0].charges[2].rate`. */
export interface ToldFault {
  readonly path: string;
  readonly message: string;
}

export interface Checked {
  /** The tariff, where it can be computed with, whatever its examples and promises say. */
  readonly document: TariffDocument | null;
  /** In the order of the file, at most `FAULTS_MAX`. */
  readonly faults: readonly ToldFault[];
  /** Faults beyond those. */
  readonly more: number;
}

/** Everything that is wrong with `raw`, which may be anything. */
export function checkTariff(raw: unknown): Checked {
  const faults = [...shapeFaults(raw), ...incoherences(raw)];
  const sound = faults.length === 0 ? tariffDocument.parse(raw) : null;
  faults.push(...(sound === null ? partFaults(raw, faults) : valueFaults(sound)));
  faults.push(...exampleFaultsOf(raw));
  const told = inOrder(raw, faults).map(({ path, message }) => ({ path: pathText(path), message }));
  return {
    document: sound,
    faults: told.slice(0, FAULTS_MAX),
    more: Math.max(0, told.length - FAULTS_MAX),
  };
}

/** `versions[0].charges[2].rate`; the whole file where there is no place. */
export function pathText(path: Path): string {
  const text = path.map((key) =>
    typeof key === "number"
      ? `[${key}]`
      : /^\w+$/.test(key)
      ? `.${key}`
      : `[${JSON.stringify(key)}]`
  ).join("").replace(/^\./, "");
  return text === "" ? "(file)" : text;
}

/** A version without an example is checked by nobody. */
function exampleFaultsOf(raw: unknown): Fault[] {
  return listAt(raw, ["versions"])
    .filter(({ value }) => Array.isArray(valueAt(value, "examples")))
    .filter(({ value }) => listAt(value, ["examples"]).length === 0)
    .map(({ path }) => ({
      path: [...path, "examples"],
      message: "needs at least one example, worked by hand",
    }));
}

/** Faults in the order in which their places stand in `raw`; what is missing comes last. */
function inOrder(raw: unknown, faults: readonly Fault[]): Fault[] {
  const placeOf = ({ path }: Fault) =>
    path.map((key, i) => {
      const parent = valueAt(raw, ...path.slice(0, i));
      const at = typeof key === "number" ? key : Object.keys(parent ?? {}).indexOf(key);
      return at < 0 ? Infinity : at;
    });
  return faults.map((fault) => ({ fault, place: placeOf(fault) }))
    .sort((a, b) => comparePlaces(a.place, b.place)).map(({ fault }) => fault);
}

function comparePlaces(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((one, i) => one !== b[i]);
  if (at < 0) return a.length - b.length;
  return at >= b.length ? 1 : a[at]! < b[at]! ? -1 : 1;
}

/**
 * With faults in some version, the examples of the others are computed all the same: each version
 * that is sound by itself, as if it were alone.
 */
function partFaults(raw: unknown, faults: readonly Fault[]): Fault[] {
  const versions = valueAt(raw, "versions");
  if (!Array.isArray(versions)) return [];
  return versions.flatMap((version, i) => {
    const own = faults.some(({ path }) => path[0] === "versions" && path[1] === i);
    if (own) return [];
    const alone = tariffDocument.safeParse({ ...headOf(raw), versions: [version] });
    return alone.success ? versionFaults(alone.data, alone.data.versions[0]!, i, true) : [];
  });
}

/** What stands above the versions, with something in the place of what is wrong there. */
function headOf(raw: unknown): Omit<TariffDocument, "versions"> {
  const { id, total_may_fall, units_a_day_max } = tariffShape.shape;
  const name = "(not named)";
  return {
    id: id.safeParse(valueAt(raw, "id")).data ?? "this-file",
    name,
    utility: name,
    category: name,
    units_a_day_max: units_a_day_max.safeParse(valueAt(raw, "units_a_day_max")).data ??
      { kwh: 10_000_000, reason: "nothing else is said" },
    total_may_fall: total_may_fall.safeParse(valueAt(raw, "total_may_fall")).data,
  };
}

function valueFaults(document: TariffDocument): Fault[] {
  return document.versions.flatMap((version, i) => versionFaults(document, version, i, false));
}

/** What comes out otherwise than the version says. */
function versionFaults(
  document: TariffDocument,
  version: TariffVersion,
  i: number,
  alone: boolean,
): Fault[] {
  const base: Path = ["versions", i];
  const faults: Fault[] = [];
  for (const [at, example] of version.examples.entries()) {
    // It needs the version before, which has faults of its own to be told first.
    if (alone && example.from < version.effective_from) continue;
    faults.push(...exampleFaults(document, example, [...base, "examples", at]));
  }
  return [...faults, ...promiseFaults(document, version, base)];
}

function exampleFaults(
  document: TariffDocument,
  example: TariffVersion["examples"][number],
  base: Path,
): Fault[] {
  try {
    return mismatchesOf(document, example).map(({ path, stated_paise, computed_paise }) => ({
      path: [...base, ...path],
      message: `does not come out: ${rupeesOf(stated_paise)} rupees are stated, ` +
        `${rupeesOf(computed_paise)} are computed`,
    }));
  } catch (error) {
    // What the tariff cannot answer is a fault of the example; anything else is one of the program.
    if (!(error instanceof RangeError || error instanceof TerminalError)) throw error;
    return [{ path: base, message: `cannot be computed: ${error.message}` }];
  }
}

function promiseFaults(document: TariffDocument, version: TariffVersion, base: Path): Fault[] {
  if (document.total_may_fall !== undefined) return [];
  const path = [...base, "charges"];
  try {
    const fall = fallIn(document, version);
    return fall === null ? [] : [{ path, message: fallText(fall) }];
  } catch (error) {
    // Percentages of percentages can grow beyond all numbers.
    if (!(error instanceof RangeError)) throw error;
    return [{ path, message: `cannot be computed: ${error.message}` }];
  }
}

function fallText(fall: Fall): string {
  return `the total falls as more is used: in ${fall.days} days, ${fall.phase}-phase, ` +
    `${fall.units_before} units cost ${rupeesOf(fall.total_before_paise)} rupees and ` +
    `${fall.units} units ${rupeesOf(fall.total_paise)}; where that is meant, say why in ` +
    "total_may_fall";
}
