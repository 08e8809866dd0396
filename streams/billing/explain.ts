/** How a bill came about: each line back to the clause of the tariff and to the readings. */
import { quoteBill } from "../../actors/billing/bill_quote.ts";
import { tariffDocument } from "../../actors/billing/tariff/document.ts";
import { type CycleRule, MONTHLY } from "../../actors/billing/tariff/months.ts";
import type { Quote } from "../../actors/billing/tariff/quote.ts";
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
  const { opening, closing, meter, units_kwh } = sheet.inputs;
  const kept = parseOrExplain(keptTariff, inputs, `Inputs of bill ${number}`);
  const again = quoteBill(kept.tariff_document, sheet.inputs);
  const rule = kept.tariff_document.versions.at(-1)!.cycle ?? MONTHLY;
  const lines = sheet.lines.map((line, i) => ({
    code: line.code,
    description: line.description,
    amount_paise: line.amount_paise,
    formula: formulaOf(line, again.lines[i], sheet, again, rule),
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
  computed: Quote["lines"][number] | undefined,
  sheet: InvoiceSheet,
  again: Quote,
  rule: CycleRule,
): string {
  if (line.units !== null && line.rate !== null) {
    return `${line.units} ${computed?.unit ?? "kWh"} x ${formatRate(line.rate)}`;
  }
  if (line.code === "rounding") return `from ${formatRupees(sheet.total_paise)}`;
  if (computed?.how !== undefined) return computed.how;
  if (again.parts.length > 1) {
    return `its part's share of the cycle of ${counted(again.days, "day")}`;
  }
  const { months, days: { min, max } } = rule;
  if (again.days < min || again.days > max) {
    return `${again.months.toFixed(2)} months (${counted(again.days, "day")})`;
  }
  return `${months === 1 ? "one month" : `${months} months`} (${again.days} days)`;
}

function isEqual(sheet: InvoiceSheet, again: Quote): boolean {
  return sheet.total_paise === again.total_paise && sheet.payable_paise === again.payable_paise &&
    sheet.lines.length === again.lines.length &&
    sheet.lines.every((line, i) =>
      line.code === again.lines[i]!.code && line.amount_paise === again.lines[i]!.amount_paise
    );
}
