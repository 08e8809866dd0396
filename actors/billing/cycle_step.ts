/** What each message does to a billing cycle: see `cycle.ts` for its states. */
import { TerminalError } from "../../protocol/errors.ts";
import type { MeterStatus } from "../../protocol/messages/invoice_inputs.ts";
import { type Bill, billOf, type BillTerms, estimatedBillOf } from "./bill.ts";
import type { RuleCode } from "../validation/rules.ts";
import { boundsOf } from "./calendar.ts";
import type { Cycle, CycleEffect, Draft } from "./cycle.ts";
import type { CandidateReading, CycleFacts } from "./facts.ts";
import { obstacleOf } from "./judge.ts";
import { judged, type Refusal } from "./judgement.ts";
import type { CycleRules } from "./rules.ts";
import {
  asksMeter,
  finalReadingOf,
  limitOf,
  metersOf,
  type Segment,
  segmentOf,
} from "./segments.ts";
import { finalReading, readingSought, silenceOf, statusOf } from "./sought.ts";
import { rupeesOf } from "./tariff/rounding.ts";

const STALE: RuleCode = "stale";

/** A rule of validation says no: the reading waits for a person. */
class ReadingRefused extends Error {
  override readonly name = "ReadingRefused";

  constructor(readonly refusal: Refusal) {
    super(refusal.words);
  }
}

/** One message to one cycle, at one moment, by one set of rules. */
export class CycleStep {
  readonly #refused: CycleEffect[] = [];

  constructor(
    readonly cycle: Cycle,
    readonly now_ms: number,
    readonly rules: CycleRules,
  ) {}

  close(requested_at_ms: number, facts: CycleFacts): CycleEffect[] {
    const { cycle, now_ms } = this;
    if (DONE.has(cycle.state)) return [];
    const told_before = cycle.requested_at_ms !== null && cycle.requested_at_ms >= requested_at_ms;
    // A command that is delivered once more must not bill again what was voided since.
    if (told_before && (cycle.state === "void" || cycle.state === "parked")) return [];
    const waiting = cycle.state === "awaiting_reading";
    // Asked already, and there is still time to answer: asking twice would only wake the meter twice.
    const answering = waiting && cycle.asks > 0 && now_ms < (cycle.deadline_at_ms ?? 0);
    if (answering) return [{ effect: "look" }];
    // A month that is over waits for its estimate no longer because somebody asks again.
    const estimate_at_ms = waiting && cycle.asks === 0 ? cycle.deadline_at_ms : null;
    const obstacle = obstacleOf(facts, cycle.period, requested_at_ms);
    cycle.requested_at_ms = requested_at_ms;
    if (obstacle !== null) return this.#park(obstacle);
    this.#await();
    const [last] = metersOf(facts, cycle.period, requested_at_ms).slice(-1);
    const final = finalReading(cycle, facts);
    if (final !== null) return this.#takeFinal(final, facts);
    if (asksMeter(cycle.period, requested_at_ms)) return this.#ask(facts, requested_at_ms);
    // True until the look finds one: a month that is over gets no new readings to wait for.
    cycle.reason = silenceOf(cycle, last!.meter_id);
    cycle.deadline_at_ms = estimate_at_ms ?? this.#estimateAt();
    return [{ effect: "look" }];
  }

  takeReading(candidate: CandidateReading, facts: CycleFacts): CycleEffect[] {
    // Time has passed since the close: the account may have changed.
    return this.#bill(facts, (terms) => this.#measured(candidate, facts, terms), {
      candidate,
      estimate: null,
    });
  }

  /** The last bill of all: behind it no month before would find anything left to bill. */
  #takeFinal(final: CandidateReading, facts: CycleFacts): CycleEffect[] {
    const { cycle, now_ms, rules } = this;
    if (facts.earlier_waiting === null) return this.takeReading(final, facts);
    cycle.reason = `${facts.earlier_waiting} goes first: its reading, estimate or draft is awaited`;
    cycle.deadline_at_ms = now_ms + rules.answer_within_ms;
    return [];
  }

  deadline(facts: CycleFacts): CycleEffect[] {
    const { cycle, now_ms, rules } = this;
    if (cycle.deadline_at_ms === null || now_ms < cycle.deadline_at_ms) return [];
    if (cycle.state === "draft") return this.release(facts);
    const isStale = cycle.state === "parked" && cycle.parked_on?.rule === STALE;
    if (!isStale && cycle.state !== "awaiting_reading") return [];
    const final = finalReading(cycle, facts);
    if (isStale || final !== null) this.#await();
    // The move-out's own command to close may be on its way still.
    if (final !== null) return this.#takeFinal(final, facts);
    if (isStale) return this.#estimate(facts, statusOf(facts, cycle));
    const sought = readingSought(cycle, facts);
    const meter_id = sought?.installation.meter_id ?? "(none)";
    cycle.reason = silenceOf(cycle, meter_id);
    if (cycle.asks > 0 && cycle.asks < rules.asks_max && sought !== null) {
      return this.#ask(facts, now_ms);
    }
    const estimate_at_ms = this.#estimateAt();
    if (estimate_at_ms === null || now_ms < estimate_at_ms) {
      cycle.asks = 0;
      cycle.deadline_at_ms = estimate_at_ms;
      return [];
    }
    return this.#estimate(facts, statusOf(facts, cycle));
  }

  estimateNow(status: MeterStatus, facts: CycleFacts): CycleEffect[] {
    const { cycle } = this;
    if (DONE.has(cycle.state)) {
      throw new TerminalError(
        `${cycle.account_id} has a bill or a draft for ${cycle.period}: ${cycle.state}`,
      );
    }
    if (this.now_ms < boundsOf(cycle.period).start_ms) {
      throw new TerminalError(`${cycle.period} has not begun: nothing is estimated ahead`);
    }
    cycle.requested_at_ms = this.now_ms;
    if (finalReading(cycle, facts) !== null) {
      throw new TerminalError(
        `${cycle.account_id} has its final reading: bill ${cycle.period} by it, not by an estimate`,
      );
    }
    this.#await();
    return this.#estimate(facts, status);
  }

  release(facts: CycleFacts): CycleEffect[] {
    const { cycle } = this;
    const draft = cycle.draft;
    if (cycle.state !== "draft" || draft === null) {
      throw new TerminalError(`${cycle.account_id} has no draft for ${cycle.period}`);
    }
    const { candidate, estimate, units_kwh, payable_paise } = draft;
    if (facts.earlier_draft !== null) {
      // It would hold that month's use too, and leave its draft nothing to bill.
      cycle.reason = `the draft of ${facts.earlier_draft} goes first: release or drop it`;
      cycle.deadline_at_ms = this.now_ms + this.rules.draft_grace_ms;
      return [];
    }
    const bill = this.#tried(
      facts,
      (terms) =>
        candidate === null
          ? this.#estimated(facts, terms, estimate!)
          : this.#measured(candidate, facts, terms),
    );
    if (bill === null) return this.#refused;
    const { quote } = bill;
    if (quote.payable_paise === payable_paise && bill.inputs.units_kwh === units_kwh) {
      cycle.state = "ready";
      return [{ effect: "issue", bill }];
    }
    // Something changed underneath it: nobody has looked at what it would be now.
    this.#draft(bill, draft);
    cycle.reason = `changed since it was drafted: ${units_kwh} kWh, ${
      rupeesOf(payable_paise)
    } rupees before`;
    return [];
  }

  drop(reason: string): CycleEffect[] {
    const { cycle } = this;
    if (cycle.state !== "draft") {
      throw new TerminalError(`${cycle.account_id} has no draft for ${cycle.period}`);
    }
    return this.#park(`draft dropped: ${reason}`);
  }

  issued(): CycleEffect[] {
    const { cycle } = this;
    if (cycle.state !== "ready") return [];
    cycle.state = "issued";
    cycle.reason = null;
    this.#rest();
    return [];
  }

  void(reason: string, later_billed: string | null): CycleEffect[] {
    const { cycle } = this;
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

  #ask(facts: CycleFacts, at_ms: number): CycleEffect[] {
    const { cycle, rules } = this;
    const { meter_id, slave_id } = readingSought(cycle, facts)!.installation;
    const expires_at_ms = at_ms + rules.answer_within_ms * 2 ** cycle.asks;
    cycle.asks++;
    cycle.deadline_at_ms = expires_at_ms;
    return [{ effect: "ask", meter_id, slave_id, requested_at_ms: at_ms, expires_at_ms }];
  }

  #estimate(facts: CycleFacts, status: MeterStatus): CycleEffect[] {
    const { cycle } = this;
    // An estimate is of its own month, however late it is made.
    const at_ms = Math.min(this.now_ms, boundsOf(cycle.period).end_ms - 1);
    const estimate = { status, at_ms };
    return this.#bill(facts, (terms) => this.#estimated(facts, terms, estimate), {
      candidate: null,
      estimate,
    });
  }

  /** A draft where there is a grace, else the bill itself. */
  #bill(
    facts: CycleFacts,
    make: (terms: BillTerms) => Bill,
    from: Pick<Draft, "candidate" | "estimate">,
  ): CycleEffect[] {
    const bill = this.#tried(facts, make);
    if (bill === null) return this.#refused;
    this.cycle.reason = null;
    if (this.rules.draft_grace_ms > 0) {
      this.#draft(bill, from);
      return [];
    }
    this.cycle.state = "ready";
    return [{ effect: "issue", bill }];
  }

  /** The bill, or null and parked: what cannot be billed is for people. */
  #tried(facts: CycleFacts, make: (terms: BillTerms) => Bill): Bill | null {
    const { cycle, now_ms, rules } = this;
    const obstacle = obstacleOf(facts, cycle.period, cycle.requested_at_ms ?? now_ms);
    if (obstacle !== null) {
      this.#park(obstacle);
      return null;
    }
    try {
      const { due_days, tariffs } = rules;
      return make({ period: cycle.period, issued_at_ms: now_ms, due_days, tariffs });
    } catch (error) {
      if (error instanceof ReadingRefused) return this.#refuse(error.refusal);
      // What the tariff cannot answer is for people; anything else is a fault of the program.
      if (!(error instanceof RangeError || error instanceof TerminalError)) throw error;
      this.#park(error.message);
      return null;
    }
  }

  /** The cycle waits for what a person decides about the reading. */
  #refuse({ words, quarantines, ...refusal }: Refusal): null {
    this.#park(words);
    const { meter_id, read_at_ms, rule, detail } = refusal;
    this.cycle.parked_on = { read_at_ms, rule };
    // A last reading long before the end of the month is as good as none.
    if (rule === STALE) this.cycle.deadline_at_ms = this.#estimateAt();
    if (quarantines) {
      this.#refused.push({ effect: "quarantine", meter_id, read_at_ms, rule, detail });
    }
    return null;
  }

  #measured(candidate: CandidateReading, facts: CycleFacts, terms: BillTerms): Bill {
    const meters = metersOf(facts, this.cycle.period, this.cycle.requested_at_ms ?? this.now_ms);
    const { rules: { validation }, now_ms } = this;
    const share = validation.rules.rollover.share_of_capacity;
    const segments: Segment[] = [];
    for (const [i, meter] of meters.entries()) {
      const closing = i === meters.length - 1 ? candidate : finalReadingOf(meter)!;
      const { read_at_ms, source } = closing.reading;
      const limit_ms = limitOf(this.cycle.period, this.cycle.requested_at_ms ?? now_ms);
      // One that was asked for, or noted on the spot, stands for its own moment.
      const own = source === "removal" || limit_ms === Infinity;
      const boundary_ms = own ? read_at_ms : limit_ms;
      const segment = segmentOf(meter, closing, share);
      const found = judged(facts, segment, validation, now_ms, boundary_ms);
      if (found.refusal !== null) throw new ReadingRefused(found.refusal);
      segments.push(found.segment);
    }
    return billOf(facts, segments, terms);
  }

  #estimated(
    facts: CycleFacts,
    terms: BillTerms,
    estimate: NonNullable<Draft["estimate"]>,
  ): Bill {
    const { cycle, rules } = this;
    if (facts.open_estimates.length >= rules.estimates_max) {
      throw new TerminalError(
        `${facts.open_estimates.length} estimated bills in a row: the meter must be read`,
      );
    }
    const meters = metersOf(facts, cycle.period, cycle.requested_at_ms ?? this.now_ms);
    return estimatedBillOf(facts, meters, terms, estimate);
  }

  #draft(bill: Bill, { candidate, estimate }: Pick<Draft, "candidate" | "estimate">): void {
    const { cycle, now_ms, rules } = this;
    const { quote: { payable_paise }, inputs: { units_kwh } } = bill;
    cycle.state = "draft";
    cycle.asks = 0;
    cycle.deadline_at_ms = now_ms + rules.draft_grace_ms;
    // As it came in it was judged just now.
    const kept = candidate && { ...candidate, arrival: null };
    cycle.draft = { candidate: kept, estimate, units_kwh, payable_paise };
  }

  #await(): void {
    this.cycle.state = "awaiting_reading";
    this.cycle.reason = null;
    this.#rest();
  }

  #park(reason: string): CycleEffect[] {
    this.cycle.state = "parked";
    this.cycle.reason = reason;
    this.#rest();
    return [];
  }

  /** Nothing is to happen by itself. */
  #rest(): void {
    this.cycle.asks = 0;
    this.cycle.deadline_at_ms = null;
    this.cycle.draft = null;
    this.cycle.parked_on = null;
  }

  /** When the cycle is estimated if no reading comes; null for never. */
  #estimateAt(): number | null {
    const { cycle, rules: { estimate_after_ms } } = this;
    return estimate_after_ms === null
      ? null
      : (cycle.requested_at_ms ?? this.now_ms) + estimate_after_ms;
  }
}

/** Nothing is to be closed there: it is, or a draft waits. */
const DONE: ReadonlySet<Cycle["state"]> = new Set(["issued", "imported", "ready", "draft"]);
