/** `meter-read-now`: asks a meter in the field, and waits until its reading stands in the database. */
import { utf8 } from "../../protocol/bytes.ts";
import { RetryableError } from "../../protocol/errors.ts";
import type { Command } from "../../protocol/messages/command.ts";
import { id, REGISTERS_MAX } from "../../protocol/messages/common.ts";
import { z } from "../../protocol/schema.ts";
import { subjects } from "../../protocol/subjects.ts";
import { ledgerCursor } from "../database/ledger.ts";
import { findMeter } from "../database/meters.ts";
import { latestReading, newReadings, type RawReading } from "../database/readings.ts";
import { rejectIn } from "./frame_decision.ts";
import { unknownMeter } from "./meters.ts";
import { type OfficeContext, verb } from "./office.ts";
import { slaveWords } from "./slave_words.ts";

const WAIT_S = 30;
export const WAIT_S_MAX = 120;
const LOOK_EVERY_MS = 200;
/** A slave's clock may lie this far behind ours; older readings are not the answer. */
const CLOCK_TOLERANCE_MS = 10_000;

/** Refused frames that are looked through for those of one request. */
const REJECTS_MAX = 100;

export interface ReadNow {
  readonly request_id: string;
  readonly readings: readonly RawReading[];
  /** Whose time the slave keeps, in words; null before its first report. */
  readonly slave_time: string | null;
}

export const meterReadNow = verb(
  z.object({ meter_id: id, wait_s: z.number().positive().max(WAIT_S_MAX).default(WAIT_S) }),
  async ({ meter_id, wait_s }, context): Promise<ReadNow> => {
    const meter = await findMeter(context.db, meter_id);
    if (meter === undefined) throw unknownMeter(meter_id);
    // What the ledger has by now is no answer to what is asked after this.
    const afterSequence = await ledgerCursor(context.db);
    const requested_at_ms = context.now_ms();
    const expires_at_ms = requested_at_ms + Math.ceil(wait_s * 1_000);
    const request_id = crypto.randomUUID();
    const command: Command = {
      ...{ command: "read-now", request_id, meter_id, requested_at_ms, expires_at_ms },
    };
    const asked = await context.broker.publish(
      subjects.command(meter.slave_id),
      utf8(JSON.stringify(command)),
      { messageId: request_id },
    );
    const notBefore = new Date(requested_at_ms - CLOCK_TOLERANCE_MS);
    const readings = await waitForReading(context, {
      ...{ meter_id, afterSequence, notBefore, limit: REGISTERS_MAX },
      wait_ms: wait_s * 1_000,
    });
    if (readings.length > 0) {
      const { time: slave_time } = await wordsOf(context, meter.slave_id, meter_id);
      return { request_id, readings, slave_time };
    }
    const refused = await refusedSince(context, meter_id, asked.sequence, requested_at_ms);
    const why = await whySilent(context, meter.slave_id, meter_id);
    throw new RetryableError(
      `Meter ${meter_id} gave no reading within ${wait_s} s. ${refused}${why}`,
    );
  },
);

/** The frames that came after the request and were refused, in words; empty without any. */
async function refusedSince(
  { broker }: OfficeContext,
  meter_id: string,
  command_sequence: number,
  requested_at_ms: number,
): Promise<string> {
  // By the clock that stamps the events too.
  const command = await broker.stored("COMMANDS", command_sequence);
  const events = await broker.storedSince({
    stream: "EVENTS",
    subject: `samay.event.warning.*.${meter_id}`,
    since_ms: command.found ? command.arrival_ms : requested_at_ms,
    limit: REJECTS_MAX,
  });
  const rejects = events.flatMap(({ payload }) => rejectIn(payload) ?? []);
  const last = rejects.at(-1);
  if (last === undefined) return "";
  const others = rejects.length > 1 ? `, the last of ${rejects.length} since` : "";
  return `Its frame ${last.frame} was refused as ${last.reason}${others}: see samay frame explain ` +
    `${last.frame}. `;
}

/** What the head-end knows of it: the slave's last report. A slave reports every 30 s. */
export async function whySilent(
  context: OfficeContext,
  slave_id: string,
  meter_id: string,
): Promise<string> {
  const { heard, clock, hindrances } = await wordsOf(context, slave_id, meter_id);
  if (hindrances.length > 0) return `Slave ${slave_id}: ${hindrances.join("; ")}`;
  return `Slave ${slave_id}: ${heard}, its clock ${clock}, and it told of no fault of this meter; ` +
    "see its log";
}

async function wordsOf({ db, now_ms }: OfficeContext, slave_id: string, meter_id: string) {
  const row = await db.selectFrom("slave").selectAll()
    .where("slave_id", "=", slave_id).executeTakeFirst();
  return slaveWords(slave_id, meter_id, row, now_ms(), await latestReading(db, meter_id));
}

async function waitForReading(
  { db }: OfficeContext,
  wanted: Parameters<typeof newReadings>[1] & { readonly wait_ms: number },
): Promise<RawReading[]> {
  const deadline_ms = performance.now() + wanted.wait_ms;
  while (true) {
    const found = await newReadings(db, wanted);
    if (found.length > 0 || performance.now() >= deadline_ms) return found;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
