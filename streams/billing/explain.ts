/** How a bill came about: each line back to the clause of the tariff and to the readings. */
import { tariffDocument } from "../../actors/billing/tariff/document.ts";
import { type Quote, quote } from "../../actors/billing/tariff/quote.ts";
import { parseOrExplain, z } from "../../protocol/schema.ts";
import { counted } from "../terminal/counted.ts";
import type { InvoiceSheet } from "./invoices.ts";
import { formatRate, formatRupees } from "./money.ts";

export interface Explanation {
  readonly number: string;
  readonly account_id: string;
  readonly period: string;
  readonly opening: InvoiceSheet["inputs"]["opening"];
  readonly closing: InvoiceSheet["inputs"]["closing"];
  readonly meter: InvoiceSheet["inputs"]["meter"];
  readonly units: { readonly kwh: number; readonly formula: string };
  /** The parts of the cycle, where a rate change split it. */
  readonly parts: Quote["parts"];
  readonly lines: readonly {
    readonly code: string;
    readonly description: string;
    readonly amount_paise: number;
    /** How the amount follows from what the bill says elsewhere. */
    readonly formula: string;
    /** The order and page. */
    readonly clause: string;
  }[];
  readonly payable_paise: number;
  /** The bill, computed once more from its inputs alone, is the same to the paisa. */
  readonly recomputed_equal: boolean;
}

const keptTariff = z.object({ tariff_document: tariffDocument });

/**
 * The explanation of `sheet`, whose inputs as stored are `inputs`. Throws `TerminalError` when they
 * hold no tariff that can be computed again.
 */
export function explain(sheet: InvoiceSheet, inputs: unknown): Explanation {
  const { number, account_id, period, payable_paise } = sheet;
  const { account, opening, closing, meter, from, to, units_kwh } = sheet.inputs;
  const kept = parseOrExplain(keptTariff, inputs, `Inputs of bill ${number}`);
  const again = quote(kept.tariff_document, {
    from,
    to,
    units: units_kwh,
    phase: account.phase,
    municipal: account.municipal,
    fac_rates: [],
  });
  const lines = sheet.lines.map((line, i) => ({
    code: line.code,
    description: line.description,
    amount_paise: line.amount_paise,
    formula: formulaOf(line, sheet, again),
    clause: again.lines[i]?.clause ?? "",
  }));
  const [opened, closed] = [opening, closing].map(({ value_wh }) => Math.floor(value_wh / 1000));
  const factor = meter.multiplying_factor;
  return {
    number,
    account_id,
    period,
    opening,
    closing,
    meter,
    units: {
      kwh: units_kwh,
      formula: `${closed} - ${opened}${factor === 1 ? "" : `, times ${factor}`} = ${units_kwh} kWh`,
    },
    parts: again.parts,
    lines,
    payable_paise,
    recomputed_equal: isEqual(sheet, again),
  };
}

function formulaOf(
  line: InvoiceSheet["lines"][number],
  sheet: InvoiceSheet,
  again: Quote,
): string {
  if (line.units !== null && line.rate !== null) {
    return `${line.units} kWh x ${formatRate(line.rate)}`;
  }
  if (line.code === "rounding") return `from ${formatRupees(sheet.total_paise)}`;
  if (line.code === "duty") return "of the energy, wheeling, fixed and FAC lines";
  if (again.parts.length > 1) {
    return `its part's share of the cycle of ${counted(again.days, "day")}`;
  }
  return again.days >= 28 && again.days <= 32
    ? `one month (${again.days} days)`
    : `${again.months.toFixed(2)} months (${counted(again.days, "day")})`;
}

function isEqual(sheet: InvoiceSheet, again: Quote): boolean {
  return sheet.total_paise === again.total_paise && sheet.payable_paise === again.payable_paise &&
    sheet.lines.length === again.lines.length &&
    sheet.lines.every((line, i) =>
      line.code === again.lines[i]!.code && line.amount_paise === again.lines[i]!.amount_paise
    );
}
