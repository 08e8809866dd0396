/**
 * Everything a bill was computed from, as it was then: the snapshot in `invoice.inputs`.
 *
 * Billing writes it in the transaction that issues the invoice, delivery prints it. A bill can so be
 * explained and printed again, byte for byte, whatever has changed in the tables since.
 */
import { z } from "../schema.ts";
import { id, instant_ms } from "./common.ts";
import { period } from "./billing.ts";
import { readingFlag } from "./journal.ts";

/** A calendar date in Indian time, `YYYY-MM-DD`. */
const calendarDate = z.iso.date();

/** What a rule of validation found about a reading, in words for people. */
export const readingCheck = z.object({
  rule: z.string().min(1).max(48),
  outcome: z.enum(["passed", "failed", "not_applicable"]),
  detail: z.string().max(500),
});
export type ReadingCheck = z.infer<typeof readingCheck>;

/** How good a value is: `edited` and `substituted` are a person's or a rule's decision. */
export const readingQuality = z.enum(["measured", "estimated", "substituted", "edited"]);
export type ReadingQuality = z.infer<typeof readingQuality>;

/** A bill from before validation was kept has neither. */
const judged = {
  quality: readingQuality.optional(),
  checks: z.array(readingCheck).max(32).optional(),
};

/** Stream sequences, times and search of the frame that a reading came in; null: it came in none. */
const frameOfReading = {
  frame_sequence: z.int().positive().nullable(),
  journal_sequence: z.int().positive().nullable(),
  /** When the meter's slave sealed the frame, and when the broker stored it. */
  sealed_at_ms: instant_ms.nullable(),
  arrived_at_ms: instant_ms.nullable(),
  /** The Unix second whose key opened the frame, and how many keys were tried. */
  second_found_s: z.int().nonnegative().nullable(),
  trials: z.int().positive().nullable(),
  /** Quality bits of the frame, 0 to 3. */
  clock_quality: z.int().min(0).max(3).nullable(),
  /**
   * Sealing clock less the broker's at arrival: the clock's error less the delay on the way. Null for
   * a reading that came in no frame.
   */
  clock_offset_ms: z.number().nullable(),
};

/** The register as it stood when the cycle began. */
export const openingReading = z.object({
  read_at_ms: instant_ms,
  /** What the meter's display showed, in watt-hours: before the multiplying factor. */
  value_wh: z.int().nonnegative(),
  /** `installation`: the reading noted when the meter was put up. */
  source: z.enum(["frame", "import", "installation", "estimate"]),
  ...z.object(frameOfReading).partial().shape,
  ...judged,
});
export type OpeningReading = z.infer<typeof openingReading>;

/** The register as it stood when the cycle was closed, and how that reading came about. */
export const closingReading = z.object({
  read_at_ms: instant_ms,
  value_wh: z.int().nonnegative(),
  /** `removal`: the reading noted when the meter was taken down, or the customer moved out. */
  source: z.enum(["frame", "import", "estimate", "removal"]),
  ...frameOfReading,
  /** Marks of the reading that people should know of; a bill from before they were kept has none. */
  flags: z.array(readingFlag).optional(),
  ...judged,
});
export type ClosingReading = z.infer<typeof closingReading>;

/** Why there was no usable reading. */
export const meterStatus = z.enum([
  "normal",
  "faulty",
  "locked",
  "inaccessible",
  "reading_not_taken",
  "meter_changed",
]);
export type MeterStatus = z.infer<typeof meterStatus>;

const meterOnBill = z.object({
  meter_id: id,
  serial_number: z.string().max(64),
  /** Register x factor = energy (transformer ratio). */
  multiplying_factor: z.number().positive(),
});

/** The register has so many digits and began anew: closing + capacity - opening. */
const rollover = z.object({ capacity_wh: z.int().positive() });

/** The use on one meter that was taken down within the cycle. */
const earlierMeter = z.object({
  meter: meterOnBill,
  opening: openingReading,
  closing: closingReading,
  units_kwh: z.int().nonnegative(),
  rollover: rollover.optional(),
});
export type EarlierMeter = z.infer<typeof earlierMeter>;

/** The bill is by no reading, but by earlier use. */
const estimate = z.object({
  status: meterStatus,
  /** `mean_of_actual`: the mean use a day of `months`, times the days of the bill. */
  basis: z.enum(["mean_of_actual"]),
  months: z.array(z.object({
    period,
    units_kwh: z.int().nonnegative(),
    days: z.int().positive(),
  })).min(1).max(3),
  /** What the next actual bill gives back: all lines but the fixed charge and the duty on it. */
  creditable_paise: z.int(),
});
export type Estimate = z.infer<typeof estimate>;

/** The first actual reading after estimated bills: all use since the last actual one is billed. */
const trueUp = z.object({
  /** Estimated bills charged the fixed charge up to this date: it is charged from here on. */
  estimated_to: calendarDate,
  /** Those bills, and what is given back of each. */
  estimated: z.array(z.object({
    number: z.string().min(1).max(48),
    period,
    units_kwh: z.int().nonnegative(),
    credited_paise: z.int(),
  })).min(1).max(12),
});
export type TrueUp = z.infer<typeof trueUp>;

/** Fuel adjustment of the days from a date on, as it was published for a month. */
const fuelAdjustment = z.object({
  month: period,
  from: calendarDate,
  /** 1/10,000 rupee a unit: none, one for every slab, or one a slab. */
  rates: z.array(z.int().nonnegative()).max(16),
  /** Who published them, and where; null: none were given for the month, which is 0. */
  source: z.string().min(1).max(300).nullable(),
});

/** What was measured beside kWh, for a tariff that needs it, and the registers that it comes from. */
const measured = z.object({
  /** At the very moments of the opening and the closing reading, before the multiplying factor. */
  registers: z.array(z.object({
    obis: z.string().min(1).max(32),
    read_at_ms: instant_ms,
    value: z.int().nonnegative(),
    unit: z.string().min(1).max(16),
  })).min(1).max(64),
  /** Whole kVAh. */
  kvah: z.int().nonnegative().optional(),
  /** The highest demand of the cycle. */
  demand_va: z.int().nonnegative().optional(),
  /** Whole units by the time of day. */
  bands: z.record(z.string(), z.int().nonnegative()).optional(),
});

export const invoiceInputs = z.object({
  v: z.literal(1),
  period,
  consumer: z.object({
    number: z.string().min(1).max(32),
    name: z.string().min(1).max(200),
    address: z.string().max(500),
    phone: z.string().max(32).nullable(),
    email: z.string().max(254).nullable(),
    language: z.enum(["en", "mr"]),
  }),
  account: z.object({
    id,
    tariff_id: z.string().min(1).max(64),
    phase: z.union([z.literal(1), z.literal(3)]),
    municipal: z.boolean(),
    /** 0: not known. */
    sanctioned_load_w: z.int().nonnegative(),
    /** Contract demand; left out where none was told. */
    contract_va: z.int().positive().optional(),
  }),
  /** The meter that closes the cycle. */
  meter: meterOnBill,
  opening: openingReading,
  closing: closingReading,
  /** Left out where closing - opening is all there is to it. */
  rollover: rollover.optional(),
  /** Meters that were changed within the cycle, oldest first: their use is in `units_kwh` too. */
  earlier_meters: z.array(earlierMeter).min(1).max(8).optional(),
  /** Dates of the two readings; `days` = to - from, `months` = days / 30 to two decimals or 1. */
  from: calendarDate,
  to: calendarDate,
  days: z.int().nonnegative(),
  months: z.number().nonnegative(),
  /**
   * Billed units in whole kWh: (closing - opening) x factor, and those of earlier meters. Of an
   * estimated bill the estimate; of a true-up all since the last actual reading.
   */
  units_kwh: z.int().nonnegative(),
  tariff: z.object({
    id: z.string().min(1).max(64),
    /** What people call it, for example "LT I(B) Residential". */
    name: z.string().min(1).max(120),
    /** Every version of the tariff that the bill was computed under, in the order of time. */
    versions: z.array(z.object({
      effective_from: calendarDate,
      /** The order and page that set the rates. */
      source: z.string().max(300),
    })).min(1).max(4),
  }),
  measured: measured.optional(),
  /** In the order of time; left out where none was given. */
  fac: z.array(fuelAdjustment).min(1).max(13).optional(),
  /** Earlier months, oldest first, without this one. The bill draws the last eleven and this one. */
  history: z.array(z.object({
    period,
    units_kwh: z.int().nonnegative(),
    days: z.int().positive().optional(),
    /** Billed by no reading, and no true-up has followed yet. */
    estimated: z.boolean().optional(),
  })).max(12),
  due_on: calendarDate,
  estimate: estimate.optional(),
  true_up: trueUp.optional(),
  /** The last bill of an account: its customer moved out. */
  final: z.boolean().optional(),
  /** Number of the void bill that this one stands for. */
  replaces: z.string().min(1).max(48).optional(),
  /** Kept where the account has a ledger: what is owed in all. */
  balance: z.object({
    /** Owed (+) or in credit (-) before payments since the last bill. */
    before_paise: z.int(),
    /** Received since the last bill, less what was reversed. */
    payments_paise: z.int(),
    /** before - payments + payable of this bill; below 0 it is the customer's credit. */
    amount_due_paise: z.int(),
  }).optional(),
});
export type InvoiceInputs = z.infer<typeof invoiceInputs>;
