/** Small tariffs for tests, and questions to them. */
import type { Charge } from "../../../actors/billing/tariff/charge.ts";
import {
  type TariffDocument,
  tariffDocument,
  type TariffVersion,
} from "../../../actors/billing/tariff/document.ts";
import { type Quote, quote } from "../../../actors/billing/tariff/quote.ts";
import type { QuoteRequest } from "../../../actors/billing/tariff/request.ts";
import { parseOrExplain } from "../../../protocol/schema.ts";

/** A tariff of `charges`, in force from 2026, unrounded. */
export function tariffWith(
  charges: readonly unknown[],
  more: Partial<Record<keyof TariffVersion, unknown>> = {},
): TariffDocument {
  return parseOrExplain(tariffDocument, {
    id: "test",
    name: "Test",
    utility: "Test",
    category: "Test",
    units_a_day_max: { kwh: 10_000, reason: "a test" },
    versions: [{
      effective_from: "2026-01-01",
      effective_to: null,
      source: { document: "A test", page: "1" },
      charges,
      payable_step_paise: 1,
      examples: [],
      ...more,
    }],
  }, "Test tariff");
}

/** Energy at one rupee a unit. */
export const energy = {
  kind: "per_unit",
  code: "energy",
  description: "Energy",
  rate: 10_000,
} as const satisfies Charge;

/** June 2026: 30 days, one month. */
export function june(units: number, more: Partial<QuoteRequest> = {}): QuoteRequest {
  return {
    from: "2026-06-01",
    to: "2026-07-01",
    units,
    phase: 1,
    municipal: false,
    fac_rates: [],
    ...more,
  };
}

/** Code and paise of each line, without the rounding. */
export function linesOf(tariff: TariffDocument, request: QuoteRequest): [string, number][] {
  return chargesOf(quote(tariff, request)).map((line) => [line.code, line.amount_paise]);
}

export function chargesOf(result: Quote) {
  return result.lines.filter((line) => line.code !== "rounding");
}

export const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);
