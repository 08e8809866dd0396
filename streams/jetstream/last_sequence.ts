/** The stream sequence of the last message on a subject, 0 when there is none. */
import { RetryableError } from "../../protocol/errors.ts";
import type { NatsBroker } from "./connection.ts";

const NOT_FOUND = 404;

export async function lastSequence(
  broker: NatsBroker,
  stream: string,
  subject: string,
): Promise<number> {
  try {
    const manager = await broker.manager();
    return (await manager.streams.getMessage(stream, { last_by_subj: subject })).seq;
  } catch (error) {
    if ((error as { api_error?: { code?: number } }).api_error?.code === NOT_FOUND) return 0;
    throw new RetryableError(`Last message of ${subject}: ${(error as Error).message}`, 500, {
      cause: error,
    });
  }
}
