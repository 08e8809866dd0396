/** What billing cycles must know: loaded for many accounts at once, inside the step's transaction. */
import type { Cycle } from "../../actors/billing/cycle.ts";
import type { CycleFacts } from "../../actors/billing/facts.ts";
import { TerminalError } from "../../protocol/errors.ts";
import { startOfIndianDate_ms } from "../../protocol/indian_time.ts";
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
} from "./facts_rows.ts";

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
  const installed = Map.groupBy(await installationRows(db, ids), (row) => row.account_id);
  return keys.map((key) => {
    const account = accounts.get(key.account_id);
    if (account === undefined) throw unknown(key.account_id);
    const row = cycles.get(key.account_id);
    return {
      key,
      cycle: cycleOf(key, row),
      cycle_id: row?.cycle_id ?? null,
      facts: factsOf(account, billed.get(key.account_id)!, installed.get(key.account_id) ?? []),
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
  return {
    account_id,
    period,
    state: row?.state ?? "none",
    reason: row?.reason ?? null,
    requested_at_ms: row?.requested_at?.getTime() ?? null,
  };
}

function factsOf(
  who: AccountRow,
  billed: BilledRow,
  installations: readonly InstallationRow[],
): CycleFacts {
  const { consumer_number: number, name, address, phone, email, language } = who;
  const { account_id: id, tariff_id, phase, municipal, sanctioned_load_w, status, opened_on } = who;
  const meter = installations.find((one) => one.removed_at === null) ?? null;
  return {
    account: { id, tariff_id, phase, municipal, sanctioned_load_w, status, opened_on },
    consumer: { number, name, address, phone, email, language },
    meter: meter === null ? null : {
      meter_id: meter.meter_id,
      serial_number: meter.serial_number,
      slave_id: meter.slave_id,
      multiplying_factor: meter.multiplying_factor,
    },
    opening: openingOf(billed, meter),
    other_meter_id: otherMeter(billed, meter, installations),
    later_billed: billed.later_billed,
    history: (billed.history ?? []).reverse().map(([period, units_kwh]) => ({ period, units_kwh })),
  };
}

function openingOf(billed: BilledRow, meter: InstallationRow | null): CycleFacts["opening"] {
  if (billed.closing_wh !== null) {
    const read_at_ms = billed.closing_read_at?.getTime() ?? startOfIndianDate_ms(billed.to_date!);
    const source = billed.source ?? (billed.state === "imported" ? "import" : "frame");
    return { read_at_ms, value_wh: billed.closing_wh, source };
  }
  if (meter === null) return null;
  return {
    read_at_ms: meter.installed_at.getTime(),
    value_wh: meter.opening_reading_wh,
    source: "installation",
  };
}

/** Another meter whose use nobody has billed: it must not be lost, and it cannot be guessed. */
function otherMeter(
  billed: BilledRow,
  meter: InstallationRow | null,
  installations: readonly InstallationRow[],
): string | null {
  if (meter === null) return null;
  if (billed.meter_id !== null && billed.meter_id !== meter.meter_id) return billed.meter_id;
  const others = installations.filter((one) => one.meter_id !== meter.meter_id);
  // A meter that was taken down before the last bill is in that bill.
  const unbilled = others.find((one) => one.removed_at === null || billed.period === null);
  return unbilled?.meter_id ?? null;
}
