/** The use of a cycle as a sum over meters: never one difference across two of them. */
import type { ClosingReading, InvoiceInputs } from "../../protocol/messages/invoice_inputs.ts";
import { capacity_wh, isRollover } from "../validation/use.ts";
import { boundsOf } from "./calendar.ts";
import type { CandidateReading, CycleFacts, InstallationFacts } from "./facts.ts";
import { unitsOf } from "./register.ts";

/** What one meter used within the cycle. */
export interface Segment {
  readonly installation: InstallationFacts;
  readonly candidate: CandidateReading;
  readonly units_kwh: number;
  readonly rollover: InvoiceInputs["rollover"];
}

/** Whether a month closed at that moment is closed by a fresh reading: only while it lasts. */
export function asksMeter(period: string, requested_at_ms: number): boolean {
  return requested_at_ms < boundsOf(period).end_ms;
}

/** The first instant that belongs to no cycle of `period` any more. */
export function limitOf(period: string, requested_at_ms: number): number {
  return asksMeter(period, requested_at_ms) ? Infinity : boundsOf(period).end_ms;
}

/** The meters whose use belongs to the cycle, oldest first: the last one closes it. */
export function metersOf(
  facts: CycleFacts,
  period: string,
  requested_at_ms: number,
): readonly InstallationFacts[] {
  const limit_ms = limitOf(period, requested_at_ms);
  return facts.installations.filter((one) => one.installed_at_ms < limit_ms);
}

/** The reading noted when a meter was taken down, as one that may close; null where none was. */
export function finalReadingOf(
  { removed }: InstallationFacts,
): CandidateReading | null {
  if (removed === null || removed.final_reading_wh === null) return null;
  return {
    reading: {
      ...{ read_at_ms: removed.at_ms, value_wh: removed.final_reading_wh, source: "removal" },
      ...NO_FRAME,
    },
    flags: [],
    went_back_at_ms: null,
  };
}

/** A reading that came in no frame. */
export const NO_FRAME: Omit<ClosingReading, "read_at_ms" | "value_wh" | "source"> = {
  frame_sequence: null,
  journal_sequence: null,
  sealed_at_ms: null,
  arrived_at_ms: null,
  second_found_s: null,
  trials: null,
  clock_quality: null,
  clock_offset_ms: null,
};

/**
 * What `installation` used up to `candidate`. A register that shows less than at the opening began
 * anew where its digits are known and it moved by at most `share_of_capacity` of what they show.
 */
export function segmentOf(
  installation: InstallationFacts,
  candidate: CandidateReading,
  share_of_capacity: number,
): Segment {
  const { opening, multiplying_factor, register_digits } = installation;
  const { value_wh } = candidate.reading;
  const rolled = isRollover(register_digits, opening, value_wh, share_of_capacity);
  const rollover = rolled ? { capacity_wh: capacity_wh(register_digits!) } : undefined;
  const closing_wh = value_wh + (rollover?.capacity_wh ?? 0);
  const units_kwh = unitsOf(opening.value_wh, closing_wh, multiplying_factor);
  return { installation, candidate, units_kwh, rollover };
}

export { unitsOf };
