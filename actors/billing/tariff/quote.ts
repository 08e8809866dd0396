/** What a consumption costs under a tariff: the lines of a bill, and what is to be paid. */
import { TerminalError } from "../../../protocol/errors.ts";
import { chargeLines } from "./charge.ts";
import type { TariffDocument, TariffVersion } from "./document.ts";
import { checkInputs } from "./inputs.ts";
import { limitMonths, monthlyShare, monthsHundredths } from "./months.ts";
import { type Part, partsOf } from "./parts.ts";
import { checkBands, checkRequest, type FacChange, type QuoteRequest } from "./request.ts";
import { divideHalfUp, roundTo } from "./rounding.ts";
import { type SettlementAmount, settlementAmounts } from "./settlement.ts";
import { chargesOf } from "./scope.ts";
import { type Share, sharesOf } from "./shares.ts";
import type { ChargeLine, Connection, Usage } from "./usage.ts";

/** A line of a quote, with the place in the order that it stands on. */
export interface QuoteLine extends ChargeLine {
  readonly clause: string;
}

export interface QuotePart {
  readonly effective_from: string;
  /** Where the tariff has seasons. */
  readonly season?: string;
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
  /** What the sources do not state, and what the tariff does about it. */
  readonly not_stated: readonly string[];
  /** What the manner of payment would change, where the tariff has that switched on. */
  readonly settlement: readonly SettlementAmount[];
}

/**
 * The bill for `request` under `document`.
 *
 * Throws `RangeError` for a request that makes no sense (what is wrong, in one line), its kind
 * `InputsMissing` for one that lacks what the tariff is computed from, and `TerminalError` where the
 * tariff does not state what would be needed.
 */
export function quote(document: TariffDocument, request: QuoteRequest): Quote {
  const days = checkRequest(document, request);
  const parts = partsOf(document, request.from, request.to, facCuts(request));
  const versions = [...new Set(parts.map((part) => part.version))];
  checkInputs(document.id, versions, request);
  checkBands(document.id, versions, request);
  const shares = sharesOf(parts, request);
  const lines = parts.flatMap((part, i) =>
    linesOfPart(part, shares[i]!, parts.length > 1, days, request)
  );
  const total_paise = lines.reduce((sum, line) => sum + line.amount_paise, 0);
  if (!Number.isSafeInteger(total_paise)) {
    throw new RangeError("The total is beyond exact integers");
  }
  if (total_paise < 0) {
    throw new TerminalError(
      `Tariff ${document.id}: the rebates are more than the charges by ${-total_paise} paise`,
    );
  }
  // The bill is closed under the version of its last day.
  const closing = parts.at(-1)!.version;
  const rounding = roundingLine(closing, total_paise);
  return {
    tariff: document.id,
    from: request.from,
    to: request.to,
    days,
    months: monthsHundredths(days) / 100,
    units: request.units,
    parts: parts.map((part, i) => describePart(part, shares[i]!)),
    lines: [...lines, rounding],
    total_paise,
    rounding_paise: rounding.amount_paise,
    payable_paise: total_paise + rounding.amount_paise,
    not_stated: [...new Set(versions.flatMap((version) => version.not_stated ?? []))],
    settlement: settlementAmounts(closing.settlement ?? [], lines, total_paise),
  };
}

const ROUNDING_WORDS = {
  nearest: "to the nearest",
  up: "up to the next",
  down: "down to the last",
};

/** The line that brings `total_paise` to what can be paid. */
export function roundingLine(closing: TariffVersion, total_paise: number): QuoteLine {
  const { payable_step_paise: step_paise, payable_rounding: way = "nearest", source } = closing;
  return {
    code: "rounding",
    description: `Rounding ${ROUNDING_WORDS[way]} ${step_paise / 100} rupees`,
    units: null,
    rate: null,
    amount_paise: roundTo(total_paise, step_paise, way) - total_paise,
    clause: clauseOf(source),
  };
}

function linesOfPart(
  part: Part,
  share: Share,
  split: boolean,
  cycle_days: number,
  request: QuoteRequest,
): QuoteLine[] {
  const { version, from, to } = part;
  const clause = clauseOf(version.source);
  const published = facOn(request, from)?.source;
  const adjusted = new Set(
    version.charges.filter(({ kind }) => kind === "slab_adjustment").map(({ code }) => code),
  );
  try {
    const charges = chargesOf(version.charges, request.scope);
    return chargeLines(charges, usageOf(part, share, cycle_days, request)).map((line) => ({
      ...line,
      description: split ? `${line.description} (${from} to ${to})` : line.description,
      clause: published && adjusted.has(line.code) ? `${clause}; rates: ${published}` : clause,
    }));
  } catch (error) {
    if (!(error instanceof TerminalError)) throw error;
    const until = version.effective_to ?? "today";
    throw new TerminalError(
      `${error.message} for ${version.effective_from} to ${until} (${clause}); nothing is guessed`,
    );
  }
}

function usageOf(part: Part, share: Share, cycle_days: number, request: QuoteRequest): Usage {
  const { version: { cycle: rule }, season, days } = part;
  return {
    ...connectionOf(request, part.from),
    ...share,
    season,
    limit_months: limitMonths(days, cycle_days, rule),
    charge_months: monthlyShare(days, cycle_days, rule),
    cycle: {
      energy: { kwh: request.units, kvah: request.kvah ?? null },
      limit_months: limitMonths(cycle_days, cycle_days, rule),
    },
  };
}

function connectionOf(request: QuoteRequest, from: string): Connection {
  const { phase, municipal } = request;
  const fac_rates = facOn(request, from)?.rates ?? request.fac_rates;
  return {
    phase,
    municipal,
    fac_rates,
    sanctioned_w: request.sanctioned_w ?? null,
    demand_va: request.demand_va ?? null,
    contract_va: request.contract_va ?? null,
    power_factor_thousandths: powerFactorOf(request),
  };
}

/** Where the fuel adjustment becomes another one: what changes nothing cuts nothing. */
function facCuts({ fac_changes = [] }: QuoteRequest): string[] {
  return fac_changes.filter(({ rates }, i) =>
    i > 0 && rates.join() !== fac_changes[i - 1]!.rates.join()
  ).map(({ from }) => from);
}

/** What holds on the day `from`; the first one also before it begins. */
function facOn({ fac_changes = [] }: QuoteRequest, from: string): FacChange | undefined {
  return fac_changes.findLast((change) => change.from <= from) ?? fac_changes[0];
}

/** As it was given, else kWh over kVAh to three decimals; unity where nothing was used. */
function powerFactorOf(request: QuoteRequest): number | null {
  const { power_factor_thousandths, units, kvah } = request;
  if (power_factor_thousandths !== undefined) return power_factor_thousandths;
  if (kvah === undefined) return null;
  return kvah === 0 ? 1_000 : divideHalfUp(BigInt(units) * 1_000n, kvah);
}

function describePart({ version, season, from, to, days }: Part, share: Share): QuotePart {
  return {
    effective_from: version.effective_from,
    ...(season === null ? {} : { season }),
    from,
    to,
    days,
    months: monthsHundredths(days) / 100,
    units: share.energy.kwh,
  };
}

/** The order and page that `source` names. */
export function clauseOf(source: { document: string; page: string | null }): string {
  return source.page === null ? source.document : `${source.document}, page ${source.page}`;
}
