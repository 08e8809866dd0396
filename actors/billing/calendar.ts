/** The billing calendar: months and dates in Indian time, which is UTC +05:30 all year round. */
import { indianDateOf, startOfIndianDate_ms } from "../../protocol/indian_time.ts";
import { dateOf, dayOf } from "./tariff/dates.ts";

/** April: the Indian financial year runs to 31 March. */
const FINANCIAL_YEAR_MONTH = 4;

/** The month in India, `YYYY-MM`, at an instant. */
export function periodOf(at_ms: number): string {
  return indianDateOf(at_ms).slice(0, 7);
}

/** The first instant of a month in India, and the first instant after it. */
export function boundsOf(period: string): { start_ms: number; end_ms: number } {
  return {
    start_ms: startOfIndianDate_ms(`${period}-01`),
    end_ms: startOfIndianDate_ms(`${periodAfter(period)}-01`),
  };
}

/** The month after `period`. */
export function periodAfter(period: string): string {
  return shift(period, 1);
}

/** The month before `period`. */
export function periodBefore(period: string): string {
  return shift(period, -1);
}

/** The date `days` after `date`. */
export function datePlus(date: string, days: number): string {
  return dateOf(dayOf(date) + days);
}

/** The Indian financial year, `2026-27`, of a date. */
export function financialYearOf(date: string): string {
  const [year, month] = [Number(date.slice(0, 4)), Number(date.slice(5, 7))];
  const first = month >= FINANCIAL_YEAR_MONTH ? year : year - 1;
  return `${first}-${String((first + 1) % 100).padStart(2, "0")}`;
}

function shift(period: string, months: number): string {
  const whole = Number(period.slice(0, 4)) * 12 + Number(period.slice(5, 7)) - 1 + months;
  const month = String(whole % 12 + 1).padStart(2, "0");
  return `${String(Math.floor(whole / 12)).padStart(4, "0")}-${month}`;
}
