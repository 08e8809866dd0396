/** A dry run: what closing a month would do, account by account. Reads only. */
import { asksMeter, closingWindow, receive } from "../../actors/billing/cycle.ts";
import type { Kysely } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";
import { findCandidate } from "./candidate.ts";
import { accountsToClose, checkPeriod } from "./close_period.ts";
import { loadFacts } from "./facts.ts";

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
  const previews: Preview[] = [];
  for (const { account_id } of await accountsToClose(db, period, "", PREVIEW_MAX)) {
    previews.push(await previewAccount(db, account_id, period, now_ms));
  }
  return previews;
}

/** The actor decides on a cycle that nobody keeps. */
async function previewAccount(
  db: Kysely<Database>,
  account_id: string,
  period: string,
  now_ms: number,
): Promise<Preview> {
  const facts = await loadFacts(db, account_id, period);
  const cycle = {
    account_id,
    period,
    state: "none" as "none" | "parked",
    reason: null as string | null,
    requested_at_ms: null,
  };
  const nothing = { account_id, reason: null, units_kwh: null, payable_paise: null };
  receive(cycle, { message: "close", requested_at_ms: now_ms, facts }, now_ms);
  if (cycle.state === "parked") return { ...nothing, would: "park", reason: cycle.reason };
  if (asksMeter(period, now_ms)) return { ...nothing, would: "ask" };
  const { meter, opening } = facts;
  const candidate = await findCandidate(
    db,
    meter!.meter_id, // A cycle without a meter or an opening is parked above.
    opening!.read_at_ms,
    closingWindow(period, now_ms),
  );
  if (candidate === null) return { ...nothing, would: "wait", reason: cycle.reason };
  const [effect] = receive(cycle, { message: "reading", candidate, facts }, now_ms);
  if (effect?.effect !== "issue") return { ...nothing, would: "park", reason: cycle.reason };
  const { payable_paise, units } = effect.bill.quote;
  return { ...nothing, would: "issue", units_kwh: units, payable_paise };
}
