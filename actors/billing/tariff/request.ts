/** What a quote is asked for, and whether it makes sense. */
import { dayOf } from "./dates.ts";
import type { TariffDocument, TariffVersion } from "./document.ts";
import type { ChargeScope } from "./scope.ts";
import type { Phase } from "./usage.ts";

/** No meter stays unread for longer; a longer period is a mistyped date. */
export const PERIOD_DAYS_MAX = 1_827;
/** Fuel adjustment above this is a mistyped rate: 100 rupees a unit. */
export const FAC_RATE_MAX = 1_000_000;
/** A load or demand above this is a mistyped one: a million kW or kVA. */
export const POWER_MAX = 1_000_000_000;
/** A power factor below 0.1 is a mistyped kVAh. */
const KVAH_A_KWH_MAX = 10;

/** Fuel adjustment from a date on. */
export interface FacChange {
  readonly from: string;
  /** 1/10,000 rupee a unit: empty for none, one for every slab, or one a slab. */
  readonly rates: readonly number[];
  /** Who published them, and where: it stands on the lines. */
  readonly source: string | null;
}

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
  /**
   * Instead of `fac_rates`: fuel adjustment as it changed, each from a date on, in the order of time.
   * The period falls into parts where it changes, as where the tariff does.
   */
  readonly fac_changes?: readonly FacChange[] | undefined;
  /** What follows is left out where it is not known: a tariff that needs it refuses. */
  readonly sanctioned_w?: number | undefined;
  /** Whole kVAh. */
  readonly kvah?: number | undefined;
  /** The highest demand of the period and the one agreed upon, in volt-amperes. */
  readonly demand_va?: number | undefined;
  readonly contract_va?: number | undefined;
  /** 1000 is unity. */
  readonly power_factor_thousandths?: number | undefined;
  /** Which charges; all of them where it is left out. */
  readonly scope?: ChargeScope | undefined;
  /** Units by the bands of the tariff: kWh or kVAh as it says, and in sum all of them. */
  readonly bands?: Readonly<Record<string, number>> | undefined;
}

/** The days of the period. Throws `RangeError` for the first fault. */
export function checkRequest(document: TariffDocument, request: QuoteRequest): number {
  const { from, to, units, fac_rates, fac_changes = [] } = request;
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
  for (const rate of [...fac_rates, ...fac_changes.flatMap(({ rates }) => rates)]) {
    if (!Number.isSafeInteger(rate) || rate < 0 || rate > FAC_RATE_MAX) {
      throw new RangeError(
        `FAC of ${rate / 10_000} rupees a unit: from 0 to ${FAC_RATE_MAX / 10_000}`,
      );
    }
  }
  checkPower(request, limit * KVAH_A_KWH_MAX);
  return days;
}

function checkPower(request: QuoteRequest, kvah_max: number): void {
  const { units, kvah, sanctioned_w, demand_va, contract_va } = request;
  checkRange("kVAh", kvah, 0, kvah_max);
  // Active energy is a part of the apparent one.
  if (kvah !== undefined && kvah < units) {
    throw new RangeError(`${kvah} kVAh are less than ${units} kWh: that cannot be`);
  }
  checkRange("sanctioned load in kW", sanctioned_w, 1, POWER_MAX, 1_000);
  checkRange("maximum demand in kVA", demand_va, 0, POWER_MAX, 1_000);
  checkRange("contract demand in kVA", contract_va, 1, POWER_MAX, 1_000);
  checkRange("power factor", request.power_factor_thousandths, 0, 1_000, 1_000);
}

/** `per`: how many of the value's units make one that people say. */
function checkRange(
  what: string,
  value: number | undefined,
  min: number,
  max: number,
  per = 1,
): void {
  if (value === undefined) return;
  if (Number.isSafeInteger(value) && value >= min && value <= max) return;
  const kind = per === 1 ? "a whole number from" : "from";
  throw new RangeError(`${what} of ${value / per}: ${kind} ${min / per} to ${max / per}`);
}

/** Throws `RangeError` unless the bands of `request` are those of each of `versions`. */
export function checkBands(
  tariff: string,
  versions: readonly TariffVersion[],
  request: QuoteRequest,
): void {
  const { bands } = request;
  if (bands === undefined) return;
  for (const { time_of_day } of versions) {
    const names = time_of_day?.bands.map((band) => band.name) ?? [];
    const fits = names.length === Object.keys(bands).length &&
      names.every((name) => Object.hasOwn(bands, name));
    if (!fits) {
      throw new RangeError(
        `Bands ${Object.keys(bands).join(", ")}: those of ${tariff} are ${names.join(", ")}, ` +
          "give each, 0 where nothing was used",
      );
    }
    const measure = time_of_day?.measure ?? "kwh";
    const [whole, unit] = measure === "kwh" ? [request.units, "kWh"] : [request.kvah, "kVAh"];
    for (const [name, units] of Object.entries(bands)) checkRange(name, units, 0, whole ?? 0);
    const sum = Object.values(bands).reduce((total, units) => total + units, 0);
    if (sum !== whole) {
      throw new RangeError(`The bands sum to ${sum} ${unit}, and all are ${whole} ${unit}`);
    }
  }
}
