/** A charge may build only upon charges before it, and name only seasons and bands that there are. */
import { type At, type Fault, listAt, type Path, stringAt, stringsAt, valueAt } from "./fault.ts";

export function referenceFaults(version: unknown, base: Path): Fault[] {
  const charges = listAt(version, ["charges"], base);
  return [
    ...charges.flatMap((charge, i) => [
      ...doubleFaults(charges, i),
      ...buildingFaults(charge, charges.slice(0, i)),
      ...seasonFaults(charge, version),
      ...kindFaults(charge, charges.slice(0, i), version),
    ]),
    ...settlementFaults(version, base),
  ];
}

const codeOf = ({ value }: At) => stringAt(value, "code");

/** One code twice is one charge in two seasons or conditions, or a slip. */
function doubleFaults(charges: readonly At[], i: number): Fault[] {
  const charge = charges[i]!;
  const code = codeOf(charge);
  if (code === null) return [];
  if (code === "rounding" || code === "total") {
    return [{ path: [...charge.path, "code"], message: `"${code}" is the name of a sum` }];
  }
  const twin = charges.slice(0, i).find((other) => codeOf(other) === code);
  const conditional = (of: At) => valueAt(of.value, "when") !== undefined;
  if (twin === undefined || (conditional(twin) && conditional(charge))) return [];
  const message = `"${code}" is the code of another charge: only charges with "when" share one`;
  return [{ path: [...charge.path, "code"], message }];
}

/** Codes in `of` and `slabs_of` stand before. */
function buildingFaults({ value, path }: At, before: readonly At[]): Fault[] {
  const known = (code: string) => before.some((other) => codeOf(other) === code);
  const lists = listAt(value, ["of"], path).flatMap(({ value: code, path: at }) =>
    typeof code !== "string" || known(code) ? [] : [{ path: at, message: missing(code) }]
  );
  const single = (["of", "slabs_of"] as const).flatMap((key) => {
    const code = stringAt(value, key);
    return code === null || known(code) ? [] : [{ path: [...path, key], message: missing(code) }];
  });
  return [...lists, ...single];
}

const missing = (code: string) => `no charge "${code}" before it`;

function seasonFaults({ value, path }: At, version: unknown): Fault[] {
  const known = namesAt(version, "seasons");
  const named = listAt(value, ["when", "seasons"], path);
  const faults: Fault[] = named
    .filter((one) => typeof one.value === "string" && !known.includes(one.value))
    .map((one) => ({ path: one.path, message: `no season "${one.value}" in this version` }));
  const [over, to] = [valueAt(value, "when", "units_over"), valueAt(value, "when", "units_to")];
  if (typeof over === "number" && typeof to === "number" && over >= to) {
    const message = "units_over is not below units_to: it never applies";
    faults.push({ path: [...path, "when"], message });
  }
  return faults;
}

/** What the kinds ask of their parts. */
function kindFaults(charge: At, before: readonly At[], version: unknown): Fault[] {
  const { value, path } = charge;
  switch (valueAt(value, "kind")) {
    case "slab_adjustment":
      return baseFaults(charge, "slabs_of", ["slabs", "per_unit"], before);
    case "time_of_day":
      return [
        ...baseFaults(charge, "of", ["per_unit"], before),
        ...measureFaults(charge, before, version),
        ...bandFaults(charge, version),
      ];
    case "minimum":
      return valueAt(value, "amount_paise") === undefined &&
          valueAt(value, "paise_a_kw") === undefined
        ? [{ path, message: "a minimum needs amount_paise or paise_a_kw" }]
        : [];
    default:
      return [];
  }
}

/** It builds upon one charge, and that is of a kind that has what it takes. */
function baseFaults(
  { value, path }: At,
  key: string,
  kinds: readonly string[],
  before: readonly At[],
): Fault[] {
  const code = stringAt(value, key);
  const bases = before.filter((other) => codeOf(other) === code);
  if (code === null || bases.length === 0) return [];
  const at = [...path, key];
  if (bases.length > 1) return [{ path: at, message: `"${code}" is the code of several charges` }];
  const kind = stringAt(bases[0]!.value, "kind");
  if (kind === null || kinds.includes(kind)) return [];
  return [{ path: at, message: `"${code}" is of kind ${kind}, not ${kinds.join(" or ")}` }];
}

function measureFaults({ value, path }: At, before: readonly At[], version: unknown): Fault[] {
  const bands = stringAt(version, "time_of_day", "measure");
  const base = before.find((other) => codeOf(other) === stringAt(value, "of"))?.value;
  const counted = stringAt(base, "measure") ?? "kwh";
  if (bands === null || base === undefined || counted === bands) return [];
  const message = `its bands are in ${bands}, the charge it is of in ${counted}`;
  return [{ path: [...path, "of"], message }];
}

function bandFaults({ value, path }: At, version: unknown): Fault[] {
  if (valueAt(version, "time_of_day") === undefined) {
    return [{ path, message: "the version has no time_of_day that says its bands" }];
  }
  const bands = stringsOf(listAt(version, ["time_of_day", "bands"]));
  const seasons = namesAt(version, "seasons");
  const seen: { band: string | null; season: string | null }[] = [];
  return listAt(value, ["rates"], path).flatMap(({ value: rate, path: at }) => {
    const [band, season] = [stringAt(rate, "band"), stringAt(rate, "season")];
    const faults: Fault[] = [];
    if (band !== null && !bands.includes(band)) {
      faults.push({ path: [...at, "band"], message: `no band "${band}" in this version` });
    }
    if (season !== null && !seasons.includes(season)) {
      faults.push({ path: [...at, "season"], message: `no season "${season}" in this version` });
    }
    const both = valueAt(rate, "percent_hundredths") !== undefined;
    if (both === (valueAt(rate, "rate") !== undefined)) {
      faults.push({ path: at, message: "needs one of percent_hundredths and rate" });
    }
    const twice = seen.some((other) =>
      other.band === band && (other.season === null || season === null || other.season === season)
    );
    if (twice) faults.push({ path: at, message: `band "${band}" has a rate already` });
    seen.push({ band, season });
    return faults;
  });
}

function settlementFaults(version: unknown, base: Path): Fault[] {
  const codes = [...stringsOf(listAt(version, ["charges"]), "code"), "total"];
  return listAt(version, ["settlement"], base).flatMap(({ value, path }) => {
    const faults: Fault[] = stringsAt(value, "of")
      .filter((code) => !codes.includes(code))
      .map((code) => ({ path: [...path, "of"], message: `no charge "${code}", nor total` }));
    if (valueAt(value, "enabled") === true && valueAt(value, "when") === undefined) {
      const message = "is switched on: say when, paid_late, paid_promptly or paid_digitally";
      faults.push({ path: [...path, "when"], message });
    }
    return faults;
  });
}

const namesAt = (version: unknown, key: string) => stringsOf(listAt(version, [key]));

function stringsOf(list: readonly At[], key = "name"): string[] {
  return list.map(({ value }) => stringAt(value, key)).filter((one) => one !== null);
}
