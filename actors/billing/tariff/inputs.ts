/** What a tariff is computed from, beside days and kWh; and what of it a request lacks. */
import type { Charge } from "./charge.ts";
import { needsContract } from "./charges/demand.ts";
import type { TariffVersion } from "./document.ts";
import type { QuoteRequest } from "./request.ts";

export type Input =
  | "kvah"
  | "demand"
  | "contract"
  | "sanctioned"
  | "power_factor"
  | "bands"
  | "fac";

/** As people call them. */
export const INPUT_NAMES: Readonly<Record<Input, string>> = {
  kvah: "kVAh",
  demand: "maximum demand",
  contract: "contract demand",
  sanctioned: "sanctioned load",
  power_factor: "power factor (or kVAh)",
  bands: "units by the time of day",
  fac: "fuel adjustment",
};

/** A tariff needs what was not given: who asks knows whether that can be had. */
export class InputsMissing extends RangeError {
  override readonly name = "InputsMissing";

  constructor(readonly tariff: string, readonly inputs: readonly Input[]) {
    super(`Tariff ${tariff} is computed from ${namesOf(inputs)} too, and that is not given`);
  }
}

/** `kVAh, maximum demand and contract demand`. */
export function namesOf(inputs: readonly Input[]): string {
  const names = inputs.map((one) => INPUT_NAMES[one]);
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/** What the charges of `version` are computed from. */
export function inputsOf(version: TariffVersion): ReadonlySet<Input> {
  return new Set(version.charges.flatMap((charge) => inputsOfCharge(charge, version)));
}

function inputsOfCharge(charge: Charge, version: TariffVersion): Input[] {
  switch (charge.kind) {
    case "slabs":
    case "per_unit":
    case "bracket_month":
      return charge.measure === "kvah" ? ["kvah"] : [];
    case "per_kw_month":
      return ["sanctioned"];
    case "demand":
      return needsContract(charge) ? ["demand", "contract"] : ["demand"];
    case "time_of_day":
      return version.time_of_day?.measure === "kvah" ? ["bands", "kvah"] : ["bands"];
    case "power_factor":
      return ["power_factor"];
    case "minimum":
      return charge.paise_a_kw === undefined ? [] : ["sanctioned"];
    case "slab_adjustment":
      return ["fac"];
    case "per_month":
    case "percentage":
      return [];
  }
}

/**
 * Throws `InputsMissing` that names all that `versions` need and `request` lacks, and `RangeError`
 * for what was measured and given, but has no place in them: it would be lost without a word.
 */
export function checkInputs(
  tariff: string,
  versions: readonly TariffVersion[],
  request: QuoteRequest,
): void {
  const needed = new Set(versions.flatMap((version) => [...inputsOf(version)]));
  const given = givenIn(request);
  const missing = [...needed].filter((input) =>
    // No fuel adjustment is one of 0; and kVAh tell the power factor, where they are to be given.
    input !== "fac" && !given.has(input) &&
    !(input === "power_factor" && (given.has("kvah") || needed.has("kvah")))
  );
  if (missing.length > 0) throw new InputsMissing(tariff, missing);
  const lost = [...given].filter((input) =>
    // A load is known of a connection, whatever its tariff asks.
    input !== "sanctioned" && !needed.has(input) &&
    !(input === "kvah" && needed.has("power_factor"))
  );
  if (lost.length > 0) {
    throw new RangeError(`Tariff ${tariff} is not computed from ${namesOf(lost)}: leave that out`);
  }
  if (given.has("power_factor") && given.has("kvah")) {
    throw new RangeError("A power factor and kVAh: the kVAh tell it already, give one of them");
  }
}

function isFacGiven({ fac_rates, fac_changes = [] }: QuoteRequest): boolean {
  return fac_rates.length > 0 || fac_changes.some(({ rates }) => rates.length > 0);
}

function givenIn(request: QuoteRequest): ReadonlySet<Input> {
  const fields: Readonly<Record<Input, unknown>> = {
    kvah: request.kvah,
    demand: request.demand_va,
    contract: request.contract_va,
    sanctioned: request.sanctioned_w,
    power_factor: request.power_factor_thousandths,
    bands: request.bands,
    fac: isFacGiven(request) ? true : undefined,
  };
  const inputs = Object.keys(fields) as Input[];
  return new Set(inputs.filter((input) => fields[input] !== undefined));
}
