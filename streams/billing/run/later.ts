/**
 * Accounts of a run that come to a bill only after their page: their meter was asked, or they wait
 * for a deadline. The bounds of the run hold for them as for a page, and they count against its sums.
 */
import { type Cycle, newCycle } from "../../../actors/billing/cycle.ts";
import {
  haltOf,
  type RunBounds,
  type RunTotals,
  totalsBetween,
} from "../../../actors/billing/run.ts";
import { parseOrExplain } from "../../../protocol/schema.ts";
import { sql, type Transaction } from "../../database/kysely.ts";
import type { Database } from "../../database/schema.ts";
import { loadCycle, lockAccount } from "../facts.ts";
import type { CycleKey } from "../facts_rows.ts";
import { parkCycleIn, stepAlone } from "../park.ts";
import {
  decideCycles,
  resultsOf,
  type StepContext,
  type StepRequest,
  type StepResult,
} from "../step.ts";
import { type Decided, writeDecided } from "../write.ts";
import { runBounds } from "./bounds.ts";
import { type Outcome, totalsOf, withinBounds } from "./page.ts";
import { countLater, haltRun } from "./progress.ts";

/** What came of it: steps that stand, or a run that broke its bounds by them, of which none stands. */
export type Later =
  | { readonly did: "stepped"; readonly results: readonly StepResult[] }
  | { readonly did: "halted"; readonly run_id: number; period: string; reason: string };

interface Commander {
  readonly run_id: number;
  readonly period: string;
  readonly bounds: RunBounds;
}

/** A step's outcome, and the cycle before it. */
type Move = Outcome & Pick<Decided, "before">;

/** The same step of waiting cycles, each account at most once. Throws what the database throws. */
export async function stepLater(
  context: StepContext,
  keys: readonly CycleKey[],
  request: StepRequest,
): Promise<Later> {
  return await context.db.transaction().execute((trx) => stepIn(trx, context, keys, request));
}

/**
 * One of them whose batch failed: where it fails by itself too, it parks with the reason, so that
 * nobody waits behind it. Throws where that may well pass, and where the database is away.
 */
export async function stepLaterAlone(
  context: StepContext,
  key: CycleKey,
  request: StepRequest,
): Promise<Later> {
  return await context.db.transaction().execute(async (trx) => {
    const alone = await stepAlone(trx, () => stepIn(trx, context, [key], request));
    if (alone.did === "step") return alone.value;
    // What the other process did is the result.
    if (alone.did === "race_lost") return { did: "stepped", results: [] };
    return await parkIn(trx, key, alone.reason);
  });
}

async function stepIn(
  trx: Transaction<Database>,
  context: StepContext,
  keys: readonly CycleKey[],
  request: StepRequest,
): Promise<Later> {
  const found = await decideCycles(trx, context, keys, request);
  const runs = await commandersOf(trx, found.map(({ before }) => before));
  const decided = found.map((one, i) => {
    const run = runs[i];
    return one.changed && run ? withinBounds(one, run.bounds) : one;
  });
  return await heldAgainst(trx, decided, runs, async () => {
    return resultsOf(decided, await writeDecided(trx, decided));
  });
}

async function parkIn(
  trx: Transaction<Database>,
  { account_id, period }: CycleKey,
  reason: string,
): Promise<Later> {
  await lockAccount(trx, account_id);
  const { cycle: before } = await loadCycle(trx, account_id, period);
  const cycle = { ...newCycle(account_id, period), state: "parked" as const, reason };
  const runs = await commandersOf(trx, [before]);
  return await heldAgainst(trx, [{ before, cycle, bill: null }], runs, async () => {
    await parkCycleIn(trx, account_id, period, reason, null);
    return [{ state: "parked", reason, issued: null }];
  });
}

/** Of each cycle the run whose page commanded it; undefined where a person did, by itself. */
async function commandersOf(
  trx: Transaction<Database>,
  cycles: readonly Cycle[],
): Promise<(Commander | undefined)[]> {
  const periods = [...new Set(cycles.map(({ period }) => period))];
  const runs = await trx.selectFrom("billing_run")
    .select(["run_id", "period", "requested_at", "bounds"])
    .where("period", "in", periods).orderBy("run_id").execute();
  return cycles.map(({ period, requested_at_ms }) => {
    const run = runs.find((one) =>
      one.period === period && one.requested_at.getTime() === requested_at_ms
    );
    if (run === undefined) return undefined;
    const { run_id, bounds } = run;
    return { run_id, period, bounds: parseOrExplain(runBounds, bounds, `Bounds of run ${run_id}`) };
  });
}

/** What `write` writes, where the runs stay within their bounds by it; else nothing of it, and a halt. */
async function heldAgainst(
  trx: Transaction<Database>,
  moves: readonly Move[],
  runs: readonly (Commander | undefined)[],
  write: () => Promise<StepResult[]>,
): Promise<Later> {
  await sql`savepoint later`.execute(trx);
  const results = await write();
  const places = [...moves.keys()].filter((place) => runs[place] !== undefined);
  const by_run = Map.groupBy(places, (place) => runs[place]!.run_id);
  for (const [, some] of [...by_run].sort(([a], [b]) => a - b)) {
    const run = runs[some[0]!]!;
    const totals = await movedTotals(trx, run.period, some.map((place) => moves[place]!));
    if (isNothing(totals)) continue;
    // From here on the row of the run is held, as by a page.
    const sums = await countLater(trx, run, totals);
    const reason = sums === null ? "it was halted meanwhile" : haltOf(sums, run.bounds);
    if (reason === null) continue;
    await sql`rollback to savepoint later`.execute(trx);
    if (sums !== null) await haltRun(trx, run, reason);
    return { did: "halted", run_id: run.run_id, period: run.period, reason };
  }
  return { did: "stepped", results };
}

/** They were counted once, as waiting or as drafts: what changes by the step. */
async function movedTotals(
  trx: Transaction<Database>,
  period: string,
  moves: readonly Move[],
): Promise<RunTotals> {
  const before = moves.map((move) => ({ cycle: move.before, bill: null }));
  return totalsBetween(await totalsOf(trx, period, before), await totalsOf(trx, period, moves));
}

function isNothing(totals: RunTotals): boolean {
  return Object.values(totals).every((sum) => sum === 0);
}
