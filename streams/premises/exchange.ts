/** A meter is exchanged: the final reading of the old one, the start reading of the new one. */
import { TerminalError } from "../../protocol/errors.ts";
import { writeAudit } from "../database/audit.ts";
import type { Kysely, Transaction } from "../database/kysely.ts";
import { findMeter } from "../database/meters.ts";
import type { Database } from "../database/schema.ts";
import {
  checkFinalReading,
  checkMoment,
  type Deed,
  type Installation,
  liveInstallation,
  lockedAccount,
  takeDown,
} from "./standing.ts";

export interface Exchange extends Deed {
  readonly old_meter_id: string;
  readonly new_meter_id: string;
  readonly at_ms: number;
  readonly final_wh: number;
  readonly start_wh: number;
  /** That of the old installation where it is not given. */
  readonly multiplying_factor?: number | undefined;
}

/**
 * One transaction: the old meter is down with its final reading, the new one stands from the same
 * moment, waiting cycles look to it, and the audit says who and why. The new meter is one that is
 * known and hangs nowhere, or was enrolled for this very account. Throws `TerminalError`.
 */
export async function exchangeMeter(
  db: Kysely<Database>,
  given: Exchange,
): Promise<{ account_id: string }> {
  const { old_meter_id, new_meter_id, at_ms, final_wh, now_ms } = given;
  if (old_meter_id === new_meter_id) throw new TerminalError("An exchange is of two meters");
  return await db.transaction().execute(async (trx) => {
    const found = await liveInstallation(trx, old_meter_id);
    if (found === undefined) throw new TerminalError(`Meter ${old_meter_id} hangs nowhere`);
    const { account_id } = found;
    await lockedAccount(trx, account_id);
    // Read again under the lock: another operator may have been faster.
    const old = await liveInstallation(trx, old_meter_id);
    if (old === undefined || old.account_id !== account_id) {
      throw new TerminalError(`Meter ${old_meter_id} was taken down meanwhile`);
    }
    await checkMoment(trx, old, at_ms, now_ms);
    await checkFinalReading(trx, old, at_ms, final_wh);
    await takeDown(trx, old, at_ms, final_wh, now_ms);
    await putUp(trx, old, given);
    // A month that is waiting is closed by the meter that hangs there now.
    await trx.updateTable("billing_cycle").set({ meter_id: new_meter_id })
      .where("account_id", "=", account_id).where("state", "=", "awaiting_reading")
      .where("meter_id", "=", old_meter_id).execute();
    const { actor, reason, start_wh } = given;
    for (const subject of [old_meter_id, new_meter_id]) {
      await writeAudit(trx, {
        ...{ actor, action: "meter.exchanged", subject },
        detail: { account_id, old_meter_id, new_meter_id, at_ms, final_wh, start_wh, reason },
      });
    }
    return { account_id };
  });
}

async function putUp(
  trx: Transaction<Database>,
  old: Installation,
  { new_meter_id, at_ms, start_wh, multiplying_factor = old.multiplying_factor }: Exchange,
): Promise<void> {
  if (await findMeter(trx, new_meter_id) === undefined) {
    throw new TerminalError(
      `Meter ${new_meter_id} is not known: enrol it for account ${old.account_id} first, ` +
        "samay meter enrol",
    );
  }
  const stands = await liveInstallation(trx, new_meter_id);
  const values = {
    installed_at: new Date(at_ms),
    multiplying_factor,
    opening_reading_wh: start_wh,
  };
  if (stands === undefined) {
    const { account_id, premises } = old;
    await trx.insertInto("installation")
      .values({ account_id, meter_id: new_meter_id, premises, removed_at: null, ...values })
      .execute();
  } else if (stands.account_id === old.account_id) {
    // Enrolled for the exchange: now it is known when it was put up, and what it showed.
    await trx.updateTable("installation").set(values)
      .where("installation_id", "=", stands.installation_id).execute();
  } else {
    throw new TerminalError(`Meter ${new_meter_id} hangs at account ${stands.account_id}`);
  }
}
