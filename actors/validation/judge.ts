/** A reading held against every rule: a wrong bill costs more than a late one. */
import type { ReadingCheck } from "../../protocol/messages/invoice_inputs.ts";
import type { ArrivalFacts, ReadingFacts } from "./facts.ts";
import { type Finding, kwh } from "./finding.ts";
import * as identity from "./identity_rules.ts";
import * as register from "./register_rules.ts";
import type { RuleCode, ValidationRules } from "./rules.ts";
import * as use from "./use_rules.ts";

type Rule = (facts: ReadingFacts, limits: ValidationRules["rules"]) => Finding;

/** In the order in which they are told: of several that fail, the first one decides. */
const RULES: Readonly<Record<RuleCode, Rule>> = {
  unknown_meter: identity.unknownMeter,
  consumer_mismatch: identity.consumerMismatch,
  duplicate: identity.duplicate,
  uncertain_time: identity.uncertainTime,
  future_clock: identity.futureClock,
  stale: identity.stale,
  out_of_order: register.outOfOrder,
  meter_exchange: register.meterExchange,
  multiplying_factor: register.multiplyingFactor,
  rollover: register.rollover,
  register_reset: register.registerReset,
  negative: register.negative,
  register_went_back: register.wentBack,
  spike: use.spike,
  high_use: use.highUse,
  low_use: use.lowUse,
  zero_use: use.zeroUse,
  frozen_register: register.frozenRegister,
  gap: identity.gap,
};
const CODES = Object.keys(RULES) as RuleCode[];

/** The rule of a decision that somebody took. */
export const PERSON = "person";

export interface Judgement {
  /** `noted`: it is used, and what a rule found is told with it. */
  readonly verdict: "passed" | "noted" | "quarantined" | "rejected";
  /** Code of the rule that decided, `person`, or null where every rule passed. */
  readonly rule: string | null;
  /** What it found, in words for people. */
  readonly detail: string | null;
  /** Every rule that is on, and what came of it. */
  readonly checks: readonly ReadingCheck[];
  /** The register ran over since the reading before: use = value + capacity - previous. */
  readonly rolled_over: boolean;
}

/**
 * Holds a reading against `rules`. What a person decided about it stands, whatever the rules say;
 * what a rule has quarantined stays so until a person decides.
 */
export function judgeReading(rules: ValidationRules, facts: ReadingFacts): Judgement {
  const checks: ReadingCheck[] = [];
  const worst: { quarantine?: ReadingCheck; note?: ReadingCheck } = {};
  for (const code of CODES) {
    const { on_failure } = rules.rules[code];
    if (on_failure === "off") continue;
    const { outcome, words } = RULES[code](facts, rules.rules);
    const check = { rule: code, outcome, detail: words() };
    checks.push(check);
    if (outcome === "failed") worst[on_failure] ??= check;
  }
  const rolled_over = register.ranOver(facts, rules.rules);
  const decided = verdictOf(facts, worst, checks);
  // Not even a person's word makes a bill of less than nothing.
  const impossible = decided.verdict === "passed" ? impossibleOf(facts, rolled_over) : null;
  return { ...decided, ...impossible, checks, rolled_over };
}

/**
 * Holds a reading that has come in against `rules`. One that does not follow from the reading before
 * it may follow from the last good one: then the one before it was the wrong one, and waits in
 * quarantine already.
 */
export function judgeArrival(
  rules: ValidationRules,
  { facts, previous_usable }: ArrivalFacts,
): Judgement {
  const judgement = judgeReading(rules, facts);
  if (judgement.verdict !== "quarantined") return judgement;
  if (previous_usable?.read_at_ms === facts.previous?.read_at_ms) return judgement;
  // The flag is the head-end's, which compared it with the wrong one.
  const flags = facts.reading.flags.filter((flag) => flag !== "register_went_back");
  const reading = { ...facts.reading, flags };
  const again = judgeReading(rules, { ...facts, reading, previous: previous_usable });
  return again.verdict === "quarantined" ? judgement : again;
}

/** Whether any rule fails, without a word: for readings in great numbers, of which most pass. */
export function failsAny(rules: ValidationRules, facts: ReadingFacts): boolean {
  return CODES.some((code) =>
    rules.rules[code].on_failure !== "off" &&
    RULES[code](facts, rules.rules).outcome === "failed"
  );
}

function impossibleOf({ previous, reading, boundary_ms }: ReadingFacts, rolled_over: boolean) {
  if (boundary_ms === null || previous === null || rolled_over) return null;
  if (reading.value_wh >= previous.value_wh) return null;
  const detail = `the use from ${kwh(previous.value_wh)} to ${kwh(reading.value_wh)} would be ` +
    "negative: edit the reading, or note the exchange of the meter";
  return { verdict: "quarantined", rule: "negative", detail } as const;
}

function verdictOf(
  { decision }: ReadingFacts,
  { quarantine, note }: { quarantine?: ReadingCheck; note?: ReadingCheck },
  checks: ReadingCheck[],
): Pick<Judgement, "verdict" | "rule" | "detail"> {
  if (decision !== null && decision.rule === PERSON) {
    const detail = `${decision.detail} by ${decision.decided_by}: ${decision.reason ?? ""}`;
    checks.push({ rule: PERSON, outcome: "passed", detail: detail.slice(0, 300) });
    const verdict = decision.status === "accepted" ? "passed" : decision.status;
    return { verdict, rule: PERSON, detail };
  }
  if (decision !== null && decision.status !== "accepted") {
    return { verdict: decision.status, rule: decision.rule, detail: decision.detail };
  }
  if (quarantine !== undefined) {
    return { verdict: "quarantined", rule: quarantine.rule, detail: quarantine.detail };
  }
  if (note !== undefined) return { verdict: "noted", rule: note.rule, detail: note.detail };
  return { verdict: "passed", rule: null, detail: null };
}
