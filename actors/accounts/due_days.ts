/**
 * Which due dates a sweep looks at on a day. A sweep stands a number of days from the due date, before
 * or after, and takes each due date once; one that was missed while nothing ran is taken up to a few
 * days late, and then passed over: a reminder "due in three days" is of no use a week later.
 */
import { datePlus } from "../billing/calendar.ts";

export interface SweepRule {
  /** Days after the due date; below zero before it. */
  readonly offset_days: number;
  /** How many days late it may still be. */
  readonly late_days: number;
}

/** The last due date that is due to be looked at on `today`, and the first that is not too old. */
export function dueDates(
  { offset_days, late_days }: SweepRule,
  today: string,
): { readonly first: string; readonly last: string } {
  const last = datePlus(today, -offset_days);
  return { first: datePlus(last, -late_days), last };
}

const REMINDERS_MAX = 8;
const DAYS_MAX = 60;

/**
 * `-3,+2,+10` as days from the due date, in order; `off` as none. Null for anything else: more than
 * eight, one twice, or one further away than 60 days.
 */
export function reminderDays(text: string): readonly number[] | null {
  if (text === "off") return [];
  const words = text.split(",").map((word) => word.trim());
  if (words.length > REMINDERS_MAX || !words.every((word) => /^[+-]?\d{1,2}$/.test(word))) {
    return null;
  }
  // Minus nothing is nothing.
  const days = words.map((word) => Number(word) || 0).sort((a, b) => a - b);
  const twice = days.some((day, at) => day === days[at - 1]);
  return twice || days.some((day) => Math.abs(day) > DAYS_MAX) ? null : days;
}
