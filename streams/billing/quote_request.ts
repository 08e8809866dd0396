/** From the words of `samay tariff quote` to a request that the tariff engine takes. */
import type { Input } from "../../actors/billing/tariff/inputs.ts";
import type { QuoteRequest } from "../../actors/billing/tariff/request.ts";
import { parseRate } from "./money.ts";

type Values = Readonly<Record<string, string | boolean | string[] | undefined>>;

const WHOLE = /^-?\d{1,15}$/;
/** A power as people write it, and a part of one: up to three decimals. */
const DECIMAL = /^(\d{1,7})(?:\.(\d{1,3}))?$/;
const BAND = /^([a-z][a-z0-9_-]{0,23})=(\d{1,15})$/;

/** The option that gives each input of a tariff. */
export const INPUT_OPTIONS: Readonly<Record<Input, string>> = {
  kvah: "--kvah",
  demand: "--kva",
  contract: "--contract-kva",
  sanctioned: "--kw",
  power_factor: "--pf (or --kvah)",
  bands: "--tod",
  fac: "--fac",
};

/** Throws `RangeError` that names what is wrong with which option. */
export function quoteRequestOf(values: Values): QuoteRequest {
  const missing = ["from", "to", "kwh"].filter((name) => typeof values[name] !== "string");
  if (missing.length > 0) {
    throw new RangeError(`Missing ${missing.map((name) => `--${name}`).join(", ")}`);
  }
  return {
    from: String(values.from),
    to: String(values.to),
    units: parseUnits("kwh", String(values.kwh), "kWh"),
    phase: parsePhase(String(values.phase ?? "1")),
    municipal: values.municipal === true,
    fac_rates: typeof values.fac === "string" ? values.fac.split(",").map(parseFac) : [],
    sanctioned_w: parseThousandths(values, "kw", "kW like 2.5"),
    kvah: typeof values.kvah === "string" ? parseUnits("kvah", values.kvah, "kVAh") : undefined,
    demand_va: parseThousandths(values, "kva", "kVA like 45.5"),
    contract_va: parseThousandths(values, "contract-kva", "kVA like 60"),
    power_factor_thousandths: parseThousandths(values, "pf", "a power factor like 0.93"),
    bands: typeof values.tod === "string" ? parseBands(values.tod) : undefined,
  };
}

function parseUnits(name: string, text: string, unit: string): number {
  if (WHOLE.test(text)) return Number(text);
  throw new RangeError(
    `--${name} "${text.slice(0, 24)}": whole ${unit} are billed, like --${name} 250`,
  );
}

function parsePhase(text: string): 1 | 3 {
  if (text === "1") return 1;
  if (text === "3") return 3;
  throw new RangeError(`--phase "${text.slice(0, 24)}": a connection has 1 or 3 phases`);
}

function parseFac(text: string): number {
  try {
    return parseRate(text);
  } catch (error) {
    throw new RangeError(`--fac: ${(error as Error).message}`);
  }
}

/** The option in thousandths of its unit; undefined where it is not given. */
function parseThousandths(values: Values, name: string, like: string): number | undefined {
  const text = values[name];
  if (typeof text !== "string") return undefined;
  const match = DECIMAL.exec(text.trim());
  if (match === null) {
    throw new RangeError(`--${name} "${text.slice(0, 24)}": ${like}, with at most 3 decimals`);
  }
  return Number(match[1]) * 1_000 + Number((match[2] ?? "").padEnd(3, "0"));
}

/** `peak=120,normal=130` */
function parseBands(text: string): Record<string, number> {
  const bands: Record<string, number> = {};
  for (const word of text.split(",")) {
    const match = BAND.exec(word.trim());
    if (match === null) {
      throw new RangeError(
        `--tod "${word.slice(0, 32)}": bands with whole units, like --tod peak=120,normal=130`,
      );
    }
    const [, name, units] = match;
    if (Object.hasOwn(bands, name!)) throw new RangeError(`--tod: band "${name}" is given twice`);
    bands[name!] = Number(units);
  }
  return bands;
}
