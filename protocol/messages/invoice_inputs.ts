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

/** The register as it stood when the cycle began. */
export const openingReading = z.object({
  read_at_ms: instant_ms,
  /** What the meter's display showed, in watt-hours: before the multiplying factor. */
  value_wh: z.int().nonnegative(),
  /** `installation`: the reading noted when the meter was put up. */
  source: z.enum(["frame", "import", "installation", "estimate"]),
});
export type OpeningReading = z.infer<typeof openingReading>;

/** The register as it stood when the cycle was closed, and how that reading came about. */
export const closingReading = z.object({
  read_at_ms: instant_ms,
  value_wh: z.int().nonnegative(),
  source: z.enum(["frame", "import", "estimate"]),
  /** Stream sequences of the frame and of the journal record. Null, as all that follows, for a
   * reading that came in no frame. */
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
  /** Marks of the reading that people should know of; a bill from before they were kept has none. */
  flags: z.array(readingFlag).optional(),
});
export type ClosingReading = z.infer<typeof closingReading>;

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
  }),
  meter: z.object({
    meter_id: id,
    serial_number: z.string().max(64),
    /** Register x factor = energy (transformer ratio). */
    multiplying_factor: z.number().positive(),
  }),
  opening: openingReading,
  closing: closingReading,
  /** Dates of the two readings; `days` = to - from, `months` = days / 30 to two decimals or 1. */
  from: calendarDate,
  to: calendarDate,
  days: z.int().nonnegative(),
  months: z.number().nonnegative(),
  /** Billed units: (closing - opening) x factor, in whole kWh. */
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
  /** Earlier months, oldest first, without this one. The bill draws the last eleven and this one. */
  history: z.array(z.object({ period, units_kwh: z.int().nonnegative() })).max(12),
  due_on: calendarDate,
});
export type InvoiceInputs = z.infer<typeof invoiceInputs>;
