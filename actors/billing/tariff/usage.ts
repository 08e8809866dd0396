/** What one part of a billing period used, and what a charge makes of it. */

export type Phase = 1 | 3;

/** One part of a billing period: the days that lie under one version of the tariff. */
export interface Usage {
  /** Whole kWh in this part. */
  readonly units: number;
  readonly days: number;
  /** Days of the whole cycle, of which this may be a part. */
  readonly cycle_days: number;
  readonly months_hundredths: number;
  readonly phase: Phase;
  /** The premises lie in a municipal corporation area. */
  readonly municipal: boolean;
  /** Fuel adjustment in 1/10,000 rupee a unit: none, one for every slab, or one a slab. */
  readonly fac_rates: readonly number[];
}

/** One line of a bill. */
export interface ChargeLine {
  readonly code: string;
  readonly description: string;
  /** Whole kWh where the charge is by unit. */
  readonly units: number | null;
  /** 1/10,000 rupee a unit where the charge is by unit. */
  readonly rate: number | null;
  readonly amount_paise: number;
}
