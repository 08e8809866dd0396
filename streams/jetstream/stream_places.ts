/** Where the head-end stands in its streams: what `samay masters` tells, asked of the broker alone. */
import { RetryableError } from "../../protocol/errors.ts";
import { partitionToken } from "../../protocol/subjects.ts";
import type { NatsBroker } from "./connection.ts";
import { AckPolicy, DeliverPolicy, nanos } from "./nats.ts";

const NOT_FOUND = 404;
/** The broker forgets what counts, should we not come to say so. */
const COUNTER_FORGOTTEN_MS = 10_000;

export interface LastStored {
  readonly payload: Uint8Array;
  readonly sequence: number;
  /** When the broker stored it, Unix milliseconds. */
  readonly stored_ms: number;
}

/** The last message on `subject`, or undefined. Throws `RetryableError` when out of reach. */
export async function lastStored(
  broker: NatsBroker,
  stream: string,
  subject: string,
): Promise<LastStored | undefined> {
  try {
    const manager = await broker.manager();
    const { data, seq, timestamp, header } = await manager.streams.getMessage(stream, {
      last_by_subj: subject,
    });
    if (header?.get("KV-Operation")) return undefined; // Deleted or purged.
    return { payload: data, sequence: seq, stored_ms: Date.parse(timestamp) };
  } catch (error) {
    if ((error as { api_error?: { code?: number } }).api_error?.code === NOT_FOUND) {
      return undefined;
    }
    throw new RetryableError(`Last message of ${subject}: ${(error as Error).message}`, 500, {
      cause: error,
    });
  }
}

/** How many frames of `partition` lie in FRAMES behind sequence `cursor`. */
export async function framesBehind(
  broker: NatsBroker,
  partition: number,
  cursor: number,
): Promise<number> {
  const name = `count-p${partitionToken(partition)}-${crypto.randomUUID().slice(0, 8)}`;
  try {
    const manager = await broker.manager();
    // A consumer that is never asked for a message: the broker counts what it would give.
    const { num_pending } = await manager.consumers.add("FRAMES", {
      name,
      description: "Counts the frames that wait",
      filter_subject: `samay.frame.${partitionToken(partition)}.*`,
      ack_policy: AckPolicy.None,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: cursor + 1,
      inactive_threshold: nanos(COUNTER_FORGOTTEN_MS),
      mem_storage: true,
      num_replicas: 1,
    });
    await manager.consumers.delete("FRAMES", name);
    return num_pending;
  } catch (error) {
    throw new RetryableError(`Frames of partition ${partition}: ${(error as Error).message}`, 500, {
      cause: error,
    });
  }
}
