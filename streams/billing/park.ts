/** A cycle whose step fails every time: a person sees why, and the run goes on without it. */
import { isPassing } from "../database/faults.ts";
import { type Kysely, sql, type Transaction } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";
import { loadCycle, lockAccount } from "./facts.ts";
import { isRaceLost } from "./step.ts";

const REASON_LENGTH_MAX = 500;

/**
 * Parks the live cycle of `account_id` and `period`, or a new one; never an issued one. When closing
 * was asked for is kept: the next run is told from this one by it, and tries again.
 */
export async function parkCycle(
  db: Kysely<Database>,
  account_id: string,
  period: string,
  reason: string,
  requested_at_ms: number | null,
): Promise<void> {
  await db.transaction().execute((trx) =>
    parkCycleIn(trx, account_id, period, reason, requested_at_ms)
  );
}

/** `parkCycle()` in the caller's transaction; whether it is parked now. */
export async function parkCycleIn(
  trx: Transaction<Database>,
  account_id: string,
  period: string,
  reason: string,
  requested_at_ms: number | null,
): Promise<boolean> {
  const parked = {
    state: "parked" as const,
    reason: reason.slice(0, REASON_LENGTH_MAX),
    asks: 0,
    deadline_at: null,
    draft: null,
    parked_reading_at: null,
    parked_rule: null,
  };
  const asked = requested_at_ms === null ? {} : { requested_at: new Date(requested_at_ms) };
  await lockAccount(trx, account_id);
  const { cycle, cycle_id } = await loadCycle(trx, account_id, period);
  if (cycle.state === "issued" || cycle.state === "imported") return false;
  if (cycle_id === null || cycle.state === "void") {
    await trx.insertInto("billing_cycle")
      .values({ account_id, period, requested_at: null, ...asked, ...parked }).execute();
  } else {
    await trx.updateTable("billing_cycle").set({ ...asked, ...parked })
      .where("cycle_id", "=", cycle_id).execute();
  }
  return true;
}

/** Why an account whose step fails is parked. */
export function reasonOf(error: unknown): string {
  return `could not be billed: ${(error as Error).message}`;
}

/** A step by itself: what it gave, that another process was faster, or why it is to park. */
export type Alone<T> =
  | { readonly did: "step"; readonly value: T }
  | { readonly did: "race_lost" }
  | { readonly did: "fail"; readonly reason: string };

/**
 * `step` of one account whose batch failed: where it fails by itself too nothing of it stands, and the
 * transaction goes on. Throws where that may well pass, and where the database is away.
 */
export async function stepAlone<T>(
  trx: Transaction<Database>,
  step: () => Promise<T>,
): Promise<Alone<T>> {
  await sql`savepoint alone`.execute(trx);
  try {
    const value = await step();
    await sql`release savepoint alone`.execute(trx);
    return { did: "step", value };
  } catch (error) {
    if (isPassing(error)) throw error;
    // Fails too where it was the connection that went: then nobody parks for it.
    await sql`rollback to savepoint alone`.execute(trx);
    return isRaceLost(error) ? { did: "race_lost" } : { did: "fail", reason: reasonOf(error) };
  }
}
