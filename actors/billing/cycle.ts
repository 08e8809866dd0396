/**
 * The billing cycle of one account and one month, as an actor: a message comes in, the state changes,
 * effects go out. The host does them and says what came of it, in the same transaction.
 *
 *   none ── close ──► awaiting_reading ── reading, or the estimate's deadline ──► ready ──► issued
 *     │                 │          ▲                       │ with a grace           ▲        │
 *     │                 ▼          │ decided               ▼                        │       void
 *     └────────────► parked ◄──────┴──────── drop ────── draft ── release, or its deadline
 *                      a person is needed; the next close tries again
 */
import type { MeterStatus } from "../../protocol/messages/invoice_inputs.ts";
import type { Bill } from "./bill.ts";
import { CycleStep } from "./cycle_step.ts";
import type { CandidateReading, CycleFacts } from "./facts.ts";
import { CYCLE_RULES, type CycleRules } from "./rules.ts";

/** A bill that people may look at before it goes out: computed again, and compared, when it does. */
export interface Draft {
  /** The reading that closes it; null for an estimate. */
  readonly candidate: CandidateReading | null;
  /** Of an estimate. */
  readonly estimate: { readonly status: MeterStatus; readonly at_ms: number } | null;
  readonly units_kwh: number;
  readonly payable_paise: number;
}

export interface Cycle {
  readonly account_id: string;
  /** `YYYY-MM`, in Indian time. */
  readonly period: string;
  state:
    | "none"
    | "imported"
    | "awaiting_reading"
    | "ready"
    | "draft"
    | "issued"
    | "void"
    | "parked";
  /** Why it is parked, void, or still waiting: shown to people. */
  reason: string | null;
  /** When closing was asked for. Within the period: the meter is read now. After it: no more. */
  requested_at_ms: number | null;
  /** Read-nows that are out and unanswered; 0 when none is. */
  asks: number;
  /** When `deadline` is to be sent; null for never. A row, so that it outlives every process. */
  deadline_at_ms: number | null;
  draft: Draft | null;
  /** The reading that a rule refused, where that is why it is parked. */
  parked_on: { readonly read_at_ms: number; readonly rule: string } | null;
}

/** A cycle that nobody has touched. */
export function newCycle(account_id: string, period: string): Cycle {
  return {
    ...{ account_id, period, state: "none", reason: null },
    ...{ requested_at_ms: null, asks: 0, deadline_at_ms: null, draft: null },
    parked_on: null,
  };
}

export type CycleMessage =
  | { readonly message: "close"; readonly requested_at_ms: number; readonly facts: CycleFacts }
  | {
    readonly message: "reading";
    readonly candidate: CandidateReading;
    readonly facts: CycleFacts;
  }
  /** `deadline_at_ms` has come, and a look has found no reading. */
  | { readonly message: "deadline"; readonly facts: CycleFacts }
  /** A person has it estimated now. */
  | { readonly message: "estimate"; readonly status: MeterStatus; readonly facts: CycleFacts }
  /** A person lets a draft go out. */
  | { readonly message: "release"; readonly facts: CycleFacts }
  /** A person does not. */
  | { readonly message: "drop"; readonly reason: string }
  | { readonly message: "issued" }
  | { readonly message: "void"; readonly reason: string; readonly later_billed: string | null };

export type CycleEffect =
  /** Command the meter's slave to read it now. */
  | {
    readonly effect: "ask";
    readonly meter_id: string;
    readonly slave_id: string;
    readonly requested_at_ms: number;
    readonly expires_at_ms: number;
  }
  /** See whether the closing reading is there, and send it as `reading`. */
  | { readonly effect: "look" }
  /** Write the invoice, its lines, numbers and notices, and send `issued`. */
  | { readonly effect: "issue"; readonly bill: Bill }
  /** Put the reading into quarantine: it waits for a person, and so does the cycle. */
  | {
    readonly effect: "quarantine";
    readonly meter_id: string;
    readonly read_at_ms: number;
    readonly rule: string;
    readonly detail: string;
  }
  /** The invoice and the cycle are void. */
  | { readonly effect: "void"; readonly reason: string };

/** One step. Changes `cycle`, returns what the host is to do, in order. */
export function receive(
  cycle: Cycle,
  message: CycleMessage,
  now_ms: number,
  rules: CycleRules = CYCLE_RULES,
): CycleEffect[] {
  const step = new CycleStep(cycle, now_ms, rules);
  switch (message.message) {
    case "close":
      return step.close(message.requested_at_ms, message.facts);
    case "reading":
      return cycle.state === "awaiting_reading"
        ? step.takeReading(message.candidate, message.facts)
        : [];
    case "deadline":
      return step.deadline(message.facts);
    case "estimate":
      return step.estimateNow(message.status, message.facts);
    case "release":
      return step.release(message.facts);
    case "drop":
      return step.drop(message.reason);
    case "issued":
      return step.issued();
    case "void":
      return step.void(message.reason, message.later_billed);
  }
}
