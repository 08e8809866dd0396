/**
 * The promise of a tariff that the total never falls as more units are used, tried where it is most
 * likely to break: around every limit, in cycles of several lengths.
 */
import { TerminalError } from "../../../protocol/errors.ts";
import type { Charge } from "./charge.ts";
import { dateOf, dayOf } from "./dates.ts";
import type { TariffDocument, TariffVersion } from "./document.ts";
import { inputsOf } from "./inputs.ts";
import { limitMonths, MONTHLY, scaledLimit } from "./months.ts";
import { quote } from "./quote.ts";
import type { QuoteRequest } from "./request.ts";
import type { Phase } from "./usage.ts";

/** A unit more that costs less. */
export interface Fall {
  readonly days: number;
  readonly phase: Phase;
  readonly units: number;
  readonly total_paise: number;
  readonly units_before: number;
  readonly total_before_paise: number;
}

/** Lengths of a cycle that are tried beside a normal one: a part of a month, and a long one. */
const DAYS_TRIED = [10, 31, 62] as const;
const HALF_YEAR_DAYS = 183;
/** Steps between nothing and twice the highest limit, beside those around the limits. */
const STEPS = 32;
const UNITS_WITHOUT_LIMITS = 1_000;
/** A connection that every charge can be computed for. */
const TRIED = { sanctioned_w: 5_000, demand_va: 5_000, contract_va: 5_000 } as const;

/** The first fall that is found in `version` of `document`, or null. */
export function fallIn(document: TariffDocument, version: TariffVersion): Fall | null {
  const rule = version.cycle ?? MONTHLY;
  const limits = version.charges.flatMap(limitsOf);
  for (const days of new Set([30 * rule.months, ...DAYS_TRIED])) {
    const months = limitMonths(days, days, rule);
    const scaled = limits.map(([limit, stated_for]) => scaledLimit(limit, months, stated_for));
    const most = Math.min(
      2 * Math.max(UNITS_WITHOUT_LIMITS, ...scaled),
      document.units_a_day_max.kwh * days,
    );
    const steps = Array.from({ length: STEPS + 1 }, (_, i) => Math.floor(most * i / STEPS));
    const units = [...steps, ...scaled.flatMap((limit) => [limit - 1, limit, limit + 1])]
      .filter((one) => one >= 0 && one <= most).sort((a, b) => a - b);
    for (const start of startsIn(version, days)) {
      for (const phase of [1, 3] as const) {
        const fall = fallAmong(document, version, start, days, phase, units);
        if (fall !== null) return fall;
      }
    }
  }
  return null;
}

/** Days on which a cycle of `days` may begin within the version; with seasons, one in each half year. */
function startsIn(version: TariffVersion, days: number): number[] {
  const first = dayOf(version.effective_from);
  const last = version.effective_to === null ? Infinity : dayOf(version.effective_to) + 1 - days;
  const starts = version.seasons === undefined ? [first] : [first, first + HALF_YEAR_DAYS];
  return starts.filter((start) => start <= last);
}

function fallAmong(
  document: TariffDocument,
  version: TariffVersion,
  start: number,
  days: number,
  phase: Phase,
  units: readonly number[],
): Fall | null {
  let [units_before, total_before_paise] = [0, 0];
  for (const one of units) {
    const total_paise = totalOf(document, requestFor(version, start, days, phase, one));
    if (total_paise === null) continue;
    if (total_paise < total_before_paise) {
      return { days, phase, units: one, total_paise, units_before, total_before_paise };
    }
    [units_before, total_before_paise] = [one, total_paise];
  }
  return null;
}

/** Null where the tariff does not state what this connection would cost. */
function totalOf(document: TariffDocument, request: QuoteRequest): number | null {
  try {
    return quote(document, request).total_paise;
  } catch (error) {
    if (error instanceof TerminalError) return null;
    throw error;
  }
}

/** All units in the first band, at unity: the other bands are as good, and the sum is what counts. */
function requestFor(
  version: TariffVersion,
  start: number,
  days: number,
  phase: Phase,
  units: number,
): QuoteRequest {
  const needed = inputsOf(version);
  const bands = version.time_of_day?.bands.map(({ name }, i) => [name, i === 0 ? units : 0]);
  return {
    from: dateOf(start),
    to: dateOf(start + days),
    units,
    phase,
    municipal: false,
    fac_rates: [],
    sanctioned_w: TRIED.sanctioned_w,
    demand_va: needed.has("demand") ? TRIED.demand_va : undefined,
    contract_va: needed.has("contract") ? TRIED.contract_va : undefined,
    kvah: needed.has("kvah") ? units : undefined,
    power_factor_thousandths: needed.has("power_factor") && !needed.has("kvah") ? 900 : undefined,
    bands: needed.has("bands") && bands !== undefined ? Object.fromEntries(bands) : undefined,
  };
}

/** Limits a month, and the months that they are stated for. */
function limitsOf(charge: Charge): [limit: number, stated_for: number][] {
  const { units_to, units_over } = charge.when ?? {};
  const conditions = [units_to, units_over].filter((one) => one !== undefined);
  const steps = charge.kind === "slabs"
    ? charge.slabs
    : charge.kind === "bracket_month"
    ? charge.brackets
    : [];
  const stated_for = charge.kind === "slabs" || charge.kind === "bracket_month"
    ? charge.limits_for_months ?? 1
    : 1;
  const limits = steps.map(({ to_units }) => to_units).filter((one) => one !== null);
  return [
    ...limits.map((one): [number, number] => [one, stated_for]),
    ...conditions.map((one): [number, number] => [one, 1]),
  ];
}
