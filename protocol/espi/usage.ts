/** The two resources that carry figures: blocks of intervals, and the summary of a bill. Pure. */
import { element, textElement } from "./xml.ts";
import { period, resource } from "./feed.ts";
import type { Interval } from "./intervals.ts";
import { QUALITY } from "./quality.ts";

/** Intervals that follow one another in time. `factor_note`: nothing to add, the factor is in. */
export function intervalBlock(intervals: readonly Interval[]): string {
  const first = intervals[0]!;
  const last = intervals.at(-1)!;
  const span = period(first.start_s, last.start_s + last.duration_s - first.start_s);
  const readings = intervals.map(({ start_s, duration_s, value_wh, quality }) =>
    resource("IntervalReading", [
      // Valid is the default that the ReadingType states.
      [
        "ReadingQuality",
        quality === QUALITY.valid ? undefined : element("espi:quality", quality),
      ],
      ["timePeriod", period(start_s, duration_s)],
      ["value", value_wh],
    ])
  );
  return element("espi:IntervalBlock", element("espi:interval", span) + readings.join(""));
}

export interface BillLine {
  readonly code: string;
  readonly description: string;
  readonly amount_paise: number;
}

export interface BillSummary {
  readonly start_ms: number;
  readonly end_ms: number;
  readonly issued_at_ms: number;
  readonly units_kwh: number;
  readonly payable_paise: number;
  readonly estimated: boolean;
  readonly tariff: string;
  readonly lines: readonly BillLine[];
}

/** Hundred-thousandths of a rupee in a paisa. */
const PER_PAISA = 1_000;
const ITEM = { delivery: 2, usage: 3, administrative: 4, tax: 5, credit: 8 } as const;

/** What a line of a bill is in ESPI's words: by the code that the tariff gives it. */
function itemKind({ code, amount_paise }: BillLine): number {
  if (amount_paise < 0) return ITEM.credit;
  if (/duty|tax/.test(code)) return ITEM.tax;
  if (/wheeling/.test(code)) return ITEM.delivery;
  // `power_factor` has the letters of the fuel adjustment, and is none.
  return /energy|slab|kwh|tod|(^|_)fac(_|$)/.test(code) ? ITEM.usage : ITEM.administrative;
}

/** A bill: its span, sum, units and lines. */
export function usageSummary(bill: BillSummary): string {
  const start_s = Math.round(bill.start_ms / 1_000);
  const total = bill.payable_paise * PER_PAISA;
  return element(
    "espi:UsageSummary",
    element("espi:billingPeriod", period(start_s, Math.round(bill.end_ms / 1_000) - start_s)) +
      element("espi:billLastPeriod", total) +
      element("espi:costAdditionalLastPeriod", total) +
      bill.lines.map((line) =>
        element(
          "espi:costAdditionalDetailLastPeriod",
          element("espi:amount", line.amount_paise * PER_PAISA) +
            textElement("espi:note", line.description) +
            element("espi:itemKind", itemKind(line)),
        )
      ).join("") +
      element("espi:currency", 356) +
      element(
        "espi:overallConsumptionLastPeriod",
        element("espi:powerOfTenMultiplier", 3) + element("espi:uom", 72) +
          element("espi:value", bill.units_kwh),
      ) +
      element("espi:qualityOfReading", bill.estimated ? QUALITY.estimated : QUALITY.valid) +
      element("espi:statusTimeStamp", Math.round(bill.issued_at_ms / 1_000)) +
      element("espi:commodity", 1) + textElement("espi:tariffProfile", bill.tariff),
  );
}
