/**
 * The outbox: messages written in the transaction that decides them, published once it stands.
 *
 * A crash between the acknowledgement and the deletion publishes a message again under the same
 * message id, which the stream drops inside its duplicate window; handlers check for the rest.
 */
import { utf8 } from "../../protocol/bytes.ts";
import type { Broker, Stoppable } from "../jetstream/broker.ts";
import type { Log } from "../terminal/log.ts";
import { type Kysely, sql, type Transaction } from "./kysely.ts";
import type { Database } from "./schema.ts";
import { runTurns } from "./turns.ts";

/** Messages in flight at once. */
const BATCH_MAX = 100;
/** How often the table is looked at without a nudge: another process may have written to it. */
const POLL_MS = 1_000;

export interface OutboxMessage {
  readonly subject: string;
  /** Names the message for ever: a second one with the same id is the same message. */
  readonly message_id: string;
  /** JSON. */
  readonly payload: unknown;
}

/** Writes `message` in the caller's transaction. Once more with the same id changes nothing. */
export async function enqueue(trx: Transaction<Database>, message: OutboxMessage): Promise<void> {
  await enqueueAll(trx, [message]);
}

/** Writes `messages` in the caller's transaction, in their order: see `enqueue()`. */
export async function enqueueAll(
  trx: Transaction<Database>,
  messages: readonly OutboxMessage[],
): Promise<void> {
  if (messages.length === 0) return;
  await sql`
    insert into outbox (subject, message_id, payload)
    select given ->> 'subject', given ->> 'message_id', given -> 'payload'
    from jsonb_array_elements(${JSON.stringify(messages)}::jsonb) with ordinality
      as row(given, place)
    order by place
    on conflict (message_id) do nothing`.execute(trx);
}

export interface RunningOutbox extends Stoppable {
  /** Something was committed: look now. */
  nudge(): void;
}

/** Publishes what the outbox holds, oldest first, until stopped. */
export function runOutbox(
  db: Kysely<Database>,
  broker: Broker,
  log: Log,
  { poll_ms = POLL_MS }: { readonly poll_ms?: number } = {},
): RunningOutbox {
  return runTurns({
    what: "outbox",
    log,
    turn: async () => await publishBatch(db, broker) === BATCH_MAX ? 0 : poll_ms,
  });
}

/**
 * Publishes the oldest messages and deletes those that the broker has taken; returns how many. No
 * transaction is open meanwhile, so a slow broker holds up nobody else. Throws the first failure
 * once the others are done: a message that the broker refuses does not block those behind it.
 */
async function publishBatch(db: Kysely<Database>, broker: Broker): Promise<number> {
  const rows = await db.selectFrom("outbox").select(["outbox_id", "subject", "message_id"])
    .select("payload").orderBy("outbox_id").limit(BATCH_MAX).execute();
  if (rows.length === 0) return 0;
  const outcomes = await Promise.allSettled(
    rows.map(async ({ subject, message_id, payload }) =>
      await broker.publish(subject, utf8(JSON.stringify(payload)), { messageId: message_id })
    ),
  );
  const taken = rows.filter((_, i) => outcomes[i]!.status === "fulfilled");
  if (taken.length > 0) {
    await db.deleteFrom("outbox").where("outbox_id", "in", taken.map((row) => row.outbox_id))
      .execute();
  }
  const failure = outcomes.find((outcome) => outcome.status === "rejected");
  if (failure !== undefined) throw failure.reason;
  return taken.length;
}
