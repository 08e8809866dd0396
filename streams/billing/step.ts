/**
 * Hosts the billing cycle over the database: one step is one transaction, in which the state is
 * loaded, decided upon, and written together with everything that follows from it.
 */
import {
  closingWindow,
  type Cycle,
  type CycleEffect,
  type CycleMessage,
  type CycleRules,
  receive,
} from "../../actors/billing/cycle.ts";
import type { CycleFacts } from "../../actors/billing/facts.ts";
import type { Command } from "../../protocol/messages/command.ts";
import { subjects } from "../../protocol/subjects.ts";
import { isUniqueViolation } from "../database/faults.ts";
import type { Kysely, Transaction } from "../database/kysely.ts";
import { enqueue } from "../database/outbox.ts";
import type { Database } from "../database/schema.ts";
import { findCandidate } from "./candidate.ts";
import { loadCycle, loadFacts, lockAccount } from "./facts.ts";
import { writeInvoice } from "./issue.ts";

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
  | { readonly step: "deadline" };

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
  try {
    return await context.db.transaction().execute(async (trx) => {
      await lockAccount(trx, account_id);
      return await new Step(trx, context, account_id, period).run(request);
    });
  } catch (error) {
    if (!isRaceLost(error)) throw error;
    const { cycle } = await loadCycle(context.db, account_id, period);
    return { state: cycle.state, reason: cycle.reason, issued: null };
  }
}

/** The database holds one live cycle and one live invoice an account and period, whatever runs. */
function isRaceLost(error: unknown): boolean {
  return isUniqueViolation(error, "invoice_live") || isUniqueViolation(error, "billing_cycle_live");
}

/** The state of one step while its transaction is open. */
class Step {
  #row: { cycle: Cycle; cycle_id: number | null } | undefined;
  #issued: string | null = null;

  constructor(
    readonly trx: Transaction<Database>,
    readonly context: StepContext,
    readonly account_id: string,
    readonly period: string,
  ) {}

  async run(request: StepRequest): Promise<StepResult> {
    const { cycle, cycle_id } = await loadCycle(this.trx, this.account_id, this.period);
    // A void cycle stays as it was; what begins anew is a row of its own.
    this.#row = { cycle, cycle_id: cycle.state === "void" ? null : cycle_id };
    const facts = await loadFacts(this.trx, this.account_id, this.period);
    if (request.step === "look") {
      await this.#look(facts);
    } else if (request.step === "close") {
      await this.#receive({ message: "close", facts, ...request }, facts);
    } else {
      const meter_id = facts.meter?.meter_id ?? "(none)";
      await this.#receive({ message: "deadline", meter_id }, facts);
    }
    const { state, reason } = this.#row.cycle;
    return { state, reason, issued: this.#issued };
  }

  async #receive(message: CycleMessage, facts: CycleFacts): Promise<void> {
    const { cycle } = this.#row!;
    const before = JSON.stringify(cycle);
    const effects = receive(cycle, message, this.context.now_ms(), this.context.rules);
    if (JSON.stringify(cycle) !== before) await this.#save(facts);
    for (const effect of effects) await this.#do(effect, facts);
  }

  async #do(effect: CycleEffect, facts: CycleFacts): Promise<void> {
    switch (effect.effect) {
      case "ask":
        return await ask(this.trx, this.#row!.cycle, effect);
      case "look":
        return await this.#look(facts);
      case "issue": {
        const { inputs } = effect.bill;
        await this.trx.updateTable("billing_cycle").set({
          from_date: inputs.from,
          to_date: inputs.to,
          opening_wh: inputs.opening.value_wh,
          closing_wh: inputs.closing.value_wh,
          closing_read_at: new Date(inputs.closing.read_at_ms),
          units_kwh: inputs.units_kwh,
        }).where("cycle_id", "=", this.#row!.cycle_id).execute();
        this.#issued = await writeInvoice(this.trx, this.#row!.cycle_id!, effect.bill);
        return await this.#receive({ message: "issued" }, facts);
      }
      case "void":
        // Voiding is asked of the office, which has its own transaction: see void.ts.
        throw new Error("A step of a cycle does not void");
    }
  }

  async #look(facts: CycleFacts): Promise<void> {
    const { cycle } = this.#row!;
    if (cycle.state !== "awaiting_reading" || cycle.requested_at_ms === null) return;
    const { meter, opening } = facts;
    if (meter === null || opening === null) return;
    const window = closingWindow(cycle.period, cycle.requested_at_ms);
    const candidate = await findCandidate(this.trx, meter.meter_id, opening.read_at_ms, window);
    if (candidate !== null) await this.#receive({ message: "reading", candidate, facts }, facts);
  }

  async #save(facts: CycleFacts): Promise<void> {
    const row = this.#row!;
    const { account_id, period, state, reason, requested_at_ms } = row.cycle;
    if (state === "none") return;
    const values = {
      state,
      reason,
      requested_at: requested_at_ms === null ? null : new Date(requested_at_ms),
      meter_id: facts.meter?.meter_id ?? null,
      opening_wh: facts.opening?.value_wh ?? null,
    };
    if (row.cycle_id === null) {
      const made = await this.trx.insertInto("billing_cycle").values({
        account_id,
        period,
        ...values,
      }).returning("cycle_id").executeTakeFirstOrThrow();
      row.cycle_id = made.cycle_id;
    } else {
      await this.trx.updateTable("billing_cycle").set(values)
        .where("cycle_id", "=", row.cycle_id).execute();
    }
  }
}

async function ask(
  trx: Transaction<Database>,
  cycle: Cycle,
  effect: Extract<CycleEffect, { effect: "ask" }>,
): Promise<void> {
  const { meter_id, slave_id, requested_at_ms, expires_at_ms } = effect;
  const request_id = `bill-${cycle.account_id}-${cycle.period}-${requested_at_ms}`;
  const payload: Command = {
    command: "read-now",
    request_id,
    meter_id,
    requested_at_ms,
    expires_at_ms,
  };
  await enqueue(trx, { subject: subjects.command(slave_id), message_id: request_id, payload });
}
