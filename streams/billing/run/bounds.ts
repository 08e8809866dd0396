/** The bounds of a billing run as they come in and as they are kept. */
import { RUN_BOUNDS, type RunBounds } from "../../../actors/billing/run.ts";
import { z } from "../../../protocol/schema.ts";

const PAISE_MAX = 1e12;

/** What was not said is as it is by default. */
export const runBounds = z.object({
  parked_max_percent: z.number().min(0).max(100).default(RUN_BOUNDS.parked_max_percent),
  change_max_percent: z.number().min(0).max(10_000).default(RUN_BOUNDS.change_max_percent),
  bill_max_paise: z.int().positive().max(PAISE_MAX).nullable().default(RUN_BOUNDS.bill_max_paise),
  skip_months: z.boolean().default(RUN_BOUNDS.skip_months),
}) satisfies z.ZodType<RunBounds>;
