/**
 * A bill as a document: what is printed, mailed and texted, without a word of layout or language.
 *
 * It is made from the issued invoice alone, its lines and the snapshot of its inputs, and not from
 * the tables as they are today: the same invoice gives the same document for ever.
 */
import { dayOf } from "../../actors/billing/tariff/dates.ts";
import { shareByDays } from "../../actors/billing/tariff/shares.ts";
import type { InvoiceInputs } from "../../protocol/messages/invoice_inputs.ts";
import { indianDateOf } from "../../protocol/indian_time.ts";

/** Who sends the bill. Words for Marathi bills fall back to the English ones. */
export interface Utility {
  readonly name: string;
  readonly name_mr?: string;
  readonly address?: string;
  readonly address_mr?: string;
  /** Telephone, web or mail for questions, one line. */
  readonly contact?: string;
  /** Virtual payment address (UPI ID) that bills are paid to; without it no bill has a QR code. */
  readonly upi_id?: string;
}

/** One row of `invoice_line`. */
export interface BillLine {
  readonly code: string;
  readonly description: string;
  readonly units: number | null;
  /** 1/10,000 rupee a unit. */
  readonly rate: number | null;
  readonly amount_paise: number;
}

/** The columns of `invoice` that are printed. */
export interface BillHead {
  readonly number: string;
  readonly period: string;
  readonly issued_at: Date;
  readonly due_on: string;
  readonly total_paise: number;
  readonly rounding_paise: number;
  readonly payable_paise: number;
}

export interface ChartBar {
  readonly period: string;
  readonly units_kwh: number;
}

/** Months that the chart has room for, this one included. */
export const CHART_MONTHS_MAX = 12;

export interface BillDocument extends Omit<InvoiceInputs, "v" | "history"> {
  readonly utility: Utility;
  readonly number: string;
  /** The bill is void: its page asks for nothing. */
  readonly withdrawn?: boolean;
  /** Given back of it by credit notes since it was issued. */
  readonly credited_paise?: number;
  /** Calendar date in India. */
  readonly issued_on: string;
  readonly issued_at_ms: number;
  /** Charges in the order of the bill, without the rounding. */
  readonly lines: readonly BillLine[];
  readonly total_paise: number;
  readonly rounding_paise: number;
  /** Of this bill alone. */
  readonly payable_paise: number;
  /** What is to be paid: this bill and what was owed before it. Below zero: the customer's credit. */
  readonly amount_due_paise: number;
  /** Oldest first; the last bar is this bill. */
  readonly chart: readonly ChartBar[];
  /** The same month a year before, where it is known. */
  readonly last_year: ChartBar | null;
}

/** The document of one issued invoice. Lines come in the order of their position. */
export function billDocument(
  head: BillHead,
  lines: readonly BillLine[],
  inputs: InvoiceInputs,
  utility: Utility,
): BillDocument {
  const { v: _version, history, ...rest } = inputs;
  const year_before = `${Number(head.period.slice(0, 4)) - 1}${head.period.slice(4)}`;
  const earlier = history.filter((bar) => bar.period < head.period).slice(1 - CHART_MONTHS_MAX);
  return {
    ...rest,
    utility,
    period: head.period,
    due_on: head.due_on,
    number: head.number,
    issued_on: indianDateOf(head.issued_at.getTime()),
    issued_at_ms: head.issued_at.getTime(),
    lines: lines.filter((line) => line.code !== "rounding").map((line) => ({
      code: line.code,
      description: line.description,
      units: line.units,
      rate: line.rate,
      amount_paise: line.amount_paise,
    })),
    total_paise: head.total_paise,
    rounding_paise: head.rounding_paise,
    payable_paise: head.payable_paise,
    amount_due_paise: inputs.balance?.amount_due_paise ?? head.payable_paise,
    last_year: history.find(({ period }) => period === year_before) ?? null,
    chart: chartOf(earlier, head.period, inputs),
  };
}

/** This bill's bar behind the earlier ones. The use of a true-up is that of the months it sets right. */
function chartOf(
  earlier: InvoiceInputs["history"],
  period: string,
  { units_kwh, days, true_up, to }: InvoiceInputs,
): ChartBar[] {
  if (true_up === undefined) return [...earlier, { period, units_kwh }];
  const trued = new Set(true_up.estimated.map((one) => one.period));
  const own = dayOf(to) - dayOf(true_up.estimated_to);
  const open = earlier.filter((bar) => trued.has(bar.period));
  const known = open.reduce((sum, bar) => sum + (bar.days ?? 0), 0);
  // Only where all days of the span are known can its use be shared out.
  if (known + own !== days) return [...earlier, { period, units_kwh }];
  const shares = shareByDays(units_kwh, [...open.map((bar) => bar.days!), own]);
  return [
    ...earlier.map((bar) => {
      const place = open.indexOf(bar);
      return place < 0 ? bar : { period: bar.period, units_kwh: shares[place]! };
    }),
    { period, units_kwh: shares.at(-1)! },
  ];
}

/** What was owed and what came in; a payment of before that was reversed since is owed again. */
export function standingBefore(balance: InvoiceInputs["balance"]) {
  const { before_paise, payments_paise } = balance ?? { before_paise: 0, payments_paise: 0 };
  const received_paise = Math.max(0, payments_paise);
  return { before_paise: before_paise - payments_paise + received_paise, received_paise };
}
