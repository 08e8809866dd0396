/** How long what an account owes has been overdue. */
import { dayOf } from "../billing/tariff/dates.ts";
import type { Allocation } from "./allocate.ts";

/** Days overdue, from and to; the last is open to the top. */
export const AGES = ["not_due", "days_1_30", "days_31_60", "days_61_90", "days_over_90"] as const;
export type Age = typeof AGES[number];
export type Aging = Readonly<Record<Age, number>> & {
  /** Everything past its due date. */
  readonly overdue_paise: number;
  /** Due date of the oldest that is overdue, or null. */
  readonly oldest_due_on: string | null;
};

const LAST_DAYS = [0, 30, 60, 90];

/** The days that `date` lies after `due_on`; none until the due date is over. */
export function daysOverdue(due_on: string, date: string): number {
  return Math.max(0, dayOf(date) - dayOf(due_on));
}

/** What is outstanding on `date`, by age, in paise. */
export function agingOf({ items }: Allocation, date: string): Aging {
  const sums = { not_due: 0, days_1_30: 0, days_31_60: 0, days_61_90: 0, days_over_90: 0 };
  let oldest_due_on: string | null = null;
  for (const { due_on, outstanding_paise } of items) {
    if (outstanding_paise === 0) continue;
    const days = daysOverdue(due_on, date);
    const age = LAST_DAYS.findIndex((last) => days <= last);
    sums[AGES[age] ?? "days_over_90"] += outstanding_paise;
    if (days > 0) oldest_due_on ??= due_on;
  }
  const overdue_paise = sums.days_1_30 + sums.days_31_60 + sums.days_61_90 + sums.days_over_90;
  return { ...sums, overdue_paise, oldest_due_on };
}
