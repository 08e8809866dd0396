/**
 * Core messages to a handler: some at a time, some waiting, and no more than that. What comes while
 * as many wait is dropped, as core messages may be: who asked asks again.
 */
import type { Log } from "../terminal/log.ts";
import type { Stoppable } from "./broker.ts";
import type { Msg, NatsConnection } from "./nats.ts";

/** Messages that wait for the handler. */
const WAITING_MAX = 1_024;

export interface Listening {
  readonly subject: string;
  /** Instances with the same one share the messages. */
  readonly queue?: string;
  /** Handled at the same time; with 1, in their order. */
  readonly concurrency: number;
  readonly handler: (message: Msg) => void | Promise<void>;
  readonly log: Log;
}

export function startListening(connection: NatsConnection, listening: Listening): Stoppable {
  const { subject, queue, concurrency, handler, log } = listening;
  const waiting: Msg[] = [];
  const inHand = new Set<Promise<void>>();
  let quiet = true;
  const handle = async (message: Msg) => {
    try {
      await handler(message);
    } catch (error) {
      const reason = (error as Error).message;
      log.error("message not handled", { subject: message.subject, reason });
    }
  };
  const work = () => {
    while (inHand.size < concurrency) {
      const message = waiting.shift();
      if (message === undefined) return void (quiet = true);
      const handling = handle(message).finally(() => {
        inHand.delete(handling);
        work();
      });
      inHand.add(handling);
    }
  };
  const take = (error: Error | null, message: Msg) => {
    if (error !== null) return log.error("cannot listen", { subject, reason: error.message });
    if (waiting.length >= WAITING_MAX) {
      if (quiet) {
        log.warn("messages come faster than they are handled: some are dropped", { subject });
      }
      quiet = false;
      return;
    }
    waiting.push(message);
    work();
  };
  const messages = connection.subscribe(subject, { ...(queue && { queue }), callback: take });
  return {
    stop: async () => {
      await messages.drain().catch(() => messages.unsubscribe());
      while (inHand.size > 0) await Promise.all(inHand);
    },
  };
}
