/** The times, bounds and tariffs of a billing cycle, as a utility may set them. */
import { VALIDATION_RULES, type ValidationRules } from "../validation/rules.ts";
import { DUE_DAYS } from "./bill.ts";
import { tariffs } from "./tariff/catalogue.ts";
import type { TariffDocument } from "./tariff/document.ts";

export interface CycleRules {
  /** How long a slave has to answer the first read-now; each further one twice as long. */
  readonly answer_within_ms: number;
  /** Read-nows for one closing, in all. */
  readonly asks_max: number;
  /** From the close to the estimate, when no usable reading has come; null: never by itself. */
  readonly estimate_after_ms: number | null;
  /** Estimated bills in a row: after so many the meter must be read. */
  readonly estimates_max: number;
  /** How long people may look at a bill before it goes out; 0: at once. */
  readonly draft_grace_ms: number;
  readonly due_days: number;
  /** Against which the readings of a cycle are held before they are billed. */
  readonly validation: ValidationRules;
  /** Those of the product, and the utility's own. */
  readonly tariffs: readonly TariffDocument[];
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

export const CYCLE_RULES: CycleRules = {
  answer_within_ms: 15 * MINUTE_MS,
  // 15 minutes, 30, ... 8 hours: in all some 16 hours.
  asks_max: 6,
  estimate_after_ms: 120 * HOUR_MS,
  estimates_max: 3,
  draft_grace_ms: 0,
  due_days: DUE_DAYS,
  validation: VALIDATION_RULES,
  tariffs: tariffs(),
};
