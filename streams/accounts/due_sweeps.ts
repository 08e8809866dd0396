/** What happens by itself around a due date: reminders of what is unpaid, and the late charge. */
import type { Allocation, OwedItem } from "../../actors/accounts/allocate.ts";
import { lateChargeOf } from "../../actors/accounts/late_charge.ts";
import { settlement } from "../../actors/billing/tariff/settlement.ts";
import { indianDateOf } from "../../protocol/indian_time.ts";
import { faultsOf, z } from "../../protocol/schema.ts";
import { type Kysely, sql, type Transaction } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";
import { runTurns } from "../database/turns.ts";
import { intendReminder } from "../delivery/redrive.ts";
import type { Stoppable } from "../jetstream/broker.ts";
import type { Log } from "../terminal/log.ts";
import { lockForEntries, type NewEntry, writeEntries } from "./entries.ts";
import { allocationsOf } from "./ledger_rows.ts";
import { type DueInvoice, type Sweep, SWEEP_PAGE, sweepPage } from "./sweep.ts";

/** Due dates change with the day; a minute is soon enough. */
const POLL_MS = 60_000;
/** A reminder that comes a day later than meant is of use still; later than that it is not. */
const REMINDER_LATE_DAYS = 1;
/** A charge is owed however long nothing ran. */
const CHARGE_LATE_DAYS = 366;

export interface DueRules {
  /** Days from the due date on which an unpaid bill is reminded of: below zero before it. */
  readonly reminder_days: readonly number[];
  /** Days that payments may take to be recorded here before paying late is charged. */
  readonly late_charge_after_days: number;
}

/** Nobody is reminded. A charge for paying late is a matter of the tariff, and off in all shipped. */
export const DUE_RULES: DueRules = { reminder_days: [], late_charge_after_days: 3 };

export interface DueSweepOptions {
  readonly db: Kysely<Database>;
  readonly log: Log;
  readonly rules?: DueRules;
  readonly onCommitted?: () => void;
  readonly poll_ms?: number;
  readonly now_ms?: () => number;
}

/** The sweeps of `rules` at `now_ms`. */
export function sweepsOf(rules: DueRules, now_ms: number, log: Log): Sweep[] {
  const reminders = rules.reminder_days.map((offset_days): Sweep => ({
    ...{ name: `reminder ${offset_days}`, offset_days, late_days: REMINDER_LATE_DAYS },
    page: (trx, bills) => remind(trx, bills, now_ms),
  }));
  return [...reminders, {
    name: "late charge",
    // The due date itself is in time: the first day after it is day one.
    offset_days: rules.late_charge_after_days + 1,
    late_days: CHARGE_LATE_DAYS,
    page: (trx, bills) => chargeLate(trx, bills, now_ms, log),
  }];
}

/** Sweeps until stopped. Any number of processes may do so at once: they take turns. */
export function startDueSweeps(options: DueSweepOptions): Stoppable {
  const { log, poll_ms = POLL_MS } = options;
  return runTurns({
    what: "due dates",
    log,
    turn: async (signal) => await sweepOnce(options, signal) ? 0 : poll_ms,
  });
}

/** One page of each sweep; returns whether one of them has more. */
export async function sweepOnce(options: DueSweepOptions, signal?: AbortSignal): Promise<boolean> {
  const { db, log, rules = DUE_RULES, now_ms = Date.now, onCommitted } = options;
  const now = now_ms();
  let full = false;
  for (const sweep of sweepsOf(rules, now, log)) {
    if (signal?.aborted) return false;
    const { looked, done } = await sweepPage(db, sweep, now);
    if (done > 0) {
      log.info("bills past a due date seen to", { sweep: sweep.name, bills: done });
      onCommitted?.();
    }
    full ||= looked === SWEEP_PAGE;
  }
  return full;
}

/** Reminds of what is unpaid at this moment; at most once a bill, channel and day. */
async function remind(trx: Transaction<Database>, bills: readonly DueInvoice[], now_ms: number) {
  const allocations = await allocationsOf(trx, bills.map(({ account_id }) => account_id));
  let reminded = 0;
  for (const { invoice_id, account_id } of bills) {
    const item = itemOf(allocations.get(account_id)!, invoice_id);
    if (item === undefined || item.outstanding_paise === 0) continue;
    if ((await intendReminder(trx, invoice_id, now_ms)).length > 0) reminded++;
  }
  return reminded;
}

function itemOf({ items }: Allocation, invoice_id: number): OwedItem | undefined {
  return items.find((one) => one.kind === "invoice" && one.invoice_id === invoice_id);
}

const billedUnder = z.object({
  tariff_document: z.object({
    versions: z.array(z.object({ settlement: z.array(settlement).optional() })).min(1),
  }).optional(),
});

/** Charges what the tariff of each bill, as it was billed under, asks for paying late. */
async function chargeLate(
  trx: Transaction<Database>,
  bills: readonly DueInvoice[],
  now_ms: number,
  log: Log,
): Promise<number> {
  const rules = await rulesOf(trx, bills, log);
  const charged = bills.filter(({ invoice_id }) =>
    rules.get(invoice_id)?.some(({ enabled, when }) => enabled && when === "paid_late")
  );
  if (charged.length === 0) return 0;
  const ids = charged.map(({ account_id }) => account_id);
  await lockForEntries(trx, ids);
  const allocations = await allocationsOf(trx, ids);
  const already = await chargedAlready(trx, charged.map(({ invoice_id }) => invoice_id));
  const lines = await linesOf(trx, charged.map(({ invoice_id }) => invoice_id));
  const entries = charged.flatMap((bill): NewEntry[] => {
    const item = itemOf(allocations.get(bill.account_id)!, bill.invoice_id);
    if (item === undefined || already.has(bill.invoice_id)) return [];
    const charge = lateChargeOf(item, {
      settlement: rules.get(bill.invoice_id)!,
      lines: lines.get(bill.invoice_id) ?? [],
      total_paise: bill.total_paise,
    });
    return charge === null ? [] : [{
      ...{ account_id: bill.account_id, kind: "late_charge", invoice_id: bill.invoice_id },
      ...{ amount_paise: charge.amount_paise, value_date: indianDateOf(now_ms) },
      ...{ at: new Date(now_ms), reference: bill.number, description: charge.description },
    }];
  });
  await writeEntries(trx, entries);
  return entries.length;
}

/** What each bill's own snapshot says of its settlement; a bill without one is charged nothing. */
async function rulesOf(trx: Transaction<Database>, bills: readonly DueInvoice[], log: Log) {
  const ids = bills.map(({ invoice_id }) => invoice_id);
  const { rows } = await sql<{ invoice_id: number; number: string; inputs: unknown }>`
    select invoice_id, number,
      jsonb_build_object('tariff_document', inputs -> 'tariff_document') as inputs
    from invoice where invoice_id = any(${ids}::bigint[]) and inputs ? 'tariff_document'`.execute(
    trx,
  );
  return new Map(rows.map(({ invoice_id, number, inputs }) => {
    const { data, error } = billedUnder.safeParse(inputs);
    // One odd snapshot must not hold up the others: people are told, and nothing is charged.
    if (error !== undefined) {
      log.error("bill's tariff not understood", { number, reason: faultsOf(error) });
    }
    // The version that closed the bill, as for the quote.
    return [invoice_id, data?.tariff_document?.versions.at(-1)?.settlement ?? []];
  }));
}

async function chargedAlready(trx: Transaction<Database>, ids: readonly number[]) {
  const { rows } = await sql<{ invoice_id: number }>`
    select invoice_id from account_entry
    where kind = 'late_charge' and invoice_id = any(${[...ids]}::bigint[])`.execute(trx);
  return new Set(rows.map(({ invoice_id }) => invoice_id));
}

async function linesOf(trx: Transaction<Database>, ids: readonly number[]) {
  const { rows } = await sql<{ invoice_id: number; code: string; amount_paise: number }>`
    select invoice_id, code, amount_paise from invoice_line
    where invoice_id = any(${[...ids]}::bigint[]) order by invoice_id, position`.execute(trx);
  return Map.groupBy(rows, ({ invoice_id }) => invoice_id);
}
