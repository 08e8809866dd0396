/** The times and tariffs of billing cycles as the environment sets them. */
import { CYCLE_RULES, type CycleRules } from "../../actors/billing/rules.ts";
import { loadTariffs } from "../billing/tariff_folder.ts";

const HOUR_MS = 3_600_000;

export interface CycleHours {
  readonly draftGraceHours: number;
  /** Null: never by itself. */
  readonly estimateAfterHours: number | null;
  /** Of tariff files; only those of the product without it. */
  readonly tariffsDir?: string | undefined;
}

/** The shipped rules with what was given. Throws `TerminalError` for a tariff with a fault. */
export async function cycleRulesOf(
  { draftGraceHours, estimateAfterHours, tariffsDir }: CycleHours,
): Promise<CycleRules> {
  return {
    ...CYCLE_RULES,
    tariffs: await loadTariffs(tariffsDir),
    draft_grace_ms: draftGraceHours * HOUR_MS,
    estimate_after_ms: estimateAfterHours === null ? null : estimateAfterHours * HOUR_MS,
  };
}
