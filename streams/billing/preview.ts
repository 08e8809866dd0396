/** A dry run: what closing a month would do, account by account, next to the month before. Reads only. */
import { newCycle } from "../../actors/billing/cycle.ts";
import type { CycleRules } from "../../actors/billing/rules.ts";
import type { Kysely } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";
import { accountsToClose, checkPeriod, countToClose, unbilled } from "./close_period.ts";
import { loadCycles } from "./facts.ts";
import { billedBefore } from "./run/page.ts";
import { countSkipped, type SkippedMonth, skippedMonths, whySkipped } from "./skipped.ts";
import { decideLoaded } from "./step.ts";
import type { Decided } from "./write.ts";

/** Accounts previewed by one request: more would not fit into an answer. */
export const PREVIEW_MAX = 500;

export interface Preview {
  readonly account_id: string;
  /**
   * `ask`: its meter would be read now. `issue`: a bill. `draft`: one that waits for its grace.
   * `wait`: no reading. `park`: see reason.
   */
  readonly would: "ask" | "issue" | "draft" | "wait" | "park";
  readonly reason: string | null;
  /** It parks because it has no bill for an earlier month. */
  readonly jumps?: boolean;
  readonly units_kwh: number | null;
  readonly payable_paise: number | null;
  /** Of its bill for the month before; null where there is none. */
  readonly before_paise: number | null;
}

/** Some of the accounts of a dry run, in the order of their names. */
export interface PreviewPart {
  readonly period: string;
  /** All that the period would be closed for; told with the first part. */
  readonly total: number | null;
  /** Accounts that have no bill for an earlier month, by it; told with the first part. */
  readonly skipped: readonly SkippedMonth[] | null;
  readonly accounts: readonly Preview[];
  /** Where the next part begins; null with the last one. */
  readonly after: string | null;
}

/** What closing `period` would do to the next `PREVIEW_MAX` accounts after `after`. */
export async function previewPeriod(
  db: Kysely<Database>,
  period: string,
  { rules, now_ms: now }: { readonly rules: CycleRules; readonly now_ms: () => number },
  after: string | null = null,
  skip_months = false,
): Promise<PreviewPart> {
  const now_ms = now();
  checkPeriod(period, now_ms);
  const ids = await accountsToClose(db, period, after === null ? {} : { after }, PREVIEW_MAX);
  const loaded = await loadCycles(db, ids.map((account_id) => ({ account_id, period })));
  // The actor decides on cycles that nobody keeps.
  const anew = loaded.map((one) => ({
    ...one,
    cycle: newCycle(one.key.account_id, period),
  }));
  const context = { rules, now_ms: () => now_ms };
  const request = { step: "close", requested_at_ms: now_ms } as const;
  const decided = await decideLoaded(db, context, anew, request);
  const before = await billedBefore(db, period, ids);
  const skipped = skip_months ? new Map<string, string>() : await skippedMonths(db, period, ids);
  return {
    period,
    total: after === null ? await countToClose(db, period) : null,
    skipped: after === null ? await countSkipped(db, unbilled(period), period) : null,
    accounts: decided.map((one) => previewOf(one, before, skipped.get(one.cycle.account_id))),
    after: ids.length < PREVIEW_MAX ? null : ids.at(-1)!,
  };
}

function previewOf(
  { cycle, ask, bill }: Decided,
  before: ReadonlyMap<string, number>,
  skipped: string | undefined,
): Preview {
  const { account_id, period, state, reason, draft } = cycle;
  const before_paise = before.get(account_id) ?? null;
  const nothing = { account_id, reason: null, units_kwh: null, payable_paise: null, before_paise };
  if (skipped !== undefined) {
    return { ...nothing, would: "park", jumps: true, reason: whySkipped(skipped, period) };
  }
  if (bill !== null) {
    const { payable_paise, units } = bill.quote;
    return { ...nothing, would: "issue", units_kwh: units, payable_paise };
  }
  if (state === "draft" && draft !== null) {
    const { payable_paise, units_kwh } = draft;
    return { ...nothing, would: "draft", units_kwh, payable_paise };
  }
  if (state === "parked") return { ...nothing, would: "park", reason };
  return ask === null ? { ...nothing, would: "wait", reason } : { ...nothing, would: "ask" };
}
