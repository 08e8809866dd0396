/**
 * What lies behind the demo's customers: twelve closed months as a utility brings them along when it
 * moves in, and a month of daily readings that wait in the slaves' outboxes, as after a month
 * without a network.
 */
import { periodBefore, periodOf } from "../../actors/billing/calendar.ts";
import { indianDateOf, startOfIndianDate_ms } from "../../protocol/indian_time.ts";
import type { Kysely } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";
import type { Outbox } from "../edge/outbox.ts";
import type { DemoCustomer } from "./customers.ts";

const DAY_MS = 86_400_000;
/** Months that come along: a bill compares its month with the same one a year before. */
const MONTHS = 12;
/** Length of every month of the demo. */
const MONTH_DAYS = 30;

export interface DemoCalendar {
  readonly now_ms: number;
  /** The month being closed, `YYYY-MM`. */
  readonly period: string;
  /** Midnight in India at which the last closed month ended. */
  readonly opened_ms: number;
  /** When the meters were put up. */
  readonly installed_ms: number;
}

export function demoCalendar(now_ms: number): DemoCalendar {
  const midnight_ms = startOfIndianDate_ms(indianDateOf(now_ms));
  const opened_ms = midnight_ms - MONTH_DAYS * DAY_MS;
  return {
    now_ms,
    period: periodOf(now_ms),
    opened_ms,
    installed_ms: opened_ms - MONTHS * MONTH_DAYS * DAY_MS,
  };
}

/** Brings the closed months along: cycles of state `imported`, the last one at `opened_ms`. */
export async function importClosedMonths(
  db: Kysely<Database>,
  calendar: DemoCalendar,
  customers: readonly DemoCustomer[],
): Promise<void> {
  for (const customer of customers) {
    await db.insertInto("billing_cycle").values(
      Array.from({ length: MONTHS }, (_, i) => importedCycle(calendar, customer, MONTHS - i)),
    ).execute();
  }
}

/** The cycle that ended `back - 1` months before the one being closed began. */
function importedCycle(calendar: DemoCalendar, customer: DemoCustomer, back: number) {
  const closed_ms = calendar.opened_ms - (back - 1) * MONTH_DAYS * DAY_MS;
  const began_ms = closed_ms - MONTH_DAYS * DAY_MS;
  const opening_wh = customer.energy_wh(began_ms);
  const closing_wh = customer.energy_wh(closed_ms);
  return {
    account_id: customer.consumer_number,
    period: monthsBefore(calendar.period, back),
    state: "imported" as const,
    reason: null,
    from_date: indianDateOf(began_ms),
    to_date: indianDateOf(closed_ms),
    opening_wh,
    closing_wh,
    closing_read_at: new Date(closed_ms),
    meter_id: customer.meter_id,
    units_kwh: Math.floor(closing_wh / 1_000) - Math.floor(opening_wh / 1_000),
    requested_at: null,
  };
}

/** Puts a reading a day into the outbox, as the slave would have kept them. Returns how many. */
export function fillOutbox(
  outbox: Outbox,
  calendar: DemoCalendar,
  customers: readonly DemoCustomer[],
): number {
  const readings = customers.flatMap(({ meter_id, energy_wh }) =>
    Array.from({ length: MONTH_DAYS - 1 }, (_, day) => {
      const read_at_ms = calendar.opened_ms + (day + 1) * DAY_MS;
      const value = energy_wh(read_at_ms);
      const registers = [{ obis: "1-0:1.8.0", value, unit: "Wh", read_at_ms }];
      return { meter_id, read_at_ms, registers };
    })
  );
  return outbox.putAll(readings, { quality: 2, offset_ms: 0 });
}

/** The month `back` months before `period`. */
function monthsBefore(period: string, back: number): string {
  return back === 0 ? period : monthsBefore(periodBefore(period), back - 1);
}
