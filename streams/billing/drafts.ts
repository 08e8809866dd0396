/** Drafts: bills that people may look at before they go out; and what a person decides of a cycle. */
import type { CycleRules } from "../../actors/billing/rules.ts";
import { TerminalError } from "../../protocol/errors.ts";
import type { MeterStatus } from "../../protocol/messages/invoice_inputs.ts";
import { writeAudit } from "../database/audit.ts";
import { isPassing } from "../database/faults.ts";
import type { Kysely, Transaction } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";
import { loadCycles } from "./facts.ts";
import type { CycleKey } from "./facts_rows.ts";
import { decideLoaded, stepCycles, type StepResult } from "./step.ts";

/** Drafts as they wait, the one that goes out next first: at most `limit`. */
export async function listDrafts(db: Kysely<Database>, limit: number) {
  const rows = await db.selectFrom("billing_cycle")
    .select(["account_id", "period", "reason", "deadline_at", "draft"])
    .where("state", "=", "draft").orderBy("deadline_at").orderBy("cycle_id").limit(limit)
    .execute();
  return rows.map(({ draft, ...row }) => {
    const { units_kwh, payable_paise, estimate } = draft as {
      units_kwh: number;
      payable_paise: number;
      estimate: { status: MeterStatus } | null;
    }; // Written by this program alone, in write.ts.
    return { ...row, units_kwh, payable_paise, estimated: estimate?.status ?? null };
  });
}
export type DraftLine = Awaited<ReturnType<typeof listDrafts>>[number];

/** The draft of `key` as it would go out now, line by line; nothing is written. */
export async function showDraft(
  db: Kysely<Database>,
  key: CycleKey,
  context: { readonly rules: CycleRules; readonly now_ms: () => number },
) {
  const [found] = await loadCycles(db, [key]);
  // What it would be now, though the draft of an earlier month goes first.
  const loaded = found && { ...found, facts: { ...found.facts, earlier_draft: null } };
  if (loaded!.cycle.state !== "draft") {
    throw new TerminalError(`${key.account_id} has no draft for ${key.period}`);
  }
  const { deadline_at_ms, reason } = loaded!.cycle;
  // Released twice: the second one takes what the first one found changed.
  const [decided] = await decideLoaded(db, context, [loaded!], { step: "release" });
  const again = decided!.bill !== null || decided!.cycle.state !== "draft"
    ? decided!
    : (await decideLoaded(db, context, [{ ...loaded!, cycle: decided!.cycle }], {
      step: "release",
    }))[0]!;
  if (again.bill === null) {
    return { ...key, deadline_at_ms, reason: again.cycle.reason, bill: null, changed: true };
  }
  const { inputs, quote } = again.bill;
  const { tariff_document: _document, ...shown } = inputs;
  const changed = decided!.bill === null;
  return {
    ...{ ...key, deadline_at_ms, reason, changed },
    bill: { inputs: shown, lines: quote.lines, payable_paise: quote.payable_paise },
  };
}
export type DraftSheet = Awaited<ReturnType<typeof showDraft>>;

export type Decision =
  | { readonly step: "release" }
  | { readonly step: "drop"; readonly reason: string }
  | { readonly step: "estimate"; readonly status: MeterStatus };

export interface DecidedBy {
  readonly actor: string;
  readonly reason: string;
  readonly rules: CycleRules;
  readonly now_ms: () => number;
  /** With all others of its month: told in the audit. */
  readonly month?: boolean;
}

/**
 * What a person decides of a cycle, with who and why, in one transaction. Throws `TerminalError` where
 * the cycle is in no state for it.
 */
export async function decideCycle(
  db: Kysely<Database>,
  key: CycleKey,
  decision: Decision,
  by: DecidedBy,
): Promise<StepResult> {
  const { rules, now_ms } = by;
  return await db.transaction().execute(async (trx) => {
    const [result] = await stepCycles(trx, { db, rules, now_ms }, [key], decision);
    await auditDecision(trx, key, decision, by, result!);
    return result!;
  });
}

async function auditDecision(
  trx: Transaction<Database>,
  key: CycleKey,
  decision: Decision,
  { actor, reason, month }: DecidedBy,
  { state, issued }: StepResult,
): Promise<void> {
  await writeAudit(trx, {
    ...{ actor, action: ACTIONS[decision.step], subject: key.account_id },
    detail: { ...key, ...decision, reason, state, issued, ...(month === true && { month }) },
  });
}

const ACTIONS: Readonly<Record<Decision["step"], string>> = {
  release: "draft.released",
  drop: "draft.dropped",
  estimate: "cycle.estimated",
};

/** Drafts that one call releases: one transaction. */
export const RELEASE_MAX = 100;
/** Drafts of one call that are told because they stay. */
const KEPT_MAX = 20;

/** How many drafts wait of a month. */
export async function countDrafts(db: Kysely<Database>, period: string): Promise<number> {
  const { drafts } = await db.selectFrom("billing_cycle")
    .select((of) => of.fn.countAll<number>().as("drafts"))
    .where("period", "=", period).where("state", "=", "draft").executeTakeFirstOrThrow();
  return drafts;
}

export interface ReleasedPart {
  readonly released: number;
  /** Of the bills that went out. */
  readonly numbers: readonly string[];
  /** Drafts that stay: something changed underneath, or somebody else decided. */
  readonly kept: number;
  /** The first of them. */
  readonly told: readonly { readonly account_id: string; readonly reason: string }[];
  /** Where the next part begins; null with the last one. */
  readonly after: string | null;
}

/**
 * Releases the next `RELEASE_MAX` drafts of `period`, each with its own line in the audit. One that
 * cannot be released stays, and holds up no other.
 */
export async function releaseMonth(
  db: Kysely<Database>,
  period: string,
  after: string,
  by: DecidedBy,
): Promise<ReleasedPart> {
  const rows = await db.selectFrom("billing_cycle").select("account_id")
    .where("period", "=", period).where("state", "=", "draft").where("account_id", ">", after)
    .orderBy("account_id").limit(RELEASE_MAX).execute();
  const ids = rows.map(({ account_id }) => account_id);
  const results = await releaseAll(db, ids, period, { ...by, month: true });
  const kept = ids.flatMap((account_id, i) => {
    const { issued, reason } = results[i]!;
    return issued === null ? [{ account_id, reason: reason ?? "it is no draft any more" }] : [];
  });
  return {
    released: ids.length - kept.length,
    numbers: results.flatMap(({ issued }) => issued === null ? [] : [issued]),
    kept: kept.length,
    told: kept.slice(0, KEPT_MAX),
    after: ids.length < RELEASE_MAX ? null : ids.at(-1)!,
  };
}

type Told = Pick<StepResult, "issued" | "reason">;

/** All at once; where that fails, one after the other. */
async function releaseAll(
  db: Kysely<Database>,
  ids: readonly string[],
  period: string,
  by: DecidedBy,
): Promise<Told[]> {
  const { rules, now_ms } = by;
  const keys = ids.map((account_id) => ({ account_id, period }));
  const decision = { step: "release" } as const;
  try {
    return await db.transaction().execute(async (trx) => {
      const results = await stepCycles(trx, { db, rules, now_ms }, keys, decision);
      for (const [i, result] of results.entries()) {
        await auditDecision(trx, keys[i]!, decision, by, result);
      }
      return results;
    });
  } catch (error) {
    if (isPassing(error)) throw error;
  }
  const told: Told[] = [];
  for (const key of keys) {
    try {
      told.push(await decideCycle(db, key, decision, by));
    } catch (error) {
      if (isPassing(error)) throw error;
      told.push({ issued: null, reason: (error as Error).message });
    }
  }
  return told;
}
