/**
 * One page of a billing run in one transaction: claimed, decided, written, counted. A process that
 * dies in the middle leaves nothing of it, and the page is there for the next one.
 */
import {
  addTotals,
  haltOf,
  NO_TOTALS,
  outlierOf,
  type RunBounds,
  type RunTotals,
} from "../../../actors/billing/run.ts";
import { periodBefore } from "../../../actors/billing/calendar.ts";
import { newCycle } from "../../../actors/billing/cycle.ts";
import { parseOrExplain } from "../../../protocol/schema.ts";
import { isPassing } from "../../database/faults.ts";
import { type Kysely, sql, type Transaction } from "../../database/kysely.ts";
import type { Database } from "../../database/schema.ts";
import { accountsToClose } from "../close_period.ts";
import { type CycleKey, readByKeys } from "../facts_rows.ts";
import { parkCycleIn, stepAlone } from "../park.ts";
import { skippedMonths, whySkipped } from "../skipped.ts";
import { decideCycles, type StepContext } from "../step.ts";
import { type Decided, writeDecided } from "../write.ts";
import { runBounds } from "./bounds.ts";
import { countPage, finishPage, finishRun, haltRun, lockRun } from "./progress.ts";

/** More accounts than a page was cut with were opened among its neighbours: they wait for the next run. */
const ACCOUNTS_MAX = 1_000;

export interface Page {
  readonly run_id: number;
  readonly page: number;
  readonly period: string;
  readonly requested_at_ms: number;
  readonly bounds: RunBounds;
  readonly first_account: string;
  readonly last_account: string;
}

/** What came of a call: a page that stands, a run that is over or has halted, or nothing to do. */
export type PageResult =
  | { readonly did: "page"; readonly page: Page; readonly totals: RunTotals; numbers: string[] }
  | { readonly did: "done"; readonly run_id: number; readonly period: string }
  | { readonly did: "halted"; readonly page: Page; readonly reason: string }
  | { readonly did: "nothing" };

/** Works off the next page of any run that nobody else has in hand. Throws what the database throws. */
export async function workPage(context: StepContext): Promise<PageResult> {
  return await context.db.transaction().execute(async (trx) => {
    await readByKeys(trx);
    const page = await claimPage(trx);
    if (page === undefined) return await finishRun(trx, context.now_ms());
    const accounts = await accountsToClose(
      trx,
      page.period,
      { first: page.first_account, last: page.last_account },
      ACCOUNTS_MAX,
    );
    const keys = accounts.map((account_id) => ({ account_id, period: page.period }));
    await sql`savepoint page`.execute(trx);
    const { decided, numbers } = await billPage(trx, context, page, keys);
    const totals = await totalsOf(trx, page.period, decided);
    // From here on the row of the run is held: pages are counted one after the other.
    const before = await lockRun(trx, page.run_id);
    if (before === null) {
      await sql`rollback to savepoint page`.execute(trx);
      return { did: "nothing" };
    }
    const reason = haltOf(addTotals(before, totals), page.bounds);
    if (reason !== null) {
      // Nothing of a page that breaks the bounds stands: its bills are not out.
      await sql`rollback to savepoint page`.execute(trx);
      const why = reason + mostlyBecause(decided);
      await haltRun(trx, page, why);
      return { did: "halted", page, reason: why };
    }
    await countPage(trx, page.run_id, totals);
    await finishPage(trx, page, context.now_ms());
    return { did: "page", page, totals, numbers };
  });
}

/**
 * The first page that is open and that no other transaction has in hand. While an earlier month is being
 * billed a later one waits: it would bill that month's use.
 */
async function claimPage(trx: Transaction<Database>): Promise<Page | undefined> {
  const { rows: [row] } = await sql<{
    run_id: number;
    page: number;
    period: string;
    requested_at: Date;
    bounds: unknown;
    first_account: string;
    last_account: string;
  }>`
    select page.run_id, page.page, run.period, run.requested_at, run.bounds, page.first_account,
      page.last_account
    from billing_run_page as page join billing_run as run on run.run_id = page.run_id
    where run.state = 'running' and page.done_at is null
      and not exists (select 1 from billing_run as earlier
        where earlier.state = 'running' and earlier.period < run.period)
    order by page.run_id, page.page limit 1
    for update of page skip locked`.execute(trx);
  if (row === undefined) return undefined;
  const { requested_at, bounds, ...page } = row;
  return {
    ...page,
    requested_at_ms: requested_at.getTime(),
    bounds: parseOrExplain(runBounds, bounds, `Bounds of run ${page.run_id}`),
  };
}

/** What of a step's decision counts for the run. */
export type Outcome = Pick<Decided, "cycle" | "bill"> & {
  /** It would jump over a month: that is told, and is no sign that the run goes wrong. */
  readonly jumps?: boolean;
};

interface Billed {
  readonly decided: readonly Outcome[];
  readonly numbers: string[];
}

/** All at once; where that fails, one account after the other, and who fails then is parked. */
async function billPage(
  trx: Transaction<Database>,
  context: StepContext,
  page: Page,
  keys: readonly CycleKey[],
): Promise<Billed> {
  try {
    return await bill(trx, context, page, keys);
  } catch (error) {
    if (isPassing(error)) throw error;
    // Fails too where it was the connection that went: then nothing of all this stands.
    await sql`rollback to savepoint page`.execute(trx);
  }
  const decided: Outcome[] = [];
  const numbers: string[] = [];
  for (const key of keys) {
    const one = await billAlone(trx, context, page, key);
    decided.push(...one.decided);
    numbers.push(...one.numbers);
  }
  return { decided, numbers };
}

async function bill(
  trx: Transaction<Database>,
  context: StepContext,
  page: Page,
  keys: readonly CycleKey[],
): Promise<Billed> {
  const request = { step: "close", requested_at_ms: page.requested_at_ms } as const;
  const all = (await decideCycles(trx, context, keys, request))
    .map((one) => withinBounds(one, page.bounds));
  const decided = page.bounds.skip_months ? all : await inOrder(trx, page, all);
  const numbers = await writeDecided(trx, decided);
  return { decided, numbers: numbers.filter((number) => number !== null) };
}

/** A bill out of all proportion is for a person: the cycle parks and says so. */
export function withinBounds(decided: Decided, bounds: RunBounds): Decided {
  const payable_paise = payableOf(decided);
  const reason = payable_paise === null ? null : outlierOf(payable_paise, bounds);
  if (reason === null) return decided;
  const parked = { state: "parked", reason, asks: 0, deadline_at_ms: null, draft: null } as const;
  return { ...decided, bill: null, cycle: { ...decided.cycle, ...parked } };
}

/** An account without a bill for an earlier month parks: see `skipped.ts`. */
async function inOrder(
  trx: Transaction<Database>,
  { period, requested_at_ms }: Page,
  decided: readonly Decided[],
): Promise<(Decided & Outcome)[]> {
  const ids = decided.map(({ cycle }) => cycle.account_id);
  const skipped = await skippedMonths(trx, period, ids);
  return decided.map((one) => {
    const month = skipped.get(one.cycle.account_id);
    if (month === undefined) return one;
    const cycle = {
      ...newCycle(one.cycle.account_id, period),
      ...{ state: "parked", reason: whySkipped(month, period), requested_at_ms } as const,
    };
    const nothing = { bill: null, ask: null, quarantines: [] };
    return { ...one, ...nothing, cycle, changed: true, jumps: true };
  });
}

/** Of the bill, or of the draft that becomes one after its grace; null where there is neither. */
function payableOf({ bill, cycle: { draft } }: Outcome): number | null {
  return bill?.quote.payable_paise ?? draft?.payable_paise ?? null;
}

async function billAlone(
  trx: Transaction<Database>,
  context: StepContext,
  page: Page,
  key: CycleKey,
): Promise<Billed> {
  const alone = await stepAlone(trx, () => bill(trx, context, page, [key]));
  if (alone.did === "step") return alone.value;
  if (alone.did === "race_lost") return { decided: [], numbers: [] };
  const { account_id, period } = key;
  const { reason } = alone;
  await parkCycleIn(trx, account_id, period, reason, page.requested_at_ms);
  const cycle = { ...newCycle(account_id, period), state: "parked" as const, reason };
  return { decided: [{ cycle, bill: null }], numbers: [] };
}

/** What `decided` comes to. */
export async function totalsOf(
  trx: Transaction<Database>,
  period: string,
  decided: readonly Outcome[],
): Promise<RunTotals> {
  const billed = decided.filter((one) => payableOf(one) !== null);
  const before = await billedBefore(trx, period, billed.map(({ cycle }) => cycle.account_id));
  let totals: RunTotals = NO_TOTALS;
  for (const one of decided) {
    if (one.jumps === true) continue;
    const { cycle: { account_id, state, draft }, bill } = one;
    const payable_paise = payableOf(one);
    const before_paise = payable_paise === null ? undefined : before.get(account_id);
    totals = addTotals(totals, {
      looked: 1,
      issued: bill === null ? 0 : 1,
      drafts: state === "draft" ? 1 : 0,
      parked: state === "parked" ? 1 : 0,
      waiting: state === "awaiting_reading" ? 1 : 0,
      units_kwh: bill?.inputs.units_kwh ?? draft?.units_kwh ?? 0,
      payable_paise: payable_paise ?? 0,
      compared: before_paise === undefined ? 0 : 1,
      compared_paise: before_paise === undefined ? 0 : payable_paise ?? 0,
      before_paise: before_paise ?? 0,
    });
  }
  return totals;
}

/** What the live bills of the month before came to, by account. */
export async function billedBefore(
  trx: Kysely<Database>,
  period: string,
  account_ids: readonly string[],
): Promise<Map<string, number>> {
  if (account_ids.length === 0) return new Map();
  const { rows } = await sql<{ account_id: string; payable_paise: number }>`
    select account_id, payable_paise from invoice
    where account_id = any(${account_ids}::text[]) and period = ${periodBefore(period)}
      and state = 'issued'`.execute(trx);
  return new Map(rows.map((row) => [row.account_id, row.payable_paise]));
}

/** The first reason of a page that did not go through: its rows are not kept. */
function mostlyBecause(decided: readonly Outcome[]): string {
  const parked = decided.find(({ cycle }) => cycle.state === "parked");
  if (parked === undefined) return "";
  const { account_id, reason } = parked.cycle;
  return `; the first of this page, account ${account_id}: ${reason}`;
}
