/** The tables of the tariffs: as they were used, and what is published for them month by month. */
import type { Generated } from "./kysely.ts";
import type { BigInteger, CalendarDate, CreatedAt, Json } from "./schema_columns.ts";

/** A version of a tariff as it was used: the document itself, so that a bill can always be explained. */
export interface TariffTable {
  tariff_id: string;
  effective_from: CalendarDate;
  effective_to: CalendarDate | null;
  document: Json<unknown>;
}

/** Fuel adjustment of a month. Never changed, never deleted: the latest of a month counts. */
export interface FacRateTable {
  fac_id: Generated<BigInteger>;
  tariff_id: string;
  month: string;
  /** 1/10,000 rupee a unit: one for every slab, or one a slab. */
  rates: Json<number[]>;
  source: string;
  set_by: string;
  reason: string;
  set_at: CreatedAt;
}
