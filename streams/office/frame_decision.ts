/** What a master decided of a frame, as far as anything still tells it. */
import {
  type RejectEvent,
  rejectEvent,
  type RejectReason,
} from "../../protocol/messages/journal.ts";
import { isId } from "../../protocol/subjects.ts";
import type { StoredMessage } from "../jetstream/broker.ts";
import type { OfficeContext } from "./office.ts";

/** Rejects of one meter, or letters of one partition, that are looked through from its arrival on. */
const EVENTS_MAX = 500;

export type Decision =
  | {
    readonly decided: "accepted";
    readonly journal_sequence: number;
    readonly trials: number;
    /** The second whose key opened it. */
    readonly t_s: number;
  }
  | {
    readonly decided: RejectReason;
    /** Sequence of the record in EVENTS. */
    readonly event_sequence: number;
    readonly trials: number;
  }
  | {
    readonly decided: "set_aside";
    /** Sequence in DEAD. */
    readonly dead_sequence: number;
    /** What the master said of it. */
    readonly why: string;
  };

/** Undefined where no reading in the database, no reject in EVENTS and no letter in DEAD names it. */
export async function decisionOn(
  frame: StoredMessage,
  context: OfficeContext,
): Promise<Decision | undefined> {
  return await judgementOn(frame, context) ?? await deadLetterOf(frame, context);
}

async function judgementOn(
  { sequence, subject, arrival_ms }: StoredMessage,
  { db, broker }: OfficeContext,
): Promise<Decision | undefined> {
  const id = subject.split(".").at(-1)!;
  if (!isId(id)) return undefined;
  const reading = await db.selectFrom("raw_reading").select([
    "journal_sequence",
    "trials",
    "second_found_s",
  ])
    .where("meter_id", "=", id).where("frame_sequence", "=", sequence).limit(1).executeTakeFirst();
  if (reading !== undefined) {
    const { journal_sequence, trials, second_found_s } = reading;
    return {
      decided: "accepted",
      journal_sequence: Number(journal_sequence),
      trials: Number(trials),
      t_s: Number(second_found_s),
    };
  }
  const events = await broker.storedSince({
    stream: "EVENTS",
    subject: `samay.event.warning.*.${id}`,
    since_ms: arrival_ms,
    limit: EVENTS_MAX,
  });
  for (const { payload, sequence: event_sequence } of events) {
    const reject = rejectIn(payload);
    if (reject?.frame !== sequence) continue;
    return { decided: reject.reason, event_sequence, trials: reject.trials };
  }
  return undefined;
}

/** What can never be handled lies in DEAD, under the partition of its subject, with the reason. */
async function deadLetterOf(
  { sequence, subject, arrival_ms }: StoredMessage,
  { broker }: OfficeContext,
): Promise<Decision | undefined> {
  const letters = await broker.storedSince({
    stream: "DEAD",
    subject: `samay.dead.FRAMES.${subject.split(".")[2]}`,
    since_ms: arrival_ms,
    limit: EVENTS_MAX,
  });
  const letter = letters.find(({ headers }) => headers?.["Samay-Sequence"] === String(sequence));
  if (letter === undefined) return undefined;
  const why = letter.headers?.["Samay-Reason"] ?? "no reason is given";
  return { decided: "set_aside", dead_sequence: letter.sequence, why };
}

/** Sequence in FRAMES of the frame that gave a reading sealed in second `t_s`, where one did. */
export async function firstOf(
  { db }: OfficeContext,
  meter_id: string,
  t_s: number,
): Promise<number | undefined> {
  const row = await db.selectFrom("raw_reading").select("frame_sequence")
    .where("meter_id", "=", meter_id).where("second_found_s", "=", t_s)
    .orderBy("frame_sequence").limit(1).executeTakeFirst();
  return row?.frame_sequence ?? undefined;
}

/** The reject in a message of EVENTS; undefined where it is something else. */
export function rejectIn(payload: Uint8Array): RejectEvent | undefined {
  const parsed = rejectEvent.safeParse(jsonOf(payload));
  return parsed.success ? parsed.data : undefined;
}

/** Whoever may publish events may publish anything. */
function jsonOf(payload: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(payload));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
