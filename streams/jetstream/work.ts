/**
 * Working through a durable consumer: pull a few, handle each, acknowledge, retry later, or set aside
 * in the dead-letter stream. A message is never dropped and never blocks those behind it for ever.
 */
import { RetryableError } from "../../protocol/errors.ts";
import { partitionOf, subjects } from "../../protocol/subjects.ts";
import type { Log } from "../terminal/log.ts";
import type { Stoppable, WorkHandler, WorkMessage, WorkOptions } from "./broker.ts";
import type { NatsBroker } from "./connection.ts";
import { deliveryOf } from "./delivery.ts";
import type { LinkState } from "./link_state.ts";
import { type Msg, nanos } from "./nats.ts";
import type { Publisher } from "./publisher.ts";
import { Pull } from "./pull.ts";

const BACKOFF_MS = 1_000;
/** A retryable failure waits twice as long each time, up to this. */
const RETRY_MAX_MS = 60_000;
/** Failures of one consumer after which "will retry" is said once more. */
const SAY_EVERY = 100;

interface Worker {
  readonly broker: Pick<NatsBroker, "connection" | "inbox">;
  readonly link: LinkState;
  readonly publisher: Publisher;
  readonly log: Log;
  readonly options: WorkOptions;
  readonly handler: WorkHandler;
  /** Retryable failures so far: said now and then, not every time. */
  retries: number;
}

export function startWork(given: Omit<Worker, "retries">): Stoppable {
  const worker: Worker = { ...given, retries: 0 };
  const state = { stopping: false };
  const inHand = new Set<Promise<void>>();
  const { stream, consumer } = worker.options;
  const pull = new Pull(worker.broker, stream, consumer, (message) => {
    const handling = handleOne(worker, message).finally(() => inHand.delete(handling));
    inHand.add(handling);
  });
  const following = worker.link.listen((up) => up || pull.lose());
  const loop = pullLoop(worker, pull, inHand, state);
  return {
    stop: async () => {
      state.stopping = true;
      await loop;
      await following.stop();
    },
  };
}

async function pullLoop(
  worker: Worker,
  pull: Pull,
  inHand: ReadonlySet<Promise<void>>,
  state: { readonly stopping: boolean },
): Promise<void> {
  const { options, log } = worker;
  let quiet = true;
  while (!state.stopping) {
    try {
      if (inHand.size >= options.concurrency) await Promise.race(inHand);
      worker.link.require();
      await pull.ask(Math.max(1, options.concurrency - inHand.size));
      if (!quiet) log.info("working again", { consumer: options.consumer });
      quiet = true;
    } catch (error) {
      const reason = (error as Error).message;
      if (quiet && !state.stopping) {
        log.warn("cannot take work, trying on", { consumer: options.consumer, reason });
      }
      quiet = false;
      await new Promise((resolve) => setTimeout(resolve, BACKOFF_MS));
    }
  }
  pull.stop();
  await Promise.all(inHand);
}

async function handleOne(worker: Worker, message: Msg): Promise<void> {
  const { options, handler, log } = worker;
  const work = workMessageOf(message);
  try {
    await handler(work);
    message.respond("+ACK");
  } catch (error) {
    const reason = (error as Error).message;
    if (error instanceof RetryableError) {
      if (worker.retries++ % SAY_EVERY === 0) {
        log.warn("will retry", { consumer: options.consumer, sequence: work.sequence, reason });
      }
      return retryLater(message, retryAfter_ms(error.after_ms, work.deliveries));
    }
    log.error("set aside as dead", { consumer: options.consumer, sequence: work.sequence, reason });
    await setAside(worker, work, message, reason);
  }
}

/**
 * Without end: a database that is away for an hour must cost no message. What fails for ever by its
 * own nature is terminal, and the handler says so.
 */
function retryAfter_ms(after_ms: number, deliveries: number): number {
  return Math.max(after_ms, Math.min(RETRY_MAX_MS, after_ms * 2 ** (deliveries - 1)));
}

function retryLater(message: Msg, delay_ms: number): void {
  message.respond(`-NAK ${JSON.stringify({ delay: nanos(delay_ms) })}`);
}

/** The original bytes go to DEAD with the reason; only then is the message ended. */
async function setAside(worker: Worker, work: WorkMessage, message: Msg, reason: string) {
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
    message.respond("+TERM");
  } catch (error) {
    worker.log.warn("dead letter not stored, will retry", { reason: (error as Error).message });
    retryLater(message, BACKOFF_MS);
  }
}

/** A header value is one line of printable ASCII. */
export function oneLine(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]+/g, " ").slice(0, 500);
}

function workMessageOf(message: Msg): WorkMessage {
  const headers: Record<string, string> = {};
  for (const key of message.headers?.keys() ?? []) headers[key] = message.headers!.get(key);
  const { sequence, arrival_ms, deliveries } = deliveryOf(message.reply ?? "");
  return {
    subject: message.subject,
    payload: message.data,
    headers,
    sequence,
    arrival_ms,
    deliveries,
  };
}
