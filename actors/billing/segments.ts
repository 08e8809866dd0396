/** The use of a cycle as a sum over meters: never one difference across two of them. */
import type { ClosingReading, InvoiceInputs } from "../../protocol/messages/invoice_inputs.ts";
import { boundsOf } from "./calendar.ts";
import type { CandidateReading, CycleFacts, InstallationFacts } from "./facts.ts";

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

/** What `installation` used up to `candidate`. */
export function segmentOf(
  installation: InstallationFacts,
  candidate: CandidateReading,
): Segment {
  const { opening, multiplying_factor } = installation;
  const rollover = rolloverOf(installation, candidate.reading.value_wh);
  const closing_wh = candidate.reading.value_wh + (rollover?.capacity_wh ?? 0);
  const units_kwh = unitsOf(opening.value_wh, closing_wh, multiplying_factor);
  return { installation, candidate, units_kwh, rollover };
}

/** A register rolls over near its end, and shows little just after: anything else went back. */
const NEAR_END = 0.9;

/** The capacity of a register that began anew since the opening; undefined where it did not. */
export function rolloverOf(
  { register_digits, opening }: InstallationFacts,
  closing_wh: number,
): { capacity_wh: number } | undefined {
  if (register_digits === null || closing_wh >= opening.value_wh) return undefined;
  const capacity_wh = 10 ** register_digits * 1_000;
  const rolled = opening.value_wh < capacity_wh && opening.value_wh >= capacity_wh * NEAR_END &&
    closing_wh <= capacity_wh * (1 - NEAR_END);
  return rolled ? { capacity_wh } : undefined;
}

const FACTOR_SCALE = 1_000_000;

/**
 * Whole kWh between two registers: each is cut to whole units first, so that what is cut off today
 * is billed with the next reading, and no fraction is ever lost or billed twice.
 */
export function unitsOf(
  opening_wh: number,
  closing_wh: number,
  multiplying_factor: number,
): number {
  return energyOf(closing_wh, multiplying_factor) - energyOf(opening_wh, multiplying_factor);
}

/** A factor may have decimals (a ratio of 7.5): the product is cut too, each reading by itself. */
function energyOf(register_wh: number, multiplying_factor: number): number {
  const whole = BigInt(Math.floor(register_wh / 1000));
  const factor = BigInt(Math.round(multiplying_factor * FACTOR_SCALE));
  return Number(whole * factor / BigInt(FACTOR_SCALE));
}
