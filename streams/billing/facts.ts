/** What billing cycles must know: loaded for many accounts at once, inside the step's transaction. */
import { type Cycle, type Draft, newCycle } from "../../actors/billing/cycle.ts";
import type { CycleFacts, InstallationFacts } from "../../actors/billing/facts.ts";
import { TerminalError } from "../../protocol/errors.ts";
import { startOfIndianDate_ms } from "../../protocol/indian_time.ts";
import { balancesOf } from "../accounts/entries.ts";
import type { Kysely } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";
import {
  type AccountRow,
  accountRows,
  type BilledRow,
  billedRows,
  type CycleKey,
  type CycleRow,
  cycleRows,
  type InstallationRow,
  installationRows,
  lockAccounts,
  voidedNumbers,
} from "./facts_rows.ts";
import { facRows } from "./fac.ts";

/** A cycle as it stands, with all that its next step decides upon. */
export interface LoadedCycle {
  readonly key: CycleKey;
  readonly cycle: Cycle;
  /** Its row; null where there is none yet. */
  readonly cycle_id: number | null;
  readonly facts: CycleFacts;
}

/**
 * Locks the account until the transaction ends: see `lockAccounts()`. Throws `TerminalError` for an
 * account that is not known.
 */
export async function lockAccount(trx: Kysely<Database>, account_id: string): Promise<void> {
  if ((await lockAccounts(trx, [account_id])).length === 0) throw unknown(account_id);
}

/** The latest cycle of an account and period, and its row; state `none` where there is no row. */
export async function loadCycle(
  db: Kysely<Database>,
  account_id: string,
  period: string,
): Promise<{ cycle: Cycle; cycle_id: number | null }> {
  const key = { account_id, period };
  const [row] = await cycleRows(db, [key]);
  return { cycle: cycleOf(key, row), cycle_id: row?.cycle_id ?? null };
}

/** Everything a step of this account's cycle decides upon. Throws `TerminalError` for no account. */
export async function loadFacts(
  db: Kysely<Database>,
  account_id: string,
  period: string,
): Promise<CycleFacts> {
  return (await loadCycles(db, [{ account_id, period }]))[0]!.facts;
}

/**
 * The cycles of `keys` with their facts, in the same order; each account at most once. Throws
 * `TerminalError` that names an account that is not known.
 */
export async function loadCycles(
  db: Kysely<Database>,
  keys: readonly CycleKey[],
): Promise<LoadedCycle[]> {
  const ids = keys.map((key) => key.account_id);
  const accounts = byAccount(await accountRows(db, ids));
  const cycles = byAccount(await cycleRows(db, keys));
  const billed = byAccount(await billedRows(db, keys));
  const balances = await balancesOf(db, ids);
  const replaced = byAccount(await voidedNumbers(db, keys));
  const installed = Map.groupBy(await installationRows(db, ids), (row) => row.account_id);
  const months = keys.map((key) => key.period).concat(
    [...billed.values()].flatMap(({ estimates }) => estimates?.map(({ period }) => period) ?? []),
  );
  const tariffs = [...accounts.values()].map((row) => row.tariff_id);
  const fac = Map.groupBy(
    await facRows(db, [...new Set(tariffs)], [...new Set(months)]),
    (row) => row.tariff_id,
  );
  return keys.map((key) => {
    const account = accounts.get(key.account_id);
    if (account === undefined) throw unknown(key.account_id);
    const row = cycles.get(key.account_id);
    return {
      key,
      cycle: cycleOf(key, row),
      cycle_id: row?.cycle_id ?? null,
      facts: {
        ...factsOf(account, billed.get(key.account_id)!, installed.get(key.account_id) ?? []),
        fac: fac.get(account.tariff_id) ?? [],
        balance: balances.get(key.account_id) ?? null,
        replaces: replaced.get(key.account_id)?.number ?? null,
      },
    };
  });
}

function byAccount<Row extends { account_id: string }>(rows: readonly Row[]): Map<string, Row> {
  return new Map(rows.map((row) => [row.account_id, row]));
}

function unknown(account_id: string): TerminalError {
  return new TerminalError(`There is no account ${account_id}`);
}

function cycleOf({ account_id, period }: CycleKey, row: CycleRow | undefined): Cycle {
  if (row === undefined) return newCycle(account_id, period);
  return {
    account_id,
    period,
    state: row.state,
    reason: row.reason,
    requested_at_ms: row.requested_at?.getTime() ?? null,
    asks: row.asks,
    deadline_at_ms: row.deadline_at?.getTime() ?? null,
    draft: row.draft as Draft | null, // Written by this program alone, in write.ts.
    parked_on: row.parked_reading_at === null || row.parked_rule === null
      ? null
      : { read_at_ms: row.parked_reading_at.getTime(), rule: row.parked_rule },
  };
}

function factsOf(
  who: AccountRow,
  billed: BilledRow,
  installations: readonly InstallationRow[],
): Omit<CycleFacts, "fac" | "balance" | "replaces"> {
  const { consumer_number: number, name, address, phone, email, language } = who;
  const { account_id: id, tariff_id, phase, municipal, sanctioned_load_w, contract_va } = who;
  const { status, opened_on, closed_on } = who;
  return {
    account: {
      ...{ id, tariff_id, phase, municipal, sanctioned_load_w, status, opened_on, closed_on },
      ...(contract_va === null ? {} : { contract_va }),
    },
    consumer: { number, name, address, phone, email, language },
    installations: unbilled(installations, billed),
    open_estimates: (billed.estimates ?? []).map(({ from_date, to_date, ...one }) => ({
      ...one,
      from: from_date,
      to: to_date,
    })),
    later_billed: billed.later_billed,
    earlier_draft: billed.earlier_draft,
    earlier_waiting: billed.earlier_waiting,
    history: (billed.history ?? []).reverse().map(([period, units_kwh, days, estimated]) => ({
      period,
      units_kwh,
      days,
      estimated,
    })),
  };
}

/** The installations whose use the last actual bill does not hold all of, oldest first. */
function unbilled(
  newest_first: readonly InstallationRow[],
  billed: BilledRow,
): InstallationFacts[] {
  const closed_ms = closedAt(billed);
  const open = newest_first.toReversed().filter((one) =>
    one.removed_at === null || one.removed_at.getTime() > closed_ms
  );
  const goes_on = billed.period === null
    ? undefined
    : open.find((one) =>
      billed.meter_id === null ||
      // Put up again since then, it begins at the reading noted as it came back.
      billed.meter_id === one.meter_id && one.installed_at.getTime() <= closed_ms
    );
  return open.map((one) => ({
    meter_id: one.meter_id,
    serial_number: one.serial_number,
    slave_id: one.slave_id,
    multiplying_factor: one.multiplying_factor,
    register_digits: one.register_digits,
    installed_at_ms: one.installed_at.getTime(),
    opening: one === goes_on ? closingOf(billed) : {
      read_at_ms: one.installed_at.getTime(),
      value_wh: one.opening_reading_wh,
      source: "installation",
    },
    removed: one.removed_at === null
      ? null
      : { at_ms: one.removed_at.getTime(), final_reading_wh: one.final_reading_wh },
  }));
}

/**
 * Where the last actual bill ended: the next one begins there. How that reading came is told as that
 * bill tells it; which rules it passed stands in that bill.
 */
function closingOf(billed: BilledRow): InstallationFacts["opening"] {
  const reading = { read_at_ms: closedAt(billed), value_wh: billed.closing_wh! };
  const { way, state } = billed;
  if (way === null) return { ...reading, source: state === "imported" ? "import" : "frame" };
  const { sealed_at_ms, arrived_at_ms } = way;
  const is_timed = sealed_at_ms !== null && arrived_at_ms !== null;
  return { ...reading, ...way, clock_offset_ms: is_timed ? sealed_at_ms - arrived_at_ms : null };
}

function closedAt({ period, closing_read_at, to_date }: BilledRow): number {
  if (period === null) return -Infinity;
  return closing_read_at?.getTime() ?? startOfIndianDate_ms(to_date!);
}
