/** What stands at an account's premises, locked, and whether it may change at a moment. */
import { TerminalError } from "../../protocol/errors.ts";
import { inIndia } from "../../protocol/indian_time.ts";
import { isDated } from "../billing/candidate.ts";
import { lockAccounts } from "../billing/facts_rows.ts";
import type { Selectable, Transaction } from "../database/kysely.ts";
import { ENERGY } from "../database/readings.ts";
import type { Database, InstallationTable } from "../database/schema.ts";
import { lookAgain } from "../validation/decisions.ts";

export type Installation = Selectable<InstallationTable>;

/** Who changes it, and why: kept in the audit. */
export interface Deed {
  readonly actor: string;
  readonly reason: string;
  readonly now_ms: number;
}

/** Locks the account, as a step of its cycle does. Throws `TerminalError` for one that is not known. */
export async function lockedAccount(trx: Transaction<Database>, account_id: string) {
  await lockAccounts(trx, [account_id]);
  const account = await trx.selectFrom("account").selectAll().where("account_id", "=", account_id)
    .executeTakeFirst();
  if (account === undefined) throw new TerminalError(`There is no account ${account_id}`);
  return account;
}

/** Where `meter_id` hangs now, or undefined. */
export async function liveInstallation(
  trx: Transaction<Database>,
  meter_id: string,
): Promise<Installation | undefined> {
  return await trx.selectFrom("installation").selectAll()
    .where("meter_id", "=", meter_id).where("removed_at", "is", null).executeTakeFirst();
}

/**
 * Throws `TerminalError` where `at_ms` cannot be when the meter of `installation` was taken down: it
 * lies ahead, before the meter was put up, or within what is billed already.
 */
export async function checkMoment(
  trx: Transaction<Database>,
  installation: Installation,
  at_ms: number,
  now_ms: number,
): Promise<void> {
  const { account_id, meter_id, installed_at } = installation;
  if (at_ms > now_ms) {
    throw new TerminalError(`${inIndia(at_ms)} lies ahead: note it when it is done`);
  }
  if (at_ms <= installed_at.getTime()) {
    throw new TerminalError(
      `Meter ${meter_id} was put up at ${inIndia(installed_at.getTime())}, after ${inIndia(at_ms)}`,
    );
  }
  const billed = await trx.selectFrom("billing_cycle").select(["period", "closing_read_at"])
    .where("account_id", "=", account_id).where("state", "in", ["issued", "imported"])
    .where("closing_read_at", ">=", new Date(at_ms))
    .orderBy("period").limit(1).executeTakeFirst();
  if (billed !== undefined) {
    throw new TerminalError(
      `${billed.period} is billed up to ${inIndia(billed.closing_read_at!.getTime())}, after ${
        inIndia(at_ms)
      }: void that bill first`,
    );
  }
}

/**
 * Throws `TerminalError` where the meter itself told more than `final_wh` before it was taken down:
 * one of the two is wrong, and billing either would be a guess.
 */
export async function checkFinalReading(
  trx: Transaction<Database>,
  { meter_id, installed_at, opening_reading_wh }: Installation,
  at_ms: number,
  final_wh: number,
): Promise<void> {
  const last = await lastReading(trx, meter_id, installed_at, at_ms);
  const [shown_wh, when] = last === undefined
    ? [opening_reading_wh, installed_at]
    : [last.value, last.read_at];
  if (final_wh >= shown_wh) return;
  throw new TerminalError(
    `The final reading ${final_wh / 1000} kWh of meter ${meter_id} is less than the ${
      shown_wh / 1000
    } kWh that it showed at ${inIndia(when.getTime())}: look at both again`,
  );
}

/** The last reading from `from` up to `at_ms` that may be billed, as it was measured or decided. */
export async function lastReading(
  trx: Transaction<Database>,
  meter_id: string,
  from: Date,
  at_ms: number,
): Promise<{ value: number; read_at: Date } | undefined> {
  const found = await trx.selectFrom("validated_reading").select(["value", "read_at"])
    .where("meter_id", "=", meter_id).where("obis", "=", ENERGY).where("usable", "=", true)
    .where(isDated("flags")).where("read_at", ">=", from).where("read_at", "<=", new Date(at_ms))
    .orderBy("read_at", "desc").limit(1).executeTakeFirst();
  return found && { value: found.value!, read_at: found.read_at };
}

/**
 * The meter is down: its use up to then is the account's, and nothing after. A bill that is not out yet
 * was made without that, and is made anew.
 */
export async function takeDown(
  trx: Transaction<Database>,
  { installation_id, meter_id, account_id }: Installation,
  at_ms: number,
  final_wh: number,
  now_ms: number,
): Promise<void> {
  await lookAgain(trx, { meter_ids: [meter_id], account_id }, now_ms, "all");
  await trx.updateTable("installation")
    .set({ removed_at: new Date(at_ms), final_reading_wh: final_wh })
    .where("installation_id", "=", installation_id).execute();
}
