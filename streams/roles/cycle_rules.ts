/** The times of billing cycles as the environment sets them. */
import { CYCLE_RULES, type CycleRules } from "../../actors/billing/rules.ts";

const HOUR_MS = 3_600_000;

export interface CycleHours {
  readonly draftGraceHours: number;
  /** Null: never by itself. */
  readonly estimateAfterHours: number | null;
}

/** The shipped rules with the hours that were given. */
export function cycleRulesOf({ draftGraceHours, estimateAfterHours }: CycleHours): CycleRules {
  return {
    ...CYCLE_RULES,
    draft_grace_ms: draftGraceHours * HOUR_MS,
    estimate_after_ms: estimateAfterHours === null ? null : estimateAfterHours * HOUR_MS,
  };
}
