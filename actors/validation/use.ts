/** The use between two registers of one meter. */
import { unitsOf } from "../billing/register.ts";
import type { ReadingFacts, RegisterAt } from "./facts.ts";

/** What the register shows before it begins anew at 0, in watt-hours, plus one. */
export function capacity_wh(register_digits: number): number {
  return 10 ** (register_digits + 3);
}

/**
 * Whether a register that shows less than before began anew by running over: its digits are known,
 * and what it moved by is a small part of what they can show.
 */
export function isRollover(
  register_digits: number | null,
  previous: RegisterAt,
  value_wh: number,
  share_of_capacity: number,
): boolean {
  if (register_digits === null || value_wh < 0 || value_wh >= previous.value_wh) return false;
  const full_wh = capacity_wh(register_digits);
  if (previous.value_wh >= full_wh) return false;
  return value_wh + full_wh - previous.value_wh <= share_of_capacity * full_wh;
}

/** Units from the reading before to this one, a rollover counted; null where none can be told. */
export function unitsSince(facts: ReadingFacts, share_of_capacity: number): number | null {
  const { previous, reading, installation, meter } = facts;
  if (previous === null || installation === null) return null;
  const { multiplying_factor } = installation;
  if (reading.value_wh >= previous.value_wh) {
    return unitsOf(previous.value_wh, reading.value_wh, multiplying_factor);
  }
  const register_digits = meter?.register_digits ?? null;
  if (!isRollover(register_digits, previous, reading.value_wh, share_of_capacity)) return null;
  const closing_wh = reading.value_wh + capacity_wh(register_digits!);
  return unitsOf(previous.value_wh, closing_wh, multiplying_factor);
}

/** What an account uses in a day as a rule, or null where nothing is known. */
export function meanPerDay_kwh(history: ReadingFacts["history"]): number | null {
  const days = history.reduce((sum, cycle) => sum + cycle.days, 0);
  if (days <= 0) return null;
  return history.reduce((sum, cycle) => sum + cycle.units_kwh, 0) / days;
}
