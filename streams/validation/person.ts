/** What a person decides about a reading: one transaction with its audit, and what follows from it. */
import { inIndia } from "../../protocol/indian_time.ts";
import { TerminalError } from "../../protocol/errors.ts";
import { lockAccountsOfMeters } from "../billing/facts_rows.ts";
import { writeAudit } from "../database/audit.ts";
import type { Kysely, Transaction } from "../database/kysely.ts";
import { findMeter } from "../database/meters.ts";
import { ENERGY } from "../database/readings.ts";
import type { Database, ReadingQuality } from "../database/schema.ts";
import { lockDecisions, lookAgain, PERSON } from "./decisions.ts";

export type Deed = "approve" | "edit" | "substitute" | "reject";

export interface PersonsDecision {
  readonly meter_id: string;
  /** A moment, or the whole second that it begins. */
  readonly read_at_ms: number;
  readonly deed: Deed;
  /** Of `edit` and `substitute`. */
  readonly value_wh: number | null;
  readonly reason: string;
  readonly actor: string;
}

export interface Decided {
  readonly meter_id: string;
  readonly read_at: Date;
  readonly value_wh: number | null;
  /** What billing would have used before, null where it would have used nothing. */
  readonly before_wh: number | null;
  /** Cycles that look for their reading again. */
  readonly requeued: readonly { readonly account_id: string; readonly period: string }[];
}

/** In the audit trail: the reading's meter and moment. */
export function readingSubject(meter_id: string, read_at: Date): string {
  return `reading ${meter_id} ${read_at.toISOString()}`;
}

const QUALITY: Readonly<Record<Deed, ReadingQuality>> = {
  approve: "measured",
  edit: "edited",
  substitute: "substituted",
  reject: "measured",
};
/** What a deed is called, in decisions and in the audit trail. */
export const WORDS: Readonly<Record<Deed, string>> = {
  approve: "approved",
  edit: "edited",
  substitute: "put where there is no reading",
  reject: "rejected",
};
const SECOND_MS = 1_000;

/** Writes what a person decided. Throws `TerminalError` that says why it cannot be; then nothing is. */
export async function decideByPerson(
  db: Kysely<Database>,
  given: PersonsDecision,
  now_ms: number,
): Promise<Decided> {
  return await db.transaction().execute(async (trx) => {
    // Before the decisions: billing locks in this order too.
    await lockAccountsOfMeters(trx, [given.meter_id]);
    await lockDecisions(trx, [given.meter_id]);
    const stands = await findReading(trx, given.meter_id, given.read_at_ms);
    const value = await valueOf(trx, given, stands, now_ms);
    const read_at = stands?.read_at ?? new Date(given.read_at_ms);
    if (given.deed !== "approve") await refuseBilled(trx, given.meter_id, read_at);
    await trx.insertInto("reading_decision").values({
      meter_id: given.meter_id,
      obis: ENERGY,
      read_at,
      status: given.deed === "reject" ? "rejected" : "accepted",
      quality: QUALITY[given.deed],
      value,
      rule: PERSON,
      detail: WORDS[given.deed],
      decided_by: given.actor,
      reason: given.reason,
    }).execute();
    const requeued = await lookAgain(trx, { meter_ids: [given.meter_id] }, now_ms, "measured");
    const before_wh = stands?.usable === true ? stands.value : null;
    await writeAudit(trx, {
      actor: given.actor,
      action: `reading.${WORDS[given.deed].split(" ")[0]}`,
      subject: readingSubject(given.meter_id, read_at),
      detail: { reason: given.reason, value_wh: value, before_wh, requeued },
    });
    return { meter_id: given.meter_id, read_at, value_wh: value, before_wh, requeued };
  });
}

/** The reading of that moment, or the only one of the second that begins then. */
export async function findReading(db: Kysely<Database>, meter_id: string, read_at_ms: number) {
  const rows = await db.selectFrom("validated_reading").selectAll()
    .where("meter_id", "=", meter_id).where("obis", "=", ENERGY)
    .where("read_at", ">=", new Date(read_at_ms))
    .where("read_at", "<", new Date(read_at_ms + SECOND_MS)).orderBy("read_at").limit(2).execute();
  const exact = rows.find((row) => row.read_at.getTime() === read_at_ms);
  if (exact !== undefined) return exact;
  if (rows.length > 1) {
    throw new TerminalError(
      `Meter ${meter_id} has several readings in that second: name one to the millisecond, ` +
        `${rows[0]!.read_at.toISOString()} for the first`,
    );
  }
  return rows[0];
}

type Reading = NonNullable<Awaited<ReturnType<typeof findReading>>>;

async function valueOf(
  trx: Transaction<Database>,
  { meter_id, read_at_ms, deed, value_wh }: PersonsDecision,
  stands: Reading | undefined,
  now_ms: number,
): Promise<number | null> {
  const which = `meter ${meter_id} at ${inIndia(read_at_ms)}`;
  if (deed === "substitute") {
    if (stands !== undefined && stands.raw_value !== null) {
      throw new TerminalError(`There is a reading of ${which}: edit it instead`);
    }
    if (await findMeter(trx, meter_id) === undefined) {
      throw new TerminalError(`There is no meter ${meter_id}`);
    }
    if (read_at_ms > now_ms) throw new TerminalError(`${inIndia(read_at_ms)} is still to come`);
    return value_wh!;
  }
  if (stands === undefined) {
    throw new TerminalError(
      `There is no reading of ${which}: samay reading list --meter ${meter_id} shows those that ` +
        "something was decided about",
    );
  }
  if (deed === "edit") return value_wh!;
  if (deed === "reject") return null;
  if (stands.rule === null) {
    throw new TerminalError(`The reading of ${which} is not in quarantine: it is used as it is`);
  }
  return stands.raw_value ?? stands.value!;
}

/** What a bill was made of does not change under it. */
async function refuseBilled(
  trx: Transaction<Database>,
  meter_id: string,
  read_at: Date,
): Promise<void> {
  const billed = await trx.selectFrom("billing_cycle").select(["account_id", "period"])
    .where("meter_id", "=", meter_id).where("closing_read_at", "=", read_at)
    .where("state", "=", "issued").executeTakeFirst();
  if (billed === undefined) return;
  throw new TerminalError(
    `The bill of ${billed.account_id} for ${billed.period} ends with this reading: void it first`,
  );
}
