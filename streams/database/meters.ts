/** Meters and where they hang. */
import { TerminalError } from "../../protocol/errors.ts";
import {
  ensureAccount,
  ensureConsumer,
  type NewAccount,
  type NewConsumer,
  refuseDifferences,
} from "./consumers.ts";
import { isUniqueViolation } from "./faults.ts";
import { type Kysely, type Selectable, sql, type Transaction } from "./kysely.ts";
import type { Database, InstallationTable, MeterTable } from "./schema.ts";

export type Meter = Selectable<MeterTable>;
export type Installation = Selectable<InstallationTable>;

/** Everything that makes a meter billable. */
export interface NewMeter {
  readonly consumer: NewConsumer;
  readonly account: NewAccount;
  readonly meter: {
    readonly meter_id: string;
    readonly serial_number: string;
    readonly slave_id: string;
    /** Given where the meter has one already; else the next free one is taken. */
    readonly alias?: number;
    /** Digits before the point of the register, where somebody has told them. */
    readonly register_digits?: number;
  };
  readonly installation: {
    readonly premises: string;
    readonly installed_at: Date;
    readonly multiplying_factor: number;
    readonly opening_reading_wh: number;
  };
}

/**
 * Writes the rows of a meter and returns its alias. The same again changes nothing, so an enrolment
 * that broke off can be repeated. Throws `TerminalError` where anything stands that differs.
 */
export async function enrolMeter(
  trx: Transaction<Database>,
  given: NewMeter,
): Promise<{ alias: number; created: boolean }> {
  await ensureConsumer(trx, given.consumer);
  await ensureAccount(trx, given.account);
  const { alias, created } = await ensureMeter(trx, given.meter);
  await ensureInstallation(trx, given);
  return { alias, created };
}

async function ensureMeter(
  trx: Transaction<Database>,
  given: NewMeter["meter"],
): Promise<{ alias: number; created: boolean }> {
  // One at a time: the next free alias is a question about every row.
  await sql`select pg_advisory_xact_lock(hashtext('samay meter alias'))`.execute(trx);
  const known = await findMeter(trx, given.meter_id);
  if (known !== undefined) {
    const { register_digits, ...rest } = given;
    // Digits that were not known may be told now: that completes the meter and changes nothing.
    const completes = known.register_digits === null && register_digits !== undefined;
    refuseDifferences(`Meter ${given.meter_id}`, known, completes ? rest : given);
    if (completes) {
      await trx.updateTable("meter").set({ register_digits })
        .where("meter_id", "=", given.meter_id).execute();
    }
    return { alias: known.alias, created: false };
  }
  const alias = given.alias ?? await nextAlias(trx);
  try {
    await trx.insertInto("meter").values({ ...given, alias }).execute();
  } catch (error) {
    if (!isUniqueViolation(error, "meter_alias_key")) throw error;
    throw new TerminalError(
      `Alias ${alias} of meter ${given.meter_id} belongs to another meter in the database`,
    );
  }
  return { alias, created: true };
}

async function nextAlias(trx: Transaction<Database>): Promise<number> {
  const { rows } = await sql<{ alias: number }>`
    select coalesce(max(alias), 0) + 1 as alias from meter`.execute(trx);
  return rows[0]!.alias;
}

async function ensureInstallation(trx: Transaction<Database>, given: NewMeter): Promise<void> {
  const { meter_id } = given.meter;
  const { account_id } = given.account;
  const { installed_at, ...installation } = given.installation;
  const known = await trx.selectFrom("installation").selectAll()
    .where("meter_id", "=", meter_id).where("removed_at", "is", null).executeTakeFirst();
  if (known !== undefined) {
    const what = `Installation of meter ${meter_id}`;
    return refuseDifferences(what, known, { account_id, ...installation });
  }
  await trx.insertInto("installation")
    .values({ account_id, meter_id, installed_at, removed_at: null, ...installation }).execute();
}

export async function findMeter(
  db: Kysely<Database>,
  meter_id: string,
): Promise<Meter | undefined> {
  return await db.selectFrom("meter").selectAll().where("meter_id", "=", meter_id)
    .executeTakeFirst();
}

/** The installations of a meter, the one that stands first. */
export async function installationsOf(
  db: Kysely<Database>,
  meter_id: string,
): Promise<Installation[]> {
  return await db.selectFrom("installation").selectAll().where("meter_id", "=", meter_id)
    .orderBy(sql`removed_at desc nulls first`).orderBy("installed_at", "desc").execute();
}
