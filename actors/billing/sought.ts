/** Which reading closes a cycle: of which meter, and from where to where it is looked for. */
import { inIndia } from "../../protocol/indian_time.ts";
import { boundsOf } from "./calendar.ts";
import type { MeterStatus } from "../../protocol/messages/invoice_inputs.ts";
import type { Cycle } from "./cycle.ts";
import type { CandidateReading, CycleFacts, InstallationFacts } from "./facts.ts";
import { isEnded, isFinal } from "./judge.ts";
import { asksMeter, finalReadingOf, limitOf, metersOf } from "./segments.ts";

/** Which readings close a cycle: the first one of an asked meter, or the last one of a month. */
export interface ClosingWindow {
  readonly from_ms: number;
  /** Exclusive; null while there is no end. */
  readonly to_ms: number | null;
  readonly take: "first" | "last";
}

/** Where the host looks for the closing reading. */
export interface SoughtReading {
  readonly installation: InstallationFacts;
  /** A later one only: up to then all is billed, or was estimated. */
  readonly after_ms: number;
  readonly window: ClosingWindow;
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

/** What closes `cycle`; null where no reading can: not asked for, or the last meter is gone. */
export function readingSought(
  { period, requested_at_ms }: Pick<Cycle, "period" | "requested_at_ms">,
  facts: CycleFacts,
): SoughtReading | null {
  if (requested_at_ms === null) return null;
  const installation = metersOf(facts, period, requested_at_ms).at(-1);
  if (installation === undefined) return null;
  if (isEnded(installation, limitOf(period, requested_at_ms))) return null;
  const estimated_ms = facts.open_estimates.at(-1)?.closing_read_at_ms ?? -Infinity;
  return {
    installation,
    after_ms: Math.max(installation.opening.read_at_ms, estimated_ms),
    window: closingWindow(period, requested_at_ms),
  };
}

/** Where the customer has moved out in that month, the reading noted then: nothing else closes it. */
export function finalReading(
  { period, requested_at_ms }: Pick<Cycle, "period" | "requested_at_ms">,
  facts: CycleFacts,
): CandidateReading | null {
  if (requested_at_ms === null || !isFinal(facts, period)) return null;
  const last = metersOf(facts, period, requested_at_ms).at(-1);
  if (last === undefined || !isEnded(last, limitOf(period, requested_at_ms))) return null;
  return finalReadingOf(last);
}

/** Why a deadline passes without a reading, as far as the account itself tells. */
export function statusOf(facts: CycleFacts, cycle: Cycle): MeterStatus {
  const meters = metersOf(facts, cycle.period, cycle.requested_at_ms ?? 0);
  return meters.length > 1 ? "meter_changed" : "reading_not_taken";
}

/** What is waited for, in words for people. */
export function silenceOf(
  { period, requested_at_ms }: Pick<Cycle, "period" | "requested_at_ms">,
  meter_id: string,
): string {
  const asked_ms = requested_at_ms ?? 0;
  return asksMeter(period, asked_ms)
    ? `meter ${meter_id} was asked at ${inIndia(asked_ms)} and has not answered`
    : `no reading of meter ${meter_id} within ${period}`;
}
