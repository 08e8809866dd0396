/** A dry run: what closing a month would do, account by account. Reads only. */
import { newCycle } from "../../actors/billing/cycle.ts";
import { CYCLE_RULES } from "../../actors/billing/rules.ts";
import type { Kysely } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";
import { accountsToClose, checkPeriod } from "./close_period.ts";
import { loadCycles } from "./facts.ts";
import { decideLoaded } from "./step.ts";
import type { Decided } from "./write.ts";

/** Accounts previewed by one request: more would not fit into an answer that people read. */
export const PREVIEW_MAX = 1_000;

export interface Preview {
  readonly account_id: string;
  /** `ask`: its meter would be read now. `issue`: a bill. `wait`: no reading. `park`: see reason. */
  readonly would: "ask" | "issue" | "wait" | "park";
  readonly reason: string | null;
  readonly units_kwh: number | null;
  readonly payable_paise: number | null;
}

/** The first `PREVIEW_MAX` accounts that `period` would be closed for. */
export async function previewPeriod(
  db: Kysely<Database>,
  period: string,
  now_ms: number,
): Promise<Preview[]> {
  checkPeriod(period, now_ms);
  const accounts = await accountsToClose(db, period, "", PREVIEW_MAX);
  const loaded = await loadCycles(db, accounts.map(({ account_id }) => ({ account_id, period })));
  // The actor decides on cycles that nobody keeps.
  const anew = loaded.map((one) => ({
    ...one,
    cycle: newCycle(one.key.account_id, period),
  }));
  const context = { rules: CYCLE_RULES, now_ms: () => now_ms };
  const request = { step: "close", requested_at_ms: now_ms } as const;
  return (await decideLoaded(db, context, anew, request)).map(previewOf);
}

function previewOf({ cycle, ask, bill }: Decided): Preview {
  const { account_id, state, reason } = cycle;
  const nothing = { account_id, reason: null, units_kwh: null, payable_paise: null };
  if (bill !== null) {
    const { payable_paise, units } = bill.quote;
    return { ...nothing, would: "issue", units_kwh: units, payable_paise };
  }
  if (state === "parked") return { ...nothing, would: "park", reason };
  return ask === null ? { ...nothing, would: "wait", reason } : { ...nothing, would: "ask" };
}
