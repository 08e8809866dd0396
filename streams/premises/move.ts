/** Customers come and go; the meter stays. */
import { periodOf } from "../../actors/billing/calendar.ts";
import { TerminalError } from "../../protocol/errors.ts";
import { indianDateOf, inIndia } from "../../protocol/indian_time.ts";
import { closeCommand } from "../billing/close_account.ts";
import { lockAccountsOfMeters } from "../billing/facts_rows.ts";
import { writeAudit } from "../database/audit.ts";
import {
  ensureAccount,
  ensureConsumer,
  type NewAccount,
  type NewConsumer,
} from "../database/consumers.ts";
import type { Kysely, Transaction } from "../database/kysely.ts";
import { findMeter } from "../database/meters.ts";
import { enqueue } from "../database/outbox.ts";
import type { Database } from "../database/schema.ts";
import {
  checkFinalReading,
  checkMoment,
  type Deed,
  type Installation,
  lastReading,
  liveInstallation,
  lockedAccount,
  takeDown,
} from "./standing.ts";

/** A reading of the meter itself closes an account that ends at most so long after it. */
const READING_AGE_MAX_MS = 48 * 3_600_000;

export interface MoveOut extends Deed {
  readonly account_id: string;
  readonly at_ms: number;
  /** As somebody read it then; null takes the meter's own last reading before. */
  readonly final_wh: number | null;
}

export interface MovedOut {
  readonly account_id: string;
  readonly closed_on: string;
  readonly final_wh: number;
  /** The month whose bill is the last one. */
  readonly period: string;
}

/**
 * One transaction: the account ends with its final reading, and its last bill is commanded. Throws
 * `TerminalError` where it is closed, has not exactly one meter, or is billed beyond that moment.
 */
export async function moveOut(db: Kysely<Database>, given: MoveOut): Promise<MovedOut> {
  const { account_id, now_ms, actor, reason } = given;
  return await db.transaction().execute(async (trx) => {
    const account = await lockedAccount(trx, account_id);
    if (account.status === "closed") throw new TerminalError(`Account ${account_id} is closed`);
    const standing = await trx.selectFrom("installation").selectAll()
      .where("account_id", "=", account_id).where("removed_at", "is", null).execute();
    const [installation] = standing;
    if (installation === undefined || standing.length > 1) {
      throw new TerminalError(
        `Account ${account_id} has ${standing.length} meters: one final reading closes one`,
      );
    }
    const { at_ms, final_wh } = await finalReading(trx, installation, given);
    await checkMoment(trx, installation, at_ms, now_ms);
    await checkFinalReading(trx, installation, at_ms, final_wh);
    await takeDown(trx, installation, at_ms, final_wh, now_ms);
    const closed_on = indianDateOf(at_ms);
    const period = periodOf(at_ms);
    await refuseBilled(trx, account_id, period);
    await trx.updateTable("account").set({ status: "closed", closed_on })
      .where("account_id", "=", account_id).execute();
    await enqueue(trx, {
      ...closeCommand(account_id, period, now_ms),
      message_id: `final-${account_id}-${now_ms}`,
    });
    await writeAudit(trx, {
      ...{ actor, action: "account.closed", subject: account_id },
      detail: { meter_id: installation.meter_id, at_ms, final_wh, reason },
    });
    return { account_id, closed_on, final_wh, period };
  });
}

/** The month's own bill, made before its end, leaves no place for one up to the final reading. */
async function refuseBilled(trx: Transaction<Database>, account_id: string, period: string) {
  const billed = await trx.selectFrom("billing_cycle").select("cycle_id")
    .where("account_id", "=", account_id).where("period", "=", period)
    .where("state", "in", ["issued", "imported"]).executeTakeFirst();
  if (billed === undefined) return;
  throw new TerminalError(
    `${period} has its bill already, and what was used since would never be billed: void it first`,
  );
}

async function finalReading(
  trx: Transaction<Database>,
  { meter_id, installed_at }: Installation,
  { at_ms, final_wh }: MoveOut,
): Promise<{ at_ms: number; final_wh: number }> {
  if (final_wh !== null) return { at_ms, final_wh };
  const oldest_ms = Math.max(installed_at.getTime() + 1, at_ms - READING_AGE_MAX_MS);
  const last = await lastReading(trx, meter_id, new Date(oldest_ms), at_ms);
  if (last === undefined) {
    throw new TerminalError(
      `No reading of meter ${meter_id} in the 48 hours before ${
        inIndia(at_ms)
      }: give the one that ` +
        "was noted, --reading KWH",
    );
  }
  return { at_ms: last.read_at.getTime(), final_wh: last.value };
}

export interface MoveIn extends Deed {
  readonly consumer: NewConsumer;
  readonly account: NewAccount;
  readonly meter_id: string;
  readonly at_ms: number;
  readonly start_wh: number;
  readonly multiplying_factor: number;
}

/**
 * One transaction: a new account from its start reading on, at a meter that is known and hangs nowhere
 * now. Returns the consumer for whom the meter was enrolled, whose number it may go on telling; null
 * where it is this one. Throws `TerminalError`.
 */
export async function moveIn(
  db: Kysely<Database>,
  given: MoveIn,
): Promise<{ enrolled_consumer: string | null }> {
  const { consumer, account, meter_id, at_ms, start_wh, multiplying_factor } = given;
  const { account_id } = account;
  if (at_ms > given.now_ms) throw new TerminalError(`${inIndia(at_ms)} lies ahead`);
  return await db.transaction().execute(async (trx) => {
    if (await findMeter(trx, meter_id) === undefined) {
      throw new TerminalError(`Meter ${meter_id} is not known: enrol it, samay meter enrol`);
    }
    const known = await trx.selectFrom("account").select("account_id")
      .where("account_id", "=", account_id).executeTakeFirst();
    if (known !== undefined) throw new TerminalError(`There is an account ${account_id} already`);
    // What one account ends with, the next one begins with.
    await lockAccountsOfMeters(trx, [meter_id]);
    const stands = await liveInstallation(trx, meter_id);
    if (stands !== undefined) {
      throw new TerminalError(
        `Meter ${meter_id} is that of account ${stands.account_id}: close that one first, ` +
          "samay account close",
      );
    }
    const last = await trx.selectFrom("installation").select(["removed_at", "final_reading_wh"])
      .where("meter_id", "=", meter_id).orderBy("removed_at", "desc").limit(1).executeTakeFirst();
    if (last !== undefined && last.removed_at!.getTime() > at_ms) {
      throw new TerminalError(
        `Meter ${meter_id} belonged to another account up to ${
          inIndia(last.removed_at!.getTime())
        }`,
      );
    }
    // What the one before was billed up to: less would bill it twice.
    if (last?.final_reading_wh !== undefined && (last.final_reading_wh ?? 0) > start_wh) {
      throw new TerminalError(
        `Meter ${meter_id} showed ${last.final_reading_wh! / 1000} kWh when the account before ` +
          `ended: ${start_wh / 1000} kWh would bill that use twice`,
      );
    }
    await ensureConsumer(trx, consumer);
    await ensureAccount(trx, account);
    await trx.insertInto("installation").values({
      ...{ account_id, meter_id, premises: consumer.address, removed_at: null },
      ...{ installed_at: new Date(at_ms), opening_reading_wh: start_wh, multiplying_factor },
    }).execute();
    await writeAudit(trx, {
      ...{ actor: given.actor, action: "account.opened", subject: account_id },
      detail: { meter_id, at_ms, start_wh, reason: given.reason },
    });
    const first = await trx.selectFrom("installation")
      .innerJoin("account", "account.account_id", "installation.account_id")
      .select("consumer_number").where("meter_id", "=", meter_id)
      .orderBy("installed_at").limit(1).executeTakeFirstOrThrow();
    const { consumer_number } = first;
    return {
      enrolled_consumer: consumer_number === consumer.consumer_number ? null : consumer_number,
    };
  });
}
