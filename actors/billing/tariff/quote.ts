/** What a consumption costs under a tariff: the lines of a bill, and what is to be paid. */
import { TerminalError } from "../../../protocol/errors.ts";
import { chargeLines } from "./charge.ts";
import { dayOf } from "./dates.ts";
import type { TariffDocument } from "./document.ts";
import { monthsHundredths } from "./months.ts";
import { type Part, partsOf } from "./parts.ts";
import { roundTo } from "./rounding.ts";
import type { ChargeLine, Phase } from "./usage.ts";

/** No meter stays unread for longer; a longer period is a mistyped date. */
export const PERIOD_DAYS_MAX = 1_827;
/** Fuel adjustment above this is a mistyped rate: 100 rupees a unit. */
export const FAC_RATE_MAX = 1_000_000;

export interface QuoteRequest {
  /** Dates of the two readings, `YYYY-MM-DD`. */
  readonly from: string;
  readonly to: string;
  /** Whole kWh. */
  readonly units: number;
  readonly phase: Phase;
  readonly municipal: boolean;
  /** 1/10,000 rupee a unit: empty for none, one for every slab, or one a slab. */
  readonly fac_rates: readonly number[];
}

/** A line of a quote, with the place in the order that it stands on. */
export interface QuoteLine extends ChargeLine {
  readonly clause: string;
}

export interface QuotePart {
  readonly effective_from: string;
  readonly from: string;
  readonly to: string;
  readonly days: number;
  readonly months: number;
  readonly units: number;
}

export interface Quote {
  readonly tariff: string;
  readonly from: string;
  readonly to: string;
  readonly days: number;
  /** Days over 30, to two decimals. */
  readonly months: number;
  readonly units: number;
  readonly parts: readonly QuotePart[];
  /** In the order of the tariff, part by part; the last is the rounding. */
  readonly lines: readonly QuoteLine[];
  /** Before rounding. */
  readonly total_paise: number;
  readonly rounding_paise: number;
  /** total + rounding: the sum of all lines. */
  readonly payable_paise: number;
}

/**
 * The bill for `request` under `document`.
 *
 * Throws `RangeError` for a request that makes no sense (what is wrong, in one line), and
 * `TerminalError` where the tariff does not state what would be needed.
 */
export function quote(document: TariffDocument, request: QuoteRequest): Quote {
  const days = checkRequest(document, request);
  const parts = partsOf(document, request.from, request.to, request.units);
  const lines = parts.flatMap((part) => linesOfPart(part, parts.length > 1, days, request));
  const total_paise = lines.reduce((sum, line) => sum + line.amount_paise, 0);
  // The bill is closed under the version of its last day.
  const closing = parts.at(-1)!.version;
  const payable_paise = roundTo(total_paise, closing.payable_step_paise);
  const rounding_paise = payable_paise - total_paise;
  const rounding: QuoteLine = {
    code: "rounding",
    description: `Rounding to the nearest ${closing.payable_step_paise / 100} rupees`,
    units: null,
    rate: null,
    amount_paise: rounding_paise,
    clause: clauseOf(closing.source),
  };
  return {
    tariff: document.id,
    from: request.from,
    to: request.to,
    days,
    months: monthsHundredths(days) / 100,
    units: request.units,
    parts: parts.map(describePart),
    lines: [...lines, rounding],
    total_paise,
    rounding_paise,
    payable_paise,
  };
}

/** The days of the period. Throws `RangeError` for the first fault. */
function checkRequest(document: TariffDocument, request: QuoteRequest): number {
  const { from, to, units, fac_rates } = request;
  const days = dayOf(to) - dayOf(from);
  if (days === 0) throw new RangeError(`Both readings are of ${from}: a bill needs at least a day`);
  if (days < 0) throw new RangeError(`${from} is after ${to}: the earlier date comes first`);
  if (days > PERIOD_DAYS_MAX) {
    throw new RangeError(
      `${days} days from ${from} to ${to}: at most ${PERIOD_DAYS_MAX} (5 years)`,
    );
  }
  if (!Number.isSafeInteger(units)) throw new RangeError(`${units} kWh: whole units are billed`);
  if (units < 0) throw new RangeError(`${units} kWh: a consumption cannot be negative`);
  const limit = document.units_a_day_max.kwh * days;
  if (units > limit) {
    throw new RangeError(
      `${units} kWh in ${days} days: at most ${limit} (${document.units_a_day_max.reason})`,
    );
  }
  for (const rate of fac_rates) {
    if (!Number.isSafeInteger(rate) || rate < 0 || rate > FAC_RATE_MAX) {
      throw new RangeError(
        `FAC of ${rate / 10_000} rupees a unit: from 0 to ${FAC_RATE_MAX / 10_000}`,
      );
    }
  }
  return days;
}

function linesOfPart(
  part: Part,
  split: boolean,
  cycle_days: number,
  request: QuoteRequest,
): QuoteLine[] {
  const { version, from, to, days, units } = part;
  const { phase, municipal, fac_rates } = request;
  const months_hundredths = monthsHundredths(days);
  const clause = clauseOf(version.source);
  const usage = { units, days, cycle_days, months_hundredths, phase, municipal, fac_rates };
  try {
    return chargeLines(version.charges, usage).map((line) => ({
      ...line,
      description: split ? `${line.description} (${from} to ${to})` : line.description,
      clause,
    }));
  } catch (error) {
    if (!(error instanceof TerminalError)) throw error;
    const until = version.effective_to ?? "today";
    throw new TerminalError(
      `${error.message} for ${version.effective_from} to ${until} (${clause}); nothing is guessed`,
    );
  }
}

function describePart(part: Part): QuotePart {
  const { version, from, to, days, units } = part;
  const months = monthsHundredths(days) / 100;
  return { effective_from: version.effective_from, from, to, days, months, units };
}

function clauseOf(source: { document: string; page: string | null }): string {
  return source.page === null ? source.document : `${source.document}, page ${source.page}`;
}
