/** The readings of a cycle, held against the rules of validation before they are billed. */
import { inIndia } from "../../protocol/indian_time.ts";
import type { ClosingReading, ReadingCheck } from "../../protocol/messages/invoice_inputs.ts";
import type { ReadingFacts } from "../validation/facts.ts";
import { judgeArrival, type Judgement, judgeReading } from "../validation/judge.ts";
import type { ValidationRules } from "../validation/rules.ts";
import { historyOf } from "./estimate.ts";
import type { CycleFacts } from "./facts.ts";
import type { Segment } from "./segments.ts";

/** A reading that must not be billed: the rule that says so, and why. */
export interface Refusal {
  readonly meter_id: string;
  readonly read_at_ms: number;
  readonly rule: string;
  /** What the rule found. */
  readonly detail: string;
  /** For people: the reading, and what the rule found. */
  readonly words: string;
  /** Whether it is to be put into quarantine now; one that was noted by a person is no raw reading. */
  readonly quarantines: boolean;
}

/** `segment` with the checks that its reading passed, or why it must not be billed. */
export function judged(
  facts: CycleFacts,
  segment: Segment,
  rules: ValidationRules,
  now_ms: number,
  boundary_ms: number,
): { readonly segment: Segment; readonly refusal: Refusal | null } {
  const { installation: { meter_id }, candidate } = segment;
  const { reading } = candidate;
  const closing = judgeReading(rules, factsOf(facts, segment, now_ms, boundary_ms));
  const kept: ClosingReading = { ...reading, checks: closing.checks.filter(isSaid) };
  const with_checks = { ...segment, candidate: { ...candidate, reading: kept } };
  // What nobody has judged as it came in is judged now: it is not billed on the way past the rules.
  const { verdict, rule, detail } = isUsed(closing) && candidate.arrival
    ? judgeArrival(rules, candidate.arrival)
    : closing;
  if (isUsed({ verdict })) return { segment: with_checks, refusal: null };
  const at = inIndia(reading.read_at_ms);
  return {
    segment: with_checks,
    refusal: {
      ...{ meter_id, read_at_ms: reading.read_at_ms, rule: rule!, detail: detail! },
      words: `meter ${meter_id}, ${reading.value_wh / 1000} kWh at ${at}: ${detail}`,
      quarantines: reading.source !== "removal" && candidate.decision?.status !== "quarantined",
    },
  };
}

function isUsed({ verdict }: Pick<Judgement, "verdict">): boolean {
  return verdict === "passed" || verdict === "noted";
}

/** What does not apply is not kept: it says nothing of the reading. */
function isSaid({ outcome }: ReadingCheck): boolean {
  return outcome !== "not_applicable";
}

function factsOf(
  facts: CycleFacts,
  { installation, candidate }: Segment,
  now_ms: number,
  boundary_ms: number,
): ReadingFacts {
  const { reading, flags, went_back_at_ms, decision = null, unchanged_since_ms = null } = candidate;
  const { opening, multiplying_factor, register_digits, installed_at_ms, removed } = installation;
  const { read_at_ms, value_wh, arrived_at_ms } = reading;
  return {
    meter_id: installation.meter_id,
    // What a person edited is held against the rules as edited: flags are of the measured value.
    reading: {
      ...{ read_at_ms, value_wh, flags, arrived_at_ms },
      // Each reading is held against these as it comes in: see `arrival`.
      ...{ told_consumer: null, other_values_wh: [] },
    },
    now_ms,
    meter: { register_digits },
    installation: {
      consumer_number: facts.consumer.number,
      enrolled_consumer: null,
      serial_number: installation.serial_number,
      sanctioned_load_w: facts.account.sanctioned_load_w,
      ...{ multiplying_factor, installed_at_ms, removed_at_ms: removed?.at_ms ?? null },
      // Behind a bill the opening is later than the start, and the rule about it does not apply.
      start_wh: opening.source === "installation" ? opening.value_wh : 0,
    },
    previous: { read_at_ms: opening.read_at_ms, value_wh: opening.value_wh },
    ...{ next: null, unchanged_since_ms, went_back_at_ms },
    history: usualUse(facts),
    boundary_ms,
    factor_used: multiplying_factor,
    decision,
  };
}

/** The cycles with actual use whose days are known. */
function usualUse(facts: CycleFacts): ReadingFacts["history"] {
  return historyOf(facts).flatMap(({ units_kwh, days, estimated }) =>
    estimated === true || days === undefined ? [] : [{ units_kwh, days }]
  );
}
