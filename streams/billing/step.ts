/**
 * Hosts billing cycles over the database. A step is one transaction in which the state is loaded,
 * decided upon, and written together with everything that follows from it: of one account, or of many
 * at once, which are then read and written by one statement a kind of row.
 */
import { type Cycle, type CycleMessage, receive } from "../../actors/billing/cycle.ts";
import type { CycleRules } from "../../actors/billing/rules.ts";
import { readingSought } from "../../actors/billing/sought.ts";
import type { MeterStatus } from "../../protocol/messages/invoice_inputs.ts";
import { TerminalError } from "../../protocol/errors.ts";
import { isUniqueViolation } from "../database/faults.ts";
import type { Kysely, Transaction } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";
import { findCandidates } from "./candidate.ts";
import { loadCycle, loadCycles, type LoadedCycle } from "./facts.ts";
import { type CycleKey, lockAccounts, readByKeys } from "./facts_rows.ts";
import { withRegisters } from "./registers.ts";
import { type Decided, writeDecided } from "./write.ts";

export interface StepContext {
  readonly db: Kysely<Database>;
  readonly rules: CycleRules;
  /** Unix milliseconds. */
  readonly now_ms: () => number;
}

/** What a step is about. `look`: see whether the closing reading has come. */
export type StepRequest =
  | { readonly step: "close"; readonly requested_at_ms: number }
  | { readonly step: "look" }
  | { readonly step: "deadline" }
  /** What a person decides: see the messages of the cycle. */
  | { readonly step: "estimate"; readonly status: MeterStatus }
  | { readonly step: "release" }
  | { readonly step: "drop"; readonly reason: string };

export interface StepResult {
  readonly state: Cycle["state"];
  readonly reason: string | null;
  /** Number of the invoice, where this very step issued one. */
  readonly issued: string | null;
}

/**
 * One step of the cycle of `account_id` and `period`. Another process that was faster counts as
 * success: what it did is the result. Throws what the database throws, and `TerminalError` for an
 * account that is not known.
 */
export async function stepCycle(
  context: StepContext,
  account_id: string,
  period: string,
  request: StepRequest,
): Promise<StepResult> {
  const key = { account_id, period };
  try {
    return await context.db.transaction().execute(async (trx) =>
      (await stepCycles(trx, context, [key], request))[0]!
    );
  } catch (error) {
    if (!isRaceLost(error)) throw error;
    const { cycle } = await loadCycle(context.db, account_id, period);
    return { state: cycle.state, reason: cycle.reason, issued: null };
  }
}

/** The database holds one live cycle and one live invoice an account and period, whatever runs. */
export function isRaceLost(error: unknown): boolean {
  return isUniqueViolation(error, "invoice_live") || isUniqueViolation(error, "billing_cycle_live");
}

/**
 * The same step of all cycles of `keys`, each account at most once, in the caller's transaction; the
 * results in the same order, and numbers in it too. What one account's rows make fail, fails for all:
 * the caller rolls back.
 */
export async function stepCycles(
  trx: Transaction<Database>,
  context: StepContext,
  keys: readonly CycleKey[],
  request: StepRequest,
): Promise<StepResult[]> {
  const decided = await decideCycles(trx, context, keys, request);
  const numbers = await writeDecided(trx, decided);
  return resultsOf(decided, numbers);
}

/** What came of `decided`, with the numbers that `writeDecided()` gave. */
export function resultsOf(
  decided: readonly Decided[],
  numbers: readonly (string | null)[],
): StepResult[] {
  return decided.map(({ cycle: { state, reason } }, i) => ({ state, reason, issued: numbers[i]! }));
}

/** `keys` in batches of at most `size`, each account at most once in a batch, in their order. */
export function batchesOf(keys: readonly CycleKey[], size: number): CycleKey[][] {
  const batches: { keys: CycleKey[]; accounts: Set<string> }[] = [];
  for (const key of keys) {
    let batch = batches.find(({ keys, accounts }) =>
      keys.length < size && !accounts.has(key.account_id)
    );
    if (batch === undefined) batches.push(batch = { keys: [], accounts: new Set() });
    batch.keys.push(key);
    batch.accounts.add(key.account_id);
  }
  return batches.map(({ keys }) => keys);
}

/** What would be written, and nothing is: locks the accounts and reads. */
export async function decideCycles(
  trx: Transaction<Database>,
  context: StepContext,
  keys: readonly CycleKey[],
  request: StepRequest,
): Promise<Decided[]> {
  const ids = keys.map((key) => key.account_id);
  if (new Set(ids).size < ids.length) throw new Error("An account twice in one batch of steps");
  await readByKeys(trx);
  const locked = new Set(await lockAccounts(trx, ids));
  const missing = ids.find((id) => !locked.has(id));
  if (missing !== undefined) throw new TerminalError(`There is no account ${missing}`);
  // Only now: what another step wrote before it let go of the lock must be seen.
  const loaded = await loadCycles(trx, keys);
  return await decideLoaded(trx, context, loaded, request);
}

/** Decides upon cycles as they were loaded; reads the readings that may close them. */
export async function decideLoaded(
  db: Kysely<Database>,
  { rules, now_ms }: Pick<StepContext, "rules" | "now_ms">,
  loaded: readonly LoadedCycle[],
  request: StepRequest,
): Promise<Decided[]> {
  const now = now_ms();
  const steps = loaded.map((one) => new Step(one, now, rules));
  for (const step of steps) step.begin(request);
  const looking = steps.filter((step) => step.wanted !== null);
  const { hours: still_h } = rules.validation.rules.frozen_register;
  const wanted = looking.map((step) => step.wanted!);
  const candidates = await findCandidates(db, wanted, still_h, now);
  const found = looking.flatMap((step, i) => {
    const candidate = candidates[i]!;
    return candidate === null ? [] : [{ step, candidate, facts: step.loaded.facts }];
  });
  const closing = await withRegisters(db, found, rules.tariffs);
  for (const [i, { step, facts }] of found.entries()) {
    step.receive({ message: "reading", candidate: closing[i]!, facts });
  }
  for (const step of steps) step.end(request);
  return steps.map((step) => step.decided());
}

/** One cycle while it is decided upon: nothing here reads or writes. */
class Step {
  readonly #cycle: Cycle;
  readonly #before: string;
  #ask: Decided["ask"] = null;
  #bill: Decided["bill"] = null;
  readonly #quarantines: Decided["quarantines"][number][] = [];
  #looks = false;

  constructor(
    readonly loaded: LoadedCycle,
    readonly now_ms: number,
    readonly rules: CycleRules,
  ) {
    this.#cycle = { ...loaded.cycle };
    this.#before = JSON.stringify(loaded.cycle);
  }

  begin(request: StepRequest): void {
    const { facts } = this.loaded;
    switch (request.step) {
      case "look":
      // A reading that has come is better than what the deadline would do without one.
      case "deadline":
        this.#looks = true;
        break;
      case "close":
        this.receive({ message: "close", facts, requested_at_ms: request.requested_at_ms });
        break;
      case "estimate":
        this.receive({ message: "estimate", facts, status: request.status });
        break;
      case "release":
        this.receive({ message: "release", facts });
        break;
      case "drop":
        this.receive({ message: "drop", reason: request.reason });
    }
  }

  /** After the look. */
  end(request: StepRequest): void {
    if (request.step === "deadline") {
      this.receive({ message: "deadline", facts: this.loaded.facts });
    }
  }

  /** The reading that is to be looked for, or null. */
  get wanted() {
    if (!this.#looks || this.#cycle.state !== "awaiting_reading") return null;
    const sought = readingSought(this.#cycle, this.loaded.facts);
    if (sought === null) return null;
    const { installation: { meter_id }, after_ms: opened_at_ms, window } = sought;
    return { meter_id, opened_at_ms, window };
  }

  receive(message: CycleMessage): void {
    for (const effect of receive(this.#cycle, message, this.now_ms, this.rules)) {
      switch (effect.effect) {
        case "ask":
          this.#ask = effect;
          break;
        case "look":
          this.#looks = true;
          break;
        case "issue":
          this.#bill = effect.bill;
          // It is written in the transaction of this step, or nothing of the step stands.
          this.receive({ message: "issued" });
          break;
        case "quarantine":
          this.#quarantines.push(effect);
          break;
        case "void":
          // Voiding is asked of the office, which has its own transaction: see void.ts.
          throw new Error("A step of a cycle does not void");
      }
    }
  }

  decided(): Decided {
    const { cycle_id, cycle: before, facts } = this.loaded;
    return {
      before,
      cycle: this.#cycle,
      // A void cycle stays as it was; what begins anew is a row of its own.
      cycle_id: before.state === "void" ? null : cycle_id,
      changed: JSON.stringify(this.#cycle) !== this.#before,
      facts,
      ask: this.#ask,
      bill: this.#bill,
      quarantines: this.#quarantines,
    };
  }
}
