/** The last message on a subject: its stream sequence, and the id that it was published with. */
import { RetryableError } from "../../protocol/errors.ts";
import type { NatsBroker } from "./connection.ts";

const NOT_FOUND = 404;

export interface LastMessage {
  /** 0 when there is none. */
  readonly sequence: number;
  readonly messageId: string;
}

export async function lastSequence(
  broker: NatsBroker,
  stream: string,
  subject: string,
): Promise<number> {
  return (await lastMessage(broker, stream, subject)).sequence;
}

/** Throws `RetryableError` when the broker is out of reach. */
export async function lastMessage(
  broker: NatsBroker,
  stream: string,
  subject: string,
): Promise<LastMessage> {
  try {
    const manager = await broker.manager();
    const { seq, header } = await manager.streams.getMessage(stream, { last_by_subj: subject });
    return { sequence: seq, messageId: header.get("Nats-Msg-Id") };
  } catch (error) {
    if ((error as { api_error?: { code?: number } }).api_error?.code === NOT_FOUND) {
      return { sequence: 0, messageId: "" };
    }
    throw new RetryableError(`Last message of ${subject}: ${(error as Error).message}`, 500, {
      cause: error,
    });
  }
}
