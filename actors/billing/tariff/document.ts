/**
 * A tariff is data: a checked document with its versions in time, where each comes from, and worked
 * examples that a test recomputes.
 */
import { z } from "../../../protocol/schema.ts";
import { type Charge, charge, slabsChargeOf } from "./charge.ts";
import { dayOf, isDate } from "./dates.ts";

const date = z.string().refine(isDate, "a date as YYYY-MM-DD");

const source = z.object({
  document: z.string().min(1).max(300),
  /** Printed page, null where it is not recorded. */
  page: z.string().max(32).nullable(),
});

const example = z.object({
  what: z.string().max(200),
  from: date,
  to: date,
  units_kwh: z.int().nonnegative(),
  phase: z.union([z.literal(1), z.literal(3)]),
  municipal: z.boolean(),
  fac_rates: z.array(z.int()),
  /** Sum of the lines of each code that the example states. */
  paise_by_code: z.record(z.string(), z.int()),
  total_paise: z.int(),
  payable_paise: z.int(),
});

/**
 * What happens at payment, kept as data for the office. Off: no bill carries it, because the source
 * is secondary.
 */
const settlement = z.object({
  code: z.string(),
  description: z.string(),
  percent_hundredths: z.int(),
  of: z.array(z.string()),
  cap_paise: z.int().nullable(),
  enabled: z.literal(false),
});

export const tariffVersion = z.object({
  effective_from: date,
  /** Last day, inclusive; null while nothing follows. */
  effective_to: date.nullable(),
  source,
  charges: z.array(charge).min(1).max(32).superRefine(checkReferences),
  /** The bill is rounded to this step, the difference being its own line. */
  payable_step_paise: z.int().positive(),
  settlement: z.array(settlement),
  examples: z.array(example),
});
export type TariffVersion = z.infer<typeof tariffVersion>;

export const tariffDocument = z.object({
  id: z.string().regex(/^[a-z0-9-]{1,48}$/),
  name: z.string().max(120),
  utility: z.string().max(120),
  category: z.string().max(120),
  /** More than this is no reading of such a connection, but a mistake. */
  units_a_day_max: z.object({ kwh: z.int().positive(), reason: z.string().max(200) }),
  versions: z.array(tariffVersion).min(1).max(64).superRefine(checkSuccession),
});
export type TariffDocument = z.infer<typeof tariffDocument>;

/** A charge may build only upon charges that stand before it. */
function checkReferences(charges: readonly Charge[], context: z.RefinementCtx): void {
  charges.forEach((one, i) => {
    const before = charges.slice(0, i);
    const missing = one.kind === "percentage"
      ? one.of.filter((code) => !before.some((other) => other.code === code))
      : one.kind === "slab_adjustment" && slabsChargeOf(before, one.slabs_of) === undefined
      ? [one.slabs_of]
      : [];
    for (const code of missing) {
      context.addIssue({ code: "custom", path: [i], message: `no charge "${code}" before it` });
    }
  });
}

/** Versions follow one another without a gap or an overlap; only the last is open. */
function checkSuccession(versions: readonly TariffVersion[], context: z.RefinementCtx): void {
  versions.forEach((version, i) => {
    const next = versions[i + 1];
    const fits = next === undefined
      ? version.effective_to === null || version.effective_to >= version.effective_from
      : version.effective_to !== null && version.effective_to >= version.effective_from &&
        isDate(version.effective_to) && isDate(next.effective_from) &&
        dayOf(version.effective_to) + 1 === dayOf(next.effective_from);
    if (!fits) {
      context.addIssue({
        code: "custom",
        path: [i, "effective_to"],
        message: "must be the day before the next version begins",
      });
    }
  });
}
