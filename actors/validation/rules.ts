/** The rules' thresholds: a document that a utility may replace by its own. */
import { parseOrExplain, z } from "../../protocol/schema.ts";
import shipped from "./rules.json" with { type: "json" };

/**
 * What becomes of a reading that fails: it waits for a person (`quarantine`), it is used and the
 * failure is told (`note`), or the rule is not held against it (`off`).
 */
const onFailure = z.enum(["quarantine", "note", "off"]);
const alone = z.strictObject({ on_failure: onFailure });
const hours = z.number().positive().max(87_600);
const cycles = z.int().min(1).max(12);

/** A document of rules. Every rule is named: one that was forgotten must not be off silently. */
export const validationRules = z.strictObject({
  v: z.literal(1),
  rules: z.strictObject({
    unknown_meter: alone,
    consumer_mismatch: alone,
    uncertain_time: alone,
    /** A reading may be so long after its arrival: clocks agree to some tens of milliseconds. */
    future_clock: alone.extend({ tolerance_s: z.number().nonnegative().max(86_400) }),
    /** So old on arrival; and, of one that closes a cycle, so long before the end of the cycle. */
    stale: alone.extend({ arrival_days: z.number().positive().max(3_650), boundary_hours: hours }),
    duplicate: alone,
    out_of_order: alone,
    meter_exchange: alone,
    multiplying_factor: alone,
    negative: alone,
    /** A register that begins anew has moved by at most so much of what its digits can show. */
    rollover: alone.extend({ share_of_capacity: z.number().positive().max(0.5) }),
    /** A register that went back and shows less than this was set back, or is another meter's. */
    register_reset: alone.extend({ below_kwh: z.number().positive().max(1_000_000) }),
    register_went_back: alone,
    /** A connection may for a while take more than it is sanctioned for, so many times as much. */
    spike: alone.extend({ load_margin: z.number().min(1).max(100) }),
    /** Times the usual use, and above so much in a cycle. */
    high_use: alone.extend({
      times: z.number().min(1).max(1_000),
      above_kwh: z.number().nonnegative().max(1_000_000),
      cycles_min: cycles,
    }),
    /** Share of the usual use, where that is so much in 30 days. */
    low_use: alone.extend({
      share: z.number().min(0).max(1),
      usual_kwh: z.number().positive().max(1_000_000),
      cycles_min: cycles,
    }),
    /** So many cycles without use, the one that is closed among them. */
    zero_use: alone.extend({ cycles: z.int().min(1).max(12) }),
    /** The register has stood so long, where the account uses so much a day as a rule. */
    frozen_register: alone.extend({
      hours,
      usual_kwh_per_day: z.number().positive().max(100_000),
    }),
    /** No reading for so long before this one. */
    gap: alone.extend({ hours }),
  }),
});
export type ValidationRules = z.infer<typeof validationRules>;
export type RuleCode = keyof ValidationRules["rules"];

/** The rules that come with the product. */
export const VALIDATION_RULES: ValidationRules = parseOrExplain(
  validationRules,
  shipped,
  "Validation rules",
);
