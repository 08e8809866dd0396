/**
 * Working through a durable consumer: pull a few, handle each, acknowledge, retry later, or set aside
 * in the dead-letter stream. A message is never dropped and never blocks those behind it for ever.
 */
import { RetryableError } from "../../protocol/errors.ts";
import { partitionOf, subjects } from "../../protocol/subjects.ts";
import type { Log } from "../terminal/log.ts";
import type { Stoppable, WorkHandler, WorkMessage, WorkOptions } from "./broker.ts";
import { headers, type JetStreamClient, type JsMsg } from "./nats.ts";
import type { LinkState } from "./link_state.ts";
import type { Publisher } from "./publisher.ts";

/** How long one pull waits for messages: also the longest wait at a stop. */
const PULL_MS = 1_000;
const BACKOFF_MS = 1_000;
/** After this many deliveries a retryable failure counts as terminal. */
const DELIVERIES_MAX = 100;

interface Worker {
  readonly client: JetStreamClient;
  readonly link: LinkState;
  readonly publisher: Publisher;
  readonly log: Log;
  readonly options: WorkOptions;
  readonly handler: WorkHandler;
}

export function startWork(worker: Worker): Stoppable {
  const state = { stopping: false };
  const loop = pullLoop(worker, state);
  return {
    stop: async () => {
      state.stopping = true;
      await loop;
    },
  };
}

async function pullLoop(worker: Worker, state: { stopping: boolean }): Promise<void> {
  const { client, options, log } = worker;
  const inHand = new Set<Promise<void>>();
  let quiet = true;
  while (!state.stopping) {
    try {
      worker.link.require();
      const consumer = await client.consumers.get(options.stream, options.consumer);
      const batch = await consumer.fetch({ max_messages: options.concurrency, expires: PULL_MS });
      for await (const message of batch) {
        const handling = handleOne(worker, message).finally(() => inHand.delete(handling));
        inHand.add(handling);
        if (inHand.size >= options.concurrency) await Promise.race(inHand);
      }
      if (!quiet) log.info("working again", { consumer: options.consumer });
      quiet = true;
    } catch (error) {
      if (quiet && !state.stopping) {
        log.warn("cannot take work, trying on", {
          consumer: options.consumer,
          reason: (error as Error).message,
        });
      }
      quiet = false;
      await new Promise((resolve) => setTimeout(resolve, BACKOFF_MS));
    }
  }
  await Promise.all(inHand);
}

async function handleOne(worker: Worker, message: JsMsg): Promise<void> {
  const { options, handler, log } = worker;
  const work = workMessageOf(message);
  try {
    await handler(work);
    message.ack();
  } catch (error) {
    const reason = (error as Error).message;
    if (error instanceof RetryableError && work.deliveries < DELIVERIES_MAX) {
      log.warn("will retry", { consumer: options.consumer, sequence: work.sequence, reason });
      return message.nak(error.after_ms);
    }
    log.error("set aside as dead", { consumer: options.consumer, sequence: work.sequence, reason });
    await setAside(worker, work, message, reason);
  }
}

/** The original bytes go to DEAD with the reason; only then is the message ended. */
async function setAside(worker: Worker, work: WorkMessage, message: JsMsg, reason: string) {
  const { stream } = worker.options;
  try {
    const last = work.subject.split(".").at(-1) ?? "";
    await worker.publisher.publish(subjects.dead(stream, partitionOf(last)), work.payload, {
      messageId: `${stream}-${work.sequence}`,
      headers: {
        "Samay-Reason": oneLine(reason),
        "Samay-Subject": work.subject,
        "Samay-Sequence": String(work.sequence),
      },
    });
    message.term();
  } catch (error) {
    worker.log.warn("dead letter not stored, will retry", { reason: (error as Error).message });
    message.nak(BACKOFF_MS);
  }
}

/** A header value may hold no line break. */
export function oneLine(text: string): string {
  return text.replaceAll(/[\r\n]+/g, " ").slice(0, 500);
}

function workMessageOf(message: JsMsg): WorkMessage {
  const found: Record<string, string> = {};
  const given = message.headers ?? headers();
  for (const key of given.keys()) found[key] = given.get(key);
  return {
    subject: message.subject,
    payload: message.data,
    headers: found,
    sequence: message.seq,
    arrival_ms: Math.floor(message.info.timestampNanos / 1_000_000),
    deliveries: message.info.redeliveryCount,
  };
}
