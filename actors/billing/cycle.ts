/**
 * The billing cycle of one account and one month, as an actor: a message comes in, the state changes,
 * effects go out. The host does them and says what came of it, in the same transaction.
 *
 *   none ── close ──► awaiting_reading ── reading ──► ready ── issued ──► issued ── void ──► void
 *     │                     │                           (within one step)
 *     └────────► parked ◄───┘     a person is needed; the next close tries again
 */
import { TerminalError } from "../../protocol/errors.ts";
import { type Bill, billOf, DUE_DAYS, type ReadyFacts } from "./bill.ts";
import { boundsOf } from "./calendar.ts";
import type { CandidateReading, CycleFacts } from "./facts.ts";
import { faultOf, obstacleOf } from "./judge.ts";

export interface Cycle {
  readonly account_id: string;
  /** `YYYY-MM`, in Indian time. */
  readonly period: string;
  state: "none" | "imported" | "awaiting_reading" | "ready" | "issued" | "void" | "parked";
  /** Why it is parked, void, or still waiting: shown to people. */
  reason: string | null;
  /** When closing was asked for. Within the period: the meter is read now. After it: no more. */
  requested_at_ms: number | null;
}

export type CycleMessage =
  | { readonly message: "close"; readonly requested_at_ms: number; readonly facts: CycleFacts }
  | {
    readonly message: "reading";
    readonly candidate: CandidateReading;
    readonly facts: CycleFacts;
  }
  /** Nobody answered within `ANSWER_WITHIN_MS`. */
  | { readonly message: "deadline"; readonly meter_id: string }
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
  /** The invoice and the cycle are void. */
  | { readonly effect: "void"; readonly reason: string };

export interface CycleRules {
  /** How long a slave has to answer a read-now before people are told and it may be asked again. */
  readonly answer_within_ms: number;
  readonly due_days: number;
}

export const CYCLE_RULES: CycleRules = { answer_within_ms: 15 * 60_000, due_days: DUE_DAYS };

/** Which readings close a cycle: the first one of an asked meter, or the last one of a month. */
export interface ClosingWindow {
  readonly from_ms: number;
  /** Exclusive; null while there is no end. */
  readonly to_ms: number | null;
  readonly take: "first" | "last";
}

/**
 * Slave and head-end agree on the time to some tens of milliseconds. A reading that was made for a
 * request may so carry a time a little before the request.
 */
const CLOCK_TOLERANCE_MS = 1_000;

/** The readings among which the closing one is looked for. */
export function closingWindow(period: string, requested_at_ms: number): ClosingWindow {
  const { start_ms, end_ms } = boundsOf(period);
  return asksMeter(period, requested_at_ms)
    ? { from_ms: requested_at_ms - CLOCK_TOLERANCE_MS, to_ms: null, take: "first" }
    : { from_ms: start_ms, to_ms: end_ms, take: "last" };
}

/** Whether a month closed at that moment is closed by a fresh reading: only while it lasts. */
export function asksMeter(period: string, requested_at_ms: number): boolean {
  return requested_at_ms < boundsOf(period).end_ms;
}

/** One step. Changes `cycle`, returns what the host is to do, in order. */
export function receive(
  cycle: Cycle,
  message: CycleMessage,
  now_ms: number,
  rules: CycleRules = CYCLE_RULES,
): CycleEffect[] {
  switch (message.message) {
    case "close":
      return close(cycle, message.requested_at_ms, message.facts, now_ms, rules);
    case "reading":
      return takeReading(cycle, message.candidate, message.facts, now_ms, rules);
    case "deadline":
      if (cycle.state === "awaiting_reading") cycle.reason = silence(cycle, message.meter_id);
      return [];
    case "issued":
      if (cycle.state !== "ready") return [];
      cycle.state = "issued";
      return [];
    case "void":
      return voidBill(cycle, message.reason, message.later_billed);
  }
}

function close(
  cycle: Cycle,
  requested_at_ms: number,
  facts: CycleFacts,
  now_ms: number,
  rules: CycleRules,
): CycleEffect[] {
  if (cycle.state === "issued" || cycle.state === "imported" || cycle.state === "ready") return [];
  const told_before = cycle.requested_at_ms !== null && cycle.requested_at_ms >= requested_at_ms;
  // A command that is delivered once more must not bill again what was voided since.
  if (told_before && (cycle.state === "void" || cycle.state === "parked")) return [];
  const waiting = cycle.state === "awaiting_reading" && cycle.requested_at_ms !== null;
  const asked_ms = cycle.requested_at_ms ?? 0;
  const asked = waiting && asksMeter(cycle.period, asked_ms);
  // Asked already, and there is still time to answer: asking twice would only wake the meter twice.
  if (asked && now_ms < asked_ms + rules.answer_within_ms) return [{ effect: "look" }];
  const obstacle = obstacleOf(facts, cycle.period);
  cycle.requested_at_ms = requested_at_ms;
  if (obstacle !== null || facts.meter === null) return park(cycle, obstacle ?? "no meter");
  cycle.state = "awaiting_reading";
  cycle.reason = null;
  const { meter_id, slave_id } = facts.meter;
  if (!asksMeter(cycle.period, requested_at_ms)) {
    // True until the look finds one: a month that is over gets no new readings to wait for.
    cycle.reason = silence(cycle, meter_id);
    return [{ effect: "look" }];
  }
  const expires_at_ms = requested_at_ms + rules.answer_within_ms;
  return [{ effect: "ask", meter_id, slave_id, requested_at_ms, expires_at_ms }];
}

function takeReading(
  cycle: Cycle,
  candidate: CandidateReading,
  facts: CycleFacts,
  now_ms: number,
  rules: CycleRules,
): CycleEffect[] {
  if (cycle.state !== "awaiting_reading") return [];
  // Time has passed since the close: the account may have changed.
  const obstacle = obstacleOf(facts, cycle.period);
  if (obstacle !== null) return park(cycle, obstacle);
  const ready = facts as ReadyFacts; // obstacleOf() has seen meter and opening.
  const fault = faultOf(ready, candidate);
  if (fault !== null) return park(cycle, fault);
  try {
    const closing = { ...candidate.reading, flags: [...candidate.flags] };
    const bill = billOf(ready, cycle.period, closing, now_ms, rules.due_days);
    cycle.state = "ready";
    cycle.reason = null;
    return [{ effect: "issue", bill }];
  } catch (error) {
    // What the tariff cannot answer is for people; anything else is a fault of the program.
    if (error instanceof RangeError || error instanceof TerminalError) {
      return park(cycle, error.message);
    }
    throw error;
  }
}

function voidBill(cycle: Cycle, reason: string, later_billed: string | null): CycleEffect[] {
  if (cycle.state !== "issued") {
    throw new TerminalError(`${cycle.account_id} has no issued bill for ${cycle.period}`);
  }
  if (later_billed !== null) {
    throw new TerminalError(
      `The bill for ${later_billed} begins where this one ends: void that one first`,
    );
  }
  cycle.state = "void";
  cycle.reason = reason;
  return [{ effect: "void", reason }];
}

function park(cycle: Cycle, reason: string): CycleEffect[] {
  cycle.state = "parked";
  cycle.reason = reason;
  return [];
}

function silence(cycle: Cycle, meter_id: string): string {
  const asked_ms = cycle.requested_at_ms ?? 0;
  return asksMeter(cycle.period, asked_ms)
    ? `meter ${meter_id} was asked at ${new Date(asked_ms).toISOString()} and has not answered`
    : `no reading of meter ${meter_id} within ${cycle.period}`;
}
