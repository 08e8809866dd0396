/** Single messages of streams, for people who ask: nothing here moves a cursor. */
import { RetryableError } from "../../protocol/errors.ts";
import type { Stored, StoredMessage, StoredQuery } from "./broker.ts";
import {
  AckPolicy,
  DeliverPolicy,
  type JetStreamManager,
  type MsgHdrs,
  nanos,
  type NatsConnection,
} from "./nats.ts";

const NOT_FOUND = 404;
/** The broker forgets the question when we died before the end. */
const FORGOTTEN_AFTER_MS = 10_000;
const WAIT_MS = 2_000;

/** The message with `sequence` in `stream`. Throws `RetryableError` when the broker is out of reach. */
export async function storedMessage(
  manager: JetStreamManager,
  stream: string,
  sequence: number,
): Promise<Stored> {
  try {
    const { subject, data, seq, time } = await manager.streams.getMessage(stream, {
      seq: sequence,
    });
    return { found: true, subject, payload: data, sequence: seq, arrival_ms: time.getTime() };
  } catch (error) {
    if ((error as { api_error?: { code?: number } }).api_error?.code !== NOT_FOUND) {
      throw outOfReach(`Message ${sequence} of ${stream}`, error);
    }
  }
  try {
    const { first_seq, last_seq } = (await manager.streams.info(stream)).state;
    return { found: false, first: first_seq, last: last_seq };
  } catch (error) {
    throw outOfReach(`Stream ${stream}`, error);
  }
}

/** Messages of a subject since an instant, by a consumer that is gone again afterwards. */
export async function storedSince(
  connection: NatsConnection,
  manager: JetStreamManager,
  query: StoredQuery,
): Promise<StoredMessage[]> {
  const { stream, subject, since_ms, limit } = query;
  try {
    const { name, num_pending } = await manager.consumers.add(stream, {
      name: `look-${crypto.randomUUID()}`,
      description: "Somebody asks what was decided",
      filter_subject: subject,
      ack_policy: AckPolicy.None,
      deliver_policy: DeliverPolicy.StartTime,
      opt_start_time: new Date(since_ms).toISOString(),
      inactive_threshold: nanos(FORGOTTEN_AFTER_MS),
      mem_storage: true,
      num_replicas: 1,
    });
    const found: StoredMessage[] = [];
    // Asking for no more than there is: a fetch of more waits until its time is over.
    const wanted = Math.min(num_pending, limit);
    if (wanted > 0) {
      const consumer = await connection.jetstream().consumers.get(stream, name);
      const messages = await consumer.fetch({ max_messages: wanted, expires: WAIT_MS });
      for await (const { subject, data, seq, info, headers } of messages) {
        const arrival_ms = Math.floor(info.timestampNanos / 1_000_000);
        const carried = headers && { headers: headersOf(headers) };
        found.push({ subject, payload: data, sequence: seq, arrival_ms, ...carried });
      }
    }
    await manager.consumers.delete(stream, name);
    return found;
  } catch (error) {
    throw outOfReach(`Messages of ${subject}`, error);
  }
}

function headersOf(headers: MsgHdrs): Record<string, string> {
  return Object.fromEntries(headers.keys().map((key) => [key, headers.get(key)]));
}

function outOfReach(what: string, error: unknown): RetryableError {
  return new RetryableError(`${what}: ${(error as Error).message}`, 500, { cause: error });
}
