/** What one part of a billing period used, and what a charge makes of it. */
import type { Months } from "./months.ts";

export type Phase = 1 | 3;

/** What units are counted in: active energy, or apparent energy. */
export type Measure = "kwh" | "kvah";

export const UNIT_OF: Readonly<Record<Measure, string>> = { kwh: "kWh", kvah: "kVAh" };

/** What holds for a whole cycle, whatever falls into parts within it. */
export interface Connection {
  readonly phase: Phase;
  /** The premises lie in a municipal corporation area. */
  readonly municipal: boolean;
  /** Fuel adjustment in 1/10,000 rupee a unit: none, one for every slab, or one a slab. */
  readonly fac_rates: readonly number[];
  /** Watts; null where nobody has told. */
  readonly sanctioned_w: number | null;
  /** The highest demand of the cycle and the one agreed upon, in volt-amperes. */
  readonly demand_va: number | null;
  readonly contract_va: number | null;
  /** Of the whole cycle: 1000 is unity. */
  readonly power_factor_thousandths: number | null;
}

/** Energy, whole units each. */
export interface Energy {
  readonly kwh: number;
  /** Null where it was not metered. */
  readonly kvah: number | null;
}

/** One part of a billing period: the days that lie under one version and season of the tariff. */
export interface Usage extends Connection {
  readonly energy: Energy;
  /** Energy of this part by the time of day, in the measure that the tariff says. */
  readonly bands: Readonly<Record<string, number>> | null;
  readonly season: string | null;
  /** By which the slab limits of this part grow. */
  readonly limit_months: Months;
  /** Of a monthly charge, what falls on this part. */
  readonly charge_months: Months;
  /**
   * The whole cycle under this version's rule. A bracket is chosen by it: in which bracket a customer
   * is must not hang on where a rate change cuts the cycle.
   */
  readonly cycle: { readonly energy: Energy; readonly limit_months: Months };
}

/** One line of a bill. */
export interface ChargeLine {
  readonly code: string;
  readonly description: string;
  /** Whole units where the charge is by unit. */
  readonly units: number | null;
  /** 1/10,000 rupee a unit where the charge is by unit. */
  readonly rate: number | null;
  readonly amount_paise: number;
  /** What `units` are, where not kWh. */
  readonly unit?: string;
  /** How the amount follows from other lines, for people, where units and rate do not say it. */
  readonly how?: string;
}

/** Energy in `measure`. The schema of the tariff and the quote have seen that it is there. */
export function energyIn(measure: Measure, energy: Energy): number {
  const units = measure === "kwh" ? energy.kwh : energy.kvah;
  if (units === null) throw new TypeError(`No ${UNIT_OF[measure]} where a charge is by them`);
  return units;
}

/** The key `unit` of a line, where it needs one. */
export function unitKey(measure: Measure): { unit?: string } {
  return measure === "kwh" ? {} : { unit: UNIT_OF[measure] };
}
