/** One bill: from readings, or an estimate, and a tariff to lines, sums, and all inputs as they were. */
import {
  type ClosingReading,
  type Estimate,
  type InvoiceInputs,
  invoiceInputs,
  type MeterStatus,
  type OpeningReading,
} from "../../protocol/messages/invoice_inputs.ts";
import { TerminalError } from "../../protocol/errors.ts";
import { parseOrExplain } from "../../protocol/schema.ts";
import { indianDateOf } from "../../protocol/indian_time.ts";
import { type BilledUse, quoteBill, standingPaise } from "./bill_quote.ts";
import { datePlus, financialYearOf } from "./calendar.ts";
import { estimateOf, historyOf } from "./estimate.ts";
import { facOf } from "./fac.ts";
import type { CycleFacts, InstallationFacts } from "./facts.ts";
import { isFinal } from "./judge.ts";
import { measuredOf, registersOf } from "./registers.ts";
import { NO_FRAME, type Segment } from "./segments.ts";
import { billableTariffOf } from "./tariff/catalogue.ts";
import { dayOf } from "./tariff/dates.ts";
import type { TariffDocument } from "./tariff/document.ts";
import type { Quote } from "./tariff/quote.ts";
import { notWhole } from "./tariff/whole.ts";

/** Days from the bill to its due date, unless the utility says otherwise. */
export const DUE_DAYS = 21;

/** State of the utility, in front of each invoice number. */
export const SERIES_PREFIX = "MH";

export interface Bill {
  readonly inputs: InvoiceInputs & {
    /** The tariff as it was used, with only the versions that were, ready to be quoted again. */
    readonly tariff_document: TariffDocument;
  };
  readonly quote: Quote;
  readonly issued_at_ms: number;
  /** Numbers count within a financial year: `MH/2026-27`. */
  readonly series: string;
}

/** When, for which month and how a bill is made. */
export interface BillTerms {
  readonly period: string;
  readonly issued_at_ms: number;
  readonly due_days: number;
  /** Among which that of the account is. */
  readonly tariffs: readonly TariffDocument[];
}

/** What of the inputs hangs on how the use came about. */
type Use =
  & Pick<InvoiceInputs, "meter" | "opening" | "closing" | "from" | "to" | "units_kwh">
  & Partial<
    Pick<InvoiceInputs, "rollover" | "earlier_meters" | "estimate" | "true_up" | "fac" | "measured">
  >;

/**
 * The bill of what `segments` measured, oldest first, the last one closing the cycle; after estimated
 * bills it is their true-up. Throws `RangeError` for an unknown tariff or a period it does not cover,
 * and `TerminalError` where the tariff does not state what is needed, needs what the account does not
 * have, leaves something open, or is only an example: all in words for people.
 */
export function billOf(facts: CycleFacts, segments: readonly Segment[], terms: BillTerms): Bill {
  const earlier = segments.slice(0, -1).map((segment) => ({
    ...readingsOf(segment),
    units_kwh: segment.units_kwh,
  }));
  const last = readingsOf(segments.at(-1)!);
  const { open_estimates } = facts;
  const from = indianDateOf(segments[0]!.installation.opening.read_at_ms);
  const fac = facOf(facts, terms.period, from, open_estimates.length > 0);
  const to = indianDateOf(last.closing.read_at_ms);
  const units_kwh = segments.reduce((sum, segment) => sum + segment.units_kwh, 0);
  if (from === to && isFinal(facts, terms.period)) throw new TerminalError(noDay(facts, units_kwh));
  const measured = measuredIn(facts, segments, terms, { from, to, units_kwh });
  return made(facts, terms, {
    ...last,
    from,
    to,
    units_kwh,
    ...(measured === undefined ? {} : { measured }),
    ...(fac === undefined ? {} : { fac }),
    ...(earlier.length === 0 ? {} : { earlier_meters: earlier }),
    ...(open_estimates.length === 0 ? {} : {
      true_up: {
        estimated_to: open_estimates.at(-1)!.to,
        estimated: open_estimates.map(({ number, period, units_kwh, creditable_paise }) => ({
          number,
          period,
          units_kwh,
          credited_paise: creditable_paise,
        })),
      },
    }),
  });
}

/** Who moves out on the day from which nothing is billed has no bill: no tariff is for part of a day. */
function noDay({ account: { id, closed_on } }: CycleFacts, units_kwh: number): string {
  return `account ${id} was closed on ${closed_on}, and up to that day all is billed: there is no bill ` +
    (units_kwh === 0
      ? "to make, and nothing is left to do"
      : `for the ${units_kwh} kWh of that day; charge them by "samay account adjust", or leave them`);
}

/** Beside kWh: undefined where the tariff needs nothing. */
function measuredIn(
  { account, open_estimates }: CycleFacts,
  segments: readonly Segment[],
  { tariffs }: BillTerms,
  use: Pick<InvoiceInputs, "from" | "to" | "units_kwh">,
): InvoiceInputs["measured"] {
  const document = billableTariffOf(account.tariff_id, tariffs);
  if (registersOf(document, use.from, use.to).length === 0) return undefined;
  if (segments.length > 1 || open_estimates.length > 0) {
    throw new TerminalError(
      `tariff ${document.id} needs more registers than kWh, and of a meter that was taken down, or ` +
        "an estimated month, none are known: settle it by hand",
    );
  }
  const [{ installation, candidate }] = segments as [Segment];
  const { registers = [], reading } = candidate;
  return measuredOf(document, installation, registers, use, reading.read_at_ms);
}

/**
 * The estimated bill up to `at_ms`: by the mean use of the last three months with actual use. Throws
 * as `billOf()`, and `TerminalError` where no actual use is known.
 */
export function estimatedBillOf(
  facts: CycleFacts,
  installations: readonly InstallationFacts[],
  terms: BillTerms,
  { status, at_ms }: { readonly status: MeterStatus; readonly at_ms: number },
): Bill {
  const installation = installations.at(-1)!;
  const before = facts.open_estimates.at(-1);
  const from = before?.to ?? indianDateOf(installations[0]!.opening.read_at_ms);
  const to = indianDateOf(at_ms);
  const days = dayOf(to) - dayOf(from);
  if (days < 1) throw new TerminalError(`an estimate from ${from} to ${to} has no day to bill`);
  const mean = estimateOf(facts, days);
  if (mean === null) {
    throw new TerminalError(
      `account ${facts.account.id} has no month with actual use to estimate from: have it read`,
    );
  }
  const { units_kwh, months } = mean;
  const opening: OpeningReading =
    before === undefined || installation.installed_at_ms > before.closing_read_at_ms
      ? installation.opening
      : {
        ...{ read_at_ms: before.closing_read_at_ms, value_wh: before.closing_wh },
        source: "estimate",
      };
  const use_wh = Math.round(units_kwh * 1_000 / installation.multiplying_factor);
  const closing: ClosingReading = {
    ...{ read_at_ms: at_ms, value_wh: opening.value_wh + use_wh, source: "estimate" },
    ...NO_FRAME,
    flags: [],
  };
  const fac = facOf(facts, terms.period, from, false);
  const published = fac === undefined ? {} : { fac };
  const use = { from, to, units_kwh, account: facts.account, ...published };
  const estimate: Estimate = {
    ...{ status, basis: "mean_of_actual", months },
    creditable_paise: creditableOf(billableTariffOf(facts.account.tariff_id, terms.tariffs), use),
  };
  return made(facts, terms, {
    ...{ meter: meterOf(installation), opening, closing, from, to, units_kwh, estimate },
    ...published,
  });
}

/** All that an estimated bill of `use` asks for, the rounding too, less what stands of it. */
function creditableOf(document: TariffDocument, use: BilledUse): number {
  return quoteBill(document, use).payable_paise - standingPaise(document, use);
}

function readingsOf({ installation, candidate, rollover }: Segment) {
  const { reading, flags } = candidate;
  return {
    meter: meterOf(installation),
    opening: installation.opening,
    closing: { ...reading, flags: [...flags] },
    ...(rollover === undefined ? {} : { rollover }),
  };
}

function meterOf(installation: InstallationFacts): InvoiceInputs["meter"] {
  const { meter_id, serial_number, multiplying_factor } = installation;
  return { meter_id, serial_number, multiplying_factor };
}

function made(facts: CycleFacts, terms: BillTerms, use: Use): Bill {
  const { account, consumer, balance, replaces } = facts;
  const { period, issued_at_ms, due_days } = terms;
  const document = billableTariffOf(account.tariff_id, terms.tariffs);
  const result = quoteBill(document, { ...use, account });
  assertWhole(document, result);
  const used = new Set(result.parts.map((part) => part.effective_from));
  // Worked examples prove a tariff, and no bill: they would be the greater part of each one's inputs.
  const versions = document.versions.filter((version) => used.has(version.effective_from))
    .map((version) => ({ ...version, examples: [] }));
  const issued_on = indianDateOf(issued_at_ms);
  const { status: _status, opened_on: _opened_on, closed_on: _closed_on, ...connection } = account;
  const inputs: InvoiceInputs = {
    v: 1,
    period,
    consumer,
    account: connection,
    ...use,
    days: result.days,
    months: result.months,
    tariff: {
      id: document.id,
      name: document.name,
      versions: versions.map(({ effective_from, source: { document, page } }) => ({
        effective_from,
        source: page === null ? document : `${document}, page ${page}`,
      })),
    },
    history: historyOf(facts),
    due_on: datePlus(issued_on, due_days),
    ...(isFinal(facts, period) ? { final: true } : {}),
    ...(replaces === null ? {} : { replaces }),
    ...(balance === null ? {} : {
      balance: {
        ...balance,
        amount_due_paise: balance.before_paise - balance.payments_paise + result.payable_paise,
      },
    }),
  };
  // What delivery could not print must not become an invoice.
  parseOrExplain(invoiceInputs, inputs, `The bill of account ${account.id} for ${period}`);
  return {
    inputs: { ...inputs, tariff_document: { ...document, versions } },
    quote: result,
    issued_at_ms,
    series: `${SERIES_PREFIX}/${financialYearOf(issued_on)}`,
  };
}

/** A quote may leave out what its source does not state, and says so. A bill may not: it is owed. */
function assertWhole(document: TariffDocument, { not_stated }: Quote): void {
  if (not_stated.length > 0) throw new TerminalError(notWhole(document.id));
}
