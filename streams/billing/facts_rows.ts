/**
 * What billing reads of many accounts at once: one statement a kind of row, whatever their number.
 * A statement an account costs the server ten times as much as the rows do.
 */
import { type Kysely, type Selectable, sql } from "../database/kysely.ts";
import { ENERGY } from "../database/readings.ts";
import type {
  AccountTable,
  ConsumerTable,
  CycleState,
  Database,
  InstallationTable,
  MeterTable,
} from "../database/schema.ts";

/** One account and one month: what a cycle is of. */
export interface CycleKey {
  readonly account_id: string;
  readonly period: string;
}

/** Months before the cycle: a bill shows twelve; a true-up is shared out to those before it. */
export const HISTORY_MAX = 15;

/**
 * For the rest of the transaction every table is read by its keys, whatever its statistics say: one
 * that was empty when it was last counted would be read whole for each row that names one of its own,
 * until somebody counts it again.
 */
export async function readByKeys(trx: Kysely<Database>): Promise<void> {
  await sql`set local enable_seqscan = off`.execute(trx);
}

/** An account with its consumer. */
export type AccountRow =
  & Omit<Selectable<AccountTable>, "created_at">
  & Pick<Selectable<ConsumerTable>, "name" | "address" | "phone" | "email" | "language">;

/**
 * Locks the accounts until the transaction ends, so that of several steps for one, on any machines,
 * one runs at a time. By the bytes of their names, whatever language the database sorts
 * in: two batches never wait for each other in a ring.
 */
export async function lockAccounts(
  trx: Kysely<Database>,
  account_ids: readonly string[],
): Promise<string[]> {
  // Rows that name the account may still be written by others: they need its key alone.
  const { rows } = await sql<{ account_id: string }>`
    select account_id from account where account_id = any(${account_ids}::text[])
    order by account_id collate "C" for no key update`.execute(trx);
  return rows.map((row) => row.account_id);
}

/** The same of every account that has or had one of the meters. */
export async function lockAccountsOfMeters(
  trx: Kysely<Database>,
  meter_ids: readonly string[],
): Promise<void> {
  const found = await trx.selectFrom("installation").select("account_id").distinct()
    .where(sql<boolean>`meter_id = any(${meter_ids}::text[])`).execute();
  await lockAccounts(trx, found.map((one) => one.account_id));
}

/** Accounts with their consumers, in no order. */
export async function accountRows(
  db: Kysely<Database>,
  account_ids: readonly string[],
): Promise<AccountRow[]> {
  const { rows } = await sql<AccountRow>`
    select account_id, account.consumer_number, tariff_id, phase, municipal, sanctioned_load_w,
      contract_va,
      status, opened_on, closed_on, name, address, phone, email, language
    from account join consumer on consumer.consumer_number = account.consumer_number
    where account_id = any(${account_ids}::text[])`.execute(db);
  return rows;
}

export interface CycleRow {
  account_id: string;
  period: string;
  cycle_id: number;
  state: CycleState;
  reason: string | null;
  requested_at: Date | null;
  meter_id: string | null;
  asks: number;
  deadline_at: Date | null;
  draft: unknown;
  parked_reading_at: Date | null;
  parked_rule: string | null;
}

/** Of each key the live cycle, else the one that was voided last; none where there is none. */
export async function cycleRows(
  db: Kysely<Database>,
  keys: readonly CycleKey[],
): Promise<CycleRow[]> {
  const columns = sql.raw(
    "cycle_id, state, reason, requested_at, meter_id, asks, deadline_at, draft, " +
      "parked_reading_at, parked_rule",
  );
  const { rows } = await sql<CycleRow>`
    select given.account_id, given.period, cycle.*
    from ${given(keys)}, lateral (
      (select ${columns} from billing_cycle as live
        where live.account_id = given.account_id and live.period = given.period
          and live.state <> 'void')
      union all
      (select ${columns} from billing_cycle as void
        where void.account_id = given.account_id and void.period = given.period
          and void.state = 'void' order by void.cycle_id desc limit 1)
      limit 1
    ) as cycle`.execute(db);
  return rows;
}

export interface BilledRow {
  account_id: string;
  /** The latest earlier cycle that an actual register closed; null where there is none. */
  period: string | null;
  state: CycleState | null;
  meter_id: string | null;
  to_date: string | null;
  closing_wh: number | null;
  closing_read_at: Date | null;
  /** How the closing reading came, as that bill has it; null for one that no meter told. */
  way: ReadingWay | null;
  /** Earlier months, newest first: `[period, units, days or null, estimated]`. */
  history: [string, number, number | null, boolean][] | null;
  /** Estimated bills since then, oldest first. */
  estimates: EstimateRow[] | null;
  /** The first later period that is billed. */
  later_billed: string | null;
  /** The first earlier period of which a draft waits. */
  earlier_draft: string | null;
  /** The first earlier period that waits for a reading, an estimate or its grace, and has a deadline. */
  earlier_waiting: string | null;
}

export interface ReadingWay {
  source: "frame" | "import";
  quality: "measured" | "estimated" | "substituted" | "edited";
  frame_sequence: number | null;
  journal_sequence: number | null;
  sealed_at_ms: number | null;
  arrived_at_ms: number | null;
  second_found_s: number | null;
  trials: number | null;
  clock_quality: number | null;
}

export interface EstimateRow {
  number: string;
  period: string;
  from_date: string;
  to_date: string;
  units_kwh: number;
  closing_wh: number;
  closing_read_at_ms: number;
  creditable_paise: number;
}

/** What each account was billed before the period of its key, and whether it was after. */
export async function billedRows(
  db: Kysely<Database>,
  keys: readonly CycleKey[],
): Promise<BilledRow[]> {
  const billed = sql`cycle.account_id = given.account_id and cycle.state in ('issued', 'imported')`;
  const { rows } = await sql<BilledRow>`
    select given.account_id, before.*,
      (select json_build_object(
          'source', source, 'frame_sequence', frame_sequence,
          'journal_sequence', journal_sequence,
          'sealed_at_ms', round(extract(epoch from sealed_at) * 1000),
          'arrived_at_ms', round(extract(epoch from arrived_at) * 1000),
          'second_found_s', second_found_s, 'trials', trials, 'clock_quality', clock_quality,
          'quality', coalesce((select quality from reading_decision as decision
            where decision.meter_id = reading.meter_id and decision.obis = reading.obis
              and decision.read_at = reading.read_at
            order by decision_id desc limit 1), 'measured'))
        from raw_reading as reading
        where reading.meter_id = before.meter_id and reading.obis = ${ENERGY}
          and reading.read_at = before.closing_read_at) as way,
      (select json_agg(json_build_array(period, units_kwh, to_date - from_date, estimated)) from (
        select period, units_kwh, from_date, to_date, estimated from billing_cycle as cycle
        where ${billed} and cycle.period < given.period and units_kwh is not null
        order by period desc limit ${sql.lit(HISTORY_MAX)}) as months) as history,
      (select json_agg(json_build_object(
          'number', invoice.number, 'period', cycle.period, 'from_date', from_date,
          'to_date', to_date, 'units_kwh', units_kwh, 'closing_wh', closing_wh,
          'closing_read_at_ms', round(extract(epoch from closing_read_at) * 1000),
          'creditable_paise', greatest(0,
            (invoice.inputs->'estimate'->>'creditable_paise')::bigint - (
              select coalesce(sum(note.amount_paise), 0) from credit_note as note
              where note.invoice_id = invoice.invoice_id))
        ) order by cycle.period)
        from billing_cycle as cycle
          join invoice on invoice.cycle_id = cycle.cycle_id and invoice.state = 'issued'
        where cycle.account_id = given.account_id and cycle.state = 'issued' and estimated
          and cycle.period < given.period
          and (before.period is null or cycle.period > before.period)) as estimates,
      (select min(period) from billing_cycle as cycle
        where ${billed} and cycle.period > given.period) as later_billed,
      (select min(period) from billing_cycle as cycle
        where cycle.account_id = given.account_id and cycle.state = 'draft'
          and cycle.period < given.period) as earlier_draft,
      (select min(period) from billing_cycle as cycle
        where cycle.account_id = given.account_id and cycle.state in ('awaiting_reading', 'draft')
          and cycle.deadline_at is not null and cycle.period < given.period) as earlier_waiting
    from ${given(keys)} left join lateral (
      select period, state, meter_id, to_date, closing_wh, closing_read_at
      from billing_cycle as cycle
      where ${billed} and cycle.period < given.period and closing_wh is not null
        and not estimated
      order by period desc limit 1
    ) as before on true`.execute(db);
  return rows;
}

/** Of each key the number of the bill that was voided last: what a bill made anew stands for. */
export async function voidedNumbers(
  db: Kysely<Database>,
  keys: readonly CycleKey[],
): Promise<{ account_id: string; number: string }[]> {
  const { rows } = await sql<{ account_id: string; number: string }>`
    select distinct on (given.account_id) given.account_id, invoice.number
    from ${given(keys)} join invoice on invoice.account_id = given.account_id
      and invoice.period = given.period and invoice.state = 'void'
    order by given.account_id, invoice.invoice_id desc`.execute(db);
  return rows;
}

/** An installation with its meter. */
export type InstallationRow =
  & Omit<Selectable<InstallationTable>, "installation_id" | "premises">
  & Pick<Selectable<MeterTable>, "serial_number" | "slave_id" | "register_digits">;

/** Every meter that each account has or had, the latest first. */
export async function installationRows(
  db: Kysely<Database>,
  account_ids: readonly string[],
): Promise<InstallationRow[]> {
  const { rows } = await sql<InstallationRow>`
    select account_id, meter.meter_id, serial_number, slave_id, multiplying_factor, installed_at,
      removed_at, opening_reading_wh, final_reading_wh, register_digits
    from installation join meter on meter.meter_id = installation.meter_id
    where account_id = any(${account_ids}::text[])
    order by account_id, installed_at desc`.execute(db);
  return rows;
}

function given(keys: readonly CycleKey[]) {
  const accounts = keys.map((key) => key.account_id);
  const periods = keys.map((key) => key.period);
  return sql`unnest(${accounts}::text[], ${periods}::text[]) as given(account_id, period)`;
}
