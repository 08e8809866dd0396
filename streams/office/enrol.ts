/** `meter-enrol`: makes a meter known to the database and to the masters, and gives its key. */
import { utf8 } from "../../protocol/bytes.ts";
import { TerminalError } from "../../protocol/errors.ts";
import {
  type Enrolment,
  type SlaveKeyFile,
  SUITE_USUAL,
} from "../../protocol/messages/enrolment.ts";
import { writeAudit } from "../database/audit.ts";
import { refuseDifferences } from "../database/consumers.ts";
import { enrolMeter } from "../database/meters.ts";
import type { Bucket } from "../jetstream/broker.ts";
import { billsNobodyYet, enrolInput, type Enrolling, rowsOfEnrolment } from "./enrol_input.ts";
import { ENROLMENTS, findEntry, freshKey, keyFileOf, requireKek } from "./meter_entry.ts";
import { cycleRulesOf, type OfficeContext, verb } from "./office.ts";

export { ENROLMENTS } from "./meter_entry.ts";

/** It always goes by hand. */
const FIRST = { generation: 0, by_hand: false };

export interface Enrolled {
  /** False where everything stood already: the same key is given again. */
  readonly created: boolean;
  readonly account_id: string;
  /** Why its tariff bills nobody yet; null where it bills. */
  readonly bills_nobody: string | null;
  readonly key_file: SlaveKeyFile;
}

export const meterEnrol = verb(enrolInput, enrol);

/**
 * Enrols a meter: rows first, in one transaction, then the entry that masters watch. Whatever breaks
 * off in between, the same enrolment again completes it and gives the same key. Throws
 * `TerminalError` where something else stands under a name that is used.
 */
export async function enrol(given: Enrolling, context: OfficeContext): Promise<Enrolled> {
  const { db, broker, now_ms } = context;
  const kek = requireKek(context);
  const bucket = await broker.bucket(ENROLMENTS);
  const standing = await standingEnrolment(bucket, given);
  const rows = rowsOfEnrolment(given, now_ms(), cycleRulesOf(context).tariffs);
  const alias = standing === undefined ? {} : { alias: standing.alias };
  const written = await db.transaction().execute(async (trx) => {
    const result = await enrolMeter(trx, { ...rows, meter: { ...rows.meter, ...alias } });
    await writeAudit(trx, {
      actor: "operator",
      action: result.created ? "meter.enrolled" : "meter.enrolment-repeated",
      subject: given.meter_id,
      detail: { account_id: rows.account.account_id, slave_id: given.slave_id },
    });
    return result;
  });
  const entry = standing ?? await writeEnrolment(bucket, given, written.alias, kek, now_ms());
  return {
    created: written.created || standing === undefined,
    account_id: rows.account.account_id,
    bills_nobody: billsNobodyYet(given.tariff_id, cycleRulesOf(context).tariffs, now_ms()),
    key_file: keyFileOf(entry, kek, now_ms()),
  };
}

/** What an entry says of a meter, beside its keys. */
export type EntryGiven = Pick<Enrolling, "meter_id" | "slave_id" | "consumer_number" | "suite">;

/**
 * The entry that masters know, made with a first key where there is none. Throws `TerminalError` where
 * it says something else, or has another alias than the meter's row.
 */
export async function ensureEntry(
  bucket: Bucket,
  given: EntryGiven,
  alias: number,
  kek: Uint8Array,
  now_ms: number,
): Promise<Enrolment> {
  const standing = await standingEnrolment(bucket, given);
  if (standing === undefined) return await writeEnrolment(bucket, given, alias, kek, now_ms);
  refuseDifferences(`Enrolment of meter ${given.meter_id}`, standing, { alias });
  return standing;
}

/** The entry that masters know, if there is one, and it is the same meter at the same place. */
async function standingEnrolment(
  bucket: Bucket,
  given: EntryGiven,
): Promise<Enrolment | undefined> {
  const entry = (await findEntry(bucket, given.meter_id))?.entry;
  if (entry === undefined) return undefined;
  const what = `Enrolment of meter ${given.meter_id}`;
  const { slave_id, consumer_number, suite } = given;
  refuseDifferences(what, entry, { slave_id, consumer_number });
  if (suite !== undefined) refuseDifferences(what, { suite: SUITE_USUAL, ...entry }, { suite });
  return entry;
}

async function writeEnrolment(
  bucket: Bucket,
  given: EntryGiven,
  alias: number,
  kek: Uint8Array,
  now_ms: number,
): Promise<Enrolment> {
  const { meter_id, slave_id, consumer_number } = given;
  const entry: Enrolment = {
    ...(given.suite === undefined ? {} : { suite: given.suite }),
    ...{ meter_id, alias, slave_id, consumer_number, enrolled_at_ms: now_ms },
    keys: [freshKey(kek, meter_id, FIRST, now_ms)],
  };
  if (await bucket.create(meter_id, utf8(JSON.stringify(entry))) !== undefined) return entry;
  // Somebody enrolled it at the same moment: theirs is the one that masters have seen.
  const theirs = await standingEnrolment(bucket, given);
  if (theirs?.alias === alias) return theirs;
  throw new TerminalError(`Meter ${meter_id} was enrolled otherwise meanwhile: try again`);
}
