/** Loads what a billing cycle must know, inside the transaction of its step. */
import type { CycleFacts } from "../../actors/billing/facts.ts";
import { startOfIndianDate_ms } from "../../protocol/indian_time.ts";
import type { Cycle } from "../../actors/billing/cycle.ts";
import { TerminalError } from "../../protocol/errors.ts";
import { type Kysely, sql } from "../database/kysely.ts";
import { ENERGY } from "../database/readings.ts";
import type { Database } from "../database/schema.ts";

/** Cycles of an account that are looked at: three years hold history, opening and what follows. */
const CYCLES_MAX = 36;
const HISTORY_MAX = 12;

/**
 * Locks the account until the transaction ends, so that of several steps for it, on any machines,
 * one runs at a time. Throws `TerminalError` for an account that is not known.
 */
export async function lockAccount(trx: Kysely<Database>, account_id: string): Promise<void> {
  const locked = await trx.selectFrom("account").select("account_id")
    .where("account_id", "=", account_id).forUpdate().executeTakeFirst();
  if (locked === undefined) throw new TerminalError(`There is no account ${account_id}`);
}

/** The latest cycle of an account and period, and its row; state `none` where there is no row. */
export async function loadCycle(
  db: Kysely<Database>,
  account_id: string,
  period: string,
): Promise<{ cycle: Cycle; cycle_id: number | null; meter_id: string | null }> {
  const row = await db.selectFrom("billing_cycle")
    .select(["cycle_id", "state", "reason", "requested_at", "meter_id"])
    .where("account_id", "=", account_id).where("period", "=", period)
    .orderBy("cycle_id", "desc").limit(1).executeTakeFirst();
  const cycle: Cycle = {
    account_id,
    period,
    state: row?.state ?? "none",
    reason: row?.reason ?? null,
    requested_at_ms: row?.requested_at?.getTime() ?? null,
  };
  return { cycle, cycle_id: row?.cycle_id ?? null, meter_id: row?.meter_id ?? null };
}

/** Everything a step of this account's cycle decides upon. Throws `TerminalError` for no account. */
export async function loadFacts(
  db: Kysely<Database>,
  account_id: string,
  period: string,
): Promise<CycleFacts> {
  const who = await db.selectFrom("account").innerJoin(
    "consumer",
    (join) => join.onRef("consumer.consumer_number", "=", "account.consumer_number"),
  )
    .selectAll().where("account_id", "=", account_id).executeTakeFirst();
  if (who === undefined) throw new TerminalError(`There is no account ${account_id}`);
  const billed = await billedCycles(db, account_id);
  const installations = await installationsOf(db, account_id);
  const meter = installations.find((one) => one.removed_at === null) ?? null;
  const before = billed.filter((cycle) => cycle.period < period);
  const opening = before.find((cycle) => cycle.closing_wh !== null);
  const { consumer_number: number, name, address, phone, email, language } = who;
  const { tariff_id, phase, municipal, sanctioned_load_w, status, opened_on } = who;
  return {
    account: {
      id: account_id,
      tariff_id,
      phase,
      municipal,
      sanctioned_load_w,
      status,
      opened_on,
    },
    consumer: { number, name, address, phone, email, language },
    meter: meter === null ? null : {
      meter_id: meter.meter_id,
      serial_number: meter.serial_number,
      slave_id: meter.slave_id,
      multiplying_factor: meter.multiplying_factor,
    },
    opening: openingOf(opening, meter),
    other_meter_id: otherMeter(opening, meter, installations),
    later_billed: billed.findLast((cycle) => cycle.period > period)?.period ?? null,
    history: before.filter((cycle) => cycle.units_kwh !== null).slice(0, HISTORY_MAX).reverse()
      .map((cycle) => ({ period: cycle.period, units_kwh: cycle.units_kwh! })),
  };
}

type Billed = Awaited<ReturnType<typeof billedCycles>>[number];
type Installed = Awaited<ReturnType<typeof installationsOf>>[number];

/** Billed and imported cycles, newest first. */
async function billedCycles(db: Kysely<Database>, account_id: string) {
  return await db.selectFrom("billing_cycle as cycle")
    .select(["period", "state", "meter_id", "to_date", "closing_wh", "closing_read_at"])
    .select("units_kwh")
    .select((of) =>
      of.selectFrom("raw_reading as reading").select("source")
        .whereRef("reading.meter_id", "=", "cycle.meter_id")
        .whereRef("reading.read_at", "=", "cycle.closing_read_at")
        .where("reading.obis", "=", ENERGY).as("source")
    )
    .where("account_id", "=", account_id).where("state", "in", ["issued", "imported"])
    .orderBy("period", "desc").limit(CYCLES_MAX).execute();
}

async function installationsOf(db: Kysely<Database>, account_id: string) {
  return await db.selectFrom("installation")
    .innerJoin("meter", "meter.meter_id", "installation.meter_id")
    .select(["meter.meter_id", "serial_number", "slave_id", "multiplying_factor"])
    .select(["installed_at", "removed_at", "opening_reading_wh"])
    .where("account_id", "=", account_id)
    .orderBy(sql`installed_at`, "desc").limit(CYCLES_MAX).execute();
}

function openingOf(billed: Billed | undefined, meter: Installed | null): CycleFacts["opening"] {
  if (billed !== undefined && billed.closing_wh !== null) {
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
  billed: Billed | undefined,
  meter: Installed | null,
  installations: readonly Installed[],
): string | null {
  if (meter === null) return null;
  if (billed !== undefined && billed.meter_id !== null && billed.meter_id !== meter.meter_id) {
    return billed.meter_id;
  }
  const others = installations.filter((one) => one.meter_id !== meter.meter_id);
  // A meter that was taken down before the last bill is in that bill.
  const unbilled = others.find((one) => one.removed_at === null || billed === undefined);
  return unbilled?.meter_id ?? null;
}
