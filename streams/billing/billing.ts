/**
 * The billing role: works off billing runs and commands to close single cycles, and closes each cycle
 * once its reading is there.
 */
import { CYCLE_RULES, type CycleRules } from "../../actors/billing/rules.ts";
import { SETTLE_MS } from "../../actors/billing/schedule.ts";
import { RetryableError, TerminalError } from "../../protocol/errors.ts";
import { billingCommand } from "../../protocol/messages/billing.ts";
import { parseJson } from "../../protocol/schema.ts";
import { isLasting, isPassing } from "../database/faults.ts";
import type { Kysely } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";
import { runTurns, type Turns } from "../database/turns.ts";
import type { Broker, Stoppable, WorkMessage } from "../jetstream/broker.ts";
import type { Log } from "../terminal/log.ts";
import { cyclesDue, cyclesWithReading } from "./awaiting.ts";
import type { CycleKey } from "./facts_rows.ts";
import { MonthEnd } from "./month_end.ts";
import { parkCycle, reasonOf } from "./park.ts";
import { type Later, stepLater, stepLaterAlone } from "./run/later.ts";
import { PAGE_ACCOUNTS } from "./run/start.ts";
import { startRunWorker } from "./run/worker.ts";
import {
  batchesOf,
  type StepContext,
  stepCycle,
  type StepRequest,
  type StepResult,
} from "./step.ts";
import { storeTariffs } from "./tariff_store.ts";

/** Deadlines of one pass of the loop. */
const DUE_MAX = 500;
/** Commands of the BILLING stream in hand at a time. */
const CONCURRENCY = 4;
/** How often waiting cycles are looked at without a nudge: another process may have the ledger. */
const POLL_MS = 1_000;
const RETRY_MS = 1_000;

export interface BillingOptions {
  readonly db: Kysely<Database>;
  readonly broker: Broker;
  readonly log: Log;
  /** Unix milliseconds; the system's clock unless a test has its own. */
  readonly now_ms?: () => number;
  readonly rules?: CycleRules;
  /** How long after the end of a month its last readings are waited for. */
  readonly settle_ms?: number;
  /** Whether months are closed without a person. On unless said otherwise. */
  readonly month_end?: boolean;
  readonly concurrency?: number;
  readonly poll_ms?: number;
  /** Called after each step that wrote something: the outbox may look at once. */
  readonly onCommitted?: () => void;
  /** Called with the number of each bill that was issued here; returns at once, must not throw. */
  readonly onIssued?: (number: string) => void;
  /** Pages of runs in hand at a time. */
  readonly pages_at_once?: number;
}

export interface RunningBilling extends Stoppable {
  /** Readings were committed: look at the waiting cycles now. */
  nudge(): void;
}

/** Starts the role. The database must be migrated and the broker's topology applied. */
export async function startBilling(options: BillingOptions): Promise<RunningBilling> {
  await storeTariffs(options.db, (options.rules ?? CYCLE_RULES).tariffs);
  const billing = new Billing(options);
  const runs = startRunWorker({
    context: billing.context,
    log: options.log,
    ...(options.poll_ms === undefined ? {} : { poll_ms: options.poll_ms }),
    ...(options.pages_at_once === undefined ? {} : { pages_at_once: options.pages_at_once }),
    onPage: (numbers) => billing.pageStands(numbers),
  });
  const work = await options.broker.work(
    { stream: "BILLING", consumer: "billing", concurrency: options.concurrency ?? CONCURRENCY },
    (message) => billing.handle(message),
  );
  return {
    nudge: () => billing.nudge(),
    stop: async () => {
      await Promise.all([work.stop(), runs.stop(), billing.stop()]);
    },
  };
}

class Billing {
  readonly #options: BillingOptions;
  readonly #rules: CycleRules;
  readonly #now_ms: () => number;
  readonly #month_end: MonthEnd;
  readonly #turns: Turns;
  /** The last waiting cycle that was looked at. */
  #looked_id = 0;

  constructor(options: BillingOptions) {
    const { db, log, settle_ms = SETTLE_MS, poll_ms = POLL_MS, month_end = true } = options;
    this.#options = options;
    this.#rules = options.rules ?? CYCLE_RULES;
    this.#now_ms = options.now_ms ?? Date.now;
    this.#month_end = new MonthEnd({ db, log, settle_ms });
    this.#turns = runTurns({
      what: "billing",
      log,
      turn: async (signal) => {
        if (month_end) await this.#month_end.closeDue(this.#now_ms());
        return await this.#pass(signal) ? 0 : poll_ms;
      },
    });
  }

  get context(): StepContext {
    return { db: this.#options.db, rules: this.#rules, now_ms: this.#now_ms };
  }

  nudge(): void {
    this.#turns.nudge();
  }

  /** A page of a run was committed. */
  pageStands(numbers: readonly string[]): void {
    const { onCommitted, onIssued } = this.#options;
    onCommitted?.();
    for (const number of numbers) onIssued?.(number);
    this.nudge();
  }

  async stop(): Promise<void> {
    await this.#turns.stop();
  }

  /** One command of the BILLING stream. A database that is away has it delivered again. */
  async handle(message: WorkMessage): Promise<void> {
    const text = new TextDecoder().decode(message.payload);
    const { account_id, period, requested_at_ms } = parseJson(
      billingCommand,
      text,
      "Billing command",
    );
    try {
      await this.#step({ account_id, period }, { step: "close", requested_at_ms });
    } catch (error) {
      if (error instanceof TerminalError) throw error;
      throw new RetryableError((error as Error).message, RETRY_MS, { cause: error });
    }
    // The reading may have come between the answer of the slave and this commit.
    this.nudge();
  }

  async #step(key: CycleKey, request: StepRequest): Promise<StepResult["state"]> {
    const { db, log } = this.#options;
    try {
      const result = await stepCycle(this.context, key.account_id, key.period, request);
      this.#say(key, result);
      return result.state;
    } catch (error) {
      // It will fail again: one account must not hold up the others.
      if (!isLasting(error)) throw error;
      const reason = reasonOf(error);
      const requested_at_ms = request.step === "close" ? request.requested_at_ms : null;
      await parkCycle(db, key.account_id, key.period, reason, requested_at_ms);
      log.error("cycle parked", { ...key, reason });
      return "parked";
    } finally {
      this.#options.onCommitted?.();
    }
  }

  #say(key: CycleKey, { state, reason, issued }: StepResult): void {
    const { log, onIssued } = this.#options;
    if (issued !== null) {
      log.info("invoice issued", { ...key, number: issued });
      onIssued?.(issued);
    }
    if (state === "parked") log.warn("cycle parked", { ...key, reason });
  }

  /** Looks at some of the waiting cycles, the next ones at the next call; whether there is more to do. */
  async #pass(signal: AbortSignal): Promise<boolean> {
    const { db } = this.#options;
    const { ready, last_id } = await cyclesWithReading(db, this.#looked_id);
    this.#looked_id = last_id ?? 0;
    const moved = await this.#each(ready, { step: "look" }, signal);
    const due = await cyclesDue(db, this.#now_ms(), DUE_MAX);
    await this.#each(due, { step: "deadline" }, signal);
    return moved > 0 || due.length === DUE_MAX;
  }

  /** One step for each of `keys`, many at a time; returns how many wait no longer. */
  async #each(
    keys: readonly CycleKey[],
    request: StepRequest,
    signal: AbortSignal,
  ): Promise<number> {
    let moved = 0;
    for (const some of batchesOf(keys, PAGE_ACCOUNTS)) {
      if (signal.aborted) return moved;
      const states = await this.#batch(some, request);
      moved += states.filter((state) => state !== "awaiting_reading").length;
    }
    return moved;
  }

  /** All at once; where that fails, one after the other, and who fails then is parked. */
  async #batch(
    keys: readonly CycleKey[],
    request: StepRequest,
  ): Promise<StepResult["state"][]> {
    try {
      return this.#tell(keys, await stepLater(this.context, keys, request));
    } catch (error) {
      if (isPassing(error)) throw error;
    }
    const states: StepResult["state"][] = [];
    for (const key of keys) {
      states.push(...this.#tell([key], await stepLaterAlone(this.context, key, request)));
    }
    return states;
  }

  #tell(keys: readonly CycleKey[], later: Later): StepResult["state"][] {
    const { log, onCommitted } = this.#options;
    onCommitted?.();
    if (later.did === "halted") {
      const { run_id, period, reason } = later;
      log.error("billing run halted", { run_id, period, reason });
      return [];
    }
    for (const [i, result] of later.results.entries()) this.#say(keys[i]!, result);
    return later.results.map(({ state }) => state);
  }
}
