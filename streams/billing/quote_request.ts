/** From the words of `samay tariff quote` to a request that the tariff engine takes. */
import type { QuoteRequest } from "../../actors/billing/tariff/quote.ts";
import { parseRate } from "./money.ts";

type Values = Readonly<Record<string, string | boolean | string[] | undefined>>;

const WHOLE = /^-?\d{1,15}$/;

/** Throws `RangeError` that names what is wrong with which option. */
export function quoteRequestOf(values: Values): QuoteRequest {
  const missing = ["from", "to", "kwh"].filter((name) => typeof values[name] !== "string");
  if (missing.length > 0) {
    throw new RangeError(`Missing ${missing.map((name) => `--${name}`).join(", ")}`);
  }
  return {
    from: String(values.from),
    to: String(values.to),
    units: parseUnits(String(values.kwh)),
    phase: parsePhase(String(values.phase ?? "1")),
    municipal: values.municipal === true,
    fac_rates: typeof values.fac === "string" ? values.fac.split(",").map(parseFac) : [],
  };
}

function parseUnits(text: string): number {
  if (WHOLE.test(text)) return Number(text);
  throw new RangeError(`--kwh "${text.slice(0, 24)}": whole kWh are billed, like --kwh 250`);
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
