/** The worked examples of a tariff, computed again. */
import type { Example, TariffDocument } from "./document.ts";
import { quote } from "./quote.ts";
import type { QuoteRequest } from "./request.ts";

/** Where an example says one amount and the tariff makes another. */
export interface Mismatch {
  /** The field of the example. */
  readonly path: readonly string[];
  readonly stated_paise: number;
  readonly computed_paise: number;
}

/** The request that an example is about. */
export function requestOf(example: Example): QuoteRequest {
  const { from, to, phase, municipal, fac_rates, sanctioned_w, kvah, demand_va } = example;
  const { contract_va, power_factor_thousandths, bands } = example;
  return {
    from,
    to,
    units: example.units_kwh,
    phase: phase ?? 1,
    municipal: municipal ?? false,
    fac_rates: fac_rates ?? [],
    sanctioned_w,
    kvah,
    demand_va,
    contract_va,
    power_factor_thousandths,
    bands,
  };
}

/** Every amount of `example` that does not come out. Throws as `quote()` does. */
export function mismatchesOf(document: TariffDocument, example: Example): Mismatch[] {
  const result = quote(document, requestOf(example));
  const stated: [readonly string[], number, number][] = [
    ...Object.entries(example.paise_by_code).map(([code, paise]): [string[], number, number] => {
      const lines = result.lines.filter((line) => line.code === code);
      return [
        ["paise_by_code", code],
        paise,
        lines.reduce((sum, line) => sum + line.amount_paise, 0),
      ];
    }),
    [["total_paise"], example.total_paise, result.total_paise],
    [["payable_paise"], example.payable_paise, result.payable_paise],
  ];
  return stated.filter(([, paise, computed]) => paise !== computed)
    .map(([path, stated_paise, computed_paise]) => ({ path, stated_paise, computed_paise }));
}
