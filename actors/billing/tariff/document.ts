/**
 * A tariff is data: a checked document with its versions in time, where each comes from, and worked
 * examples that a test recomputes.
 *
 * What one field can say is said here; what fields must be together stands in `coherence.ts`.
 */
import { z } from "../../../protocol/schema.ts";
import { seasons, timeOfDay } from "./calendar.ts";
import { charge } from "./charge.ts";
import { incoherences } from "./coherence.ts";
import { isDate } from "./dates.ts";
import { settlement } from "./settlement.ts";

const date = z.string().refine(isDate, "a date as YYYY-MM-DD");

const source = z.strictObject({
  document: z.string().min(1).max(300),
  /** Printed page, null where it is not recorded. */
  page: z.string().max(32).nullable(),
});

const example = z.strictObject({
  what: z.string().min(1).max(200),
  from: date,
  to: date,
  units_kwh: z.int().nonnegative(),
  phase: z.union([z.literal(1), z.literal(3)]).optional(),
  municipal: z.boolean().optional(),
  fac_rates: z.array(z.int()).max(16).optional(),
  sanctioned_w: z.int().positive().optional(),
  kvah: z.int().nonnegative().optional(),
  demand_va: z.int().nonnegative().optional(),
  contract_va: z.int().positive().optional(),
  power_factor_thousandths: z.int().nonnegative().max(1_000).optional(),
  /** Units by the time of day. */
  bands: z.record(z.string(), z.int().nonnegative()).optional(),
  /** The sum as somebody did it by hand. */
  note: z.string().max(600).optional(),
  /** Sum of the lines of each code that the example states. */
  paise_by_code: z.record(z.string(), z.int()),
  total_paise: z.int(),
  payable_paise: z.int(),
});
export type Example = z.infer<typeof example>;

const cycle = z.strictObject({
  /** Months of a normal cycle: a charge a month is charged so many times in it. */
  months: z.int().min(1).max(12),
  days: z.strictObject({ min: z.int().positive().max(400), max: z.int().positive().max(400) }),
  /** Whether slab limits follow the days of a normal cycle too, or are whole months in it. */
  limits: z.enum(["by_days", "whole"]),
});

export const tariffVersion = z.strictObject({
  effective_from: date,
  /** Last day, inclusive; null while nothing follows. */
  effective_to: date.nullable(),
  source,
  /** What the source does not say, and what this document does about it: shown with each quote. */
  not_stated: z.array(z.string().min(1).max(300)).min(1).max(16).optional(),
  cycle: cycle.optional(),
  seasons: seasons.optional(),
  time_of_day: timeOfDay.optional(),
  charges: z.array(charge).min(1).max(32),
  /** The bill is rounded to this step, the difference being its own line. */
  payable_step_paise: z.int().positive().max(100_000),
  /** To the nearest step, a half upward, unless it says otherwise. */
  payable_rounding: z.enum(["nearest", "up", "down"]).optional(),
  settlement: z.array(settlement).max(16).optional(),
  examples: z.array(example).max(64),
});
export type TariffVersion = z.infer<typeof tariffVersion>;

/** Field by field alone. */
export const tariffShape = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]{1,48}$/, "1 to 48 small letters, digits and -"),
  name: z.string().min(1).max(120),
  utility: z.string().min(1).max(120),
  category: z.string().min(1).max(120),
  /** Why nobody may be billed by it: made up, or only to be looked at. */
  example_only: z.string().min(1).max(200).optional(),
  /**
   * Why the total may fall as more units are used. Where it is left out the tariff promises that it
   * never does, and the promise is tried.
   */
  total_may_fall: z.string().min(1).max(200).optional(),
  /** More than this is no reading of such a connection, but a mistake. */
  units_a_day_max: z.strictObject({
    kwh: z.int().positive().max(10_000_000),
    reason: z.string().min(1).max(200),
  }),
  versions: z.array(tariffVersion).min(1).max(64),
});

/** A document that can be computed with. */
export const tariffDocument = tariffShape.superRefine((document, context) => {
  for (const { path, message } of incoherences(document)) {
    context.addIssue({ code: "custom", path: [...path], message });
  }
});
export type TariffDocument = z.infer<typeof tariffDocument>;

/** Every name that a field has somewhere in a tariff, for who has mistyped one. */
export const FIELD_NAMES: ReadonlySet<string> = new Set([
  ...[tariffShape, tariffVersion, source, example, cycle, settlement].flatMap((shape) =>
    Object.keys(shape.shape)
  ),
  ...charge.options.flatMap((kind) => Object.keys(kind.shape)),
  ...[
    "to_units",
    "rate",
    "whole",
    "below",
    "band",
    "season",
    "measure",
    "bands",
    "hours",
    "register",
  ],
  ...["months", "min", "max", "kwh", "reason"],
]);
