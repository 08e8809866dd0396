/**
 * A pipelined publisher: many messages in flight on one reply inbox, each acknowledgement counted to
 * its message. The client's own `js.publish` costs a promise, a timer and a subscription lookup for
 * each message; this costs a map entry, and one timer sweeps for the late ones.
 */
import { RetryableError } from "../../protocol/errors.ts";
import { FencedError, type PublishAck, type PublishOptions } from "./broker.ts";
import { linkLost } from "./link_state.ts";
import { headers, type Msg, type NatsConnection, type Subscription } from "./nats.ts";

/** Messages that may wait for their acknowledgement; the next publisher waits for a place. */
const IN_FLIGHT_MAX = 4_096;
const ACK_TIMEOUT_MS = 5_000;
const SWEEP_MS = 250;
/** JetStream's error code for a failed expected-last-sequence check. */
const WRONG_LAST_SEQUENCE = 10_071;

interface Waiting {
  readonly subject: string;
  readonly deadline_ms: number;
  resolve(ack: PublishAck): void;
  reject(error: Error): void;
}

interface AckBody {
  readonly stream?: string;
  readonly seq?: number;
  readonly duplicate?: boolean;
  readonly error?: { readonly err_code?: number; readonly description?: string };
}

export class Publisher {
  readonly #connection: NatsConnection;
  readonly #inbox: string;
  readonly #subscription: Subscription;
  readonly #waiting = new Map<string, Waiting>();
  readonly #places: (() => void)[] = [];
  readonly #sweeper: ReturnType<typeof setInterval>;
  #token = 0;

  /** `inbox` is where acknowledgements come: a subject of this connection alone. */
  constructor(connection: NatsConnection, inbox: string) {
    this.#connection = connection;
    this.#inbox = inbox;
    this.#subscription = connection.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => {
        if (error === null) this.#settle(message);
      },
    });
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS);
  }

  /** Resolves with the stream's acknowledgement. Throws `FencedError` or `RetryableError`. */
  async publish(
    subject: string,
    payload: Uint8Array,
    options: PublishOptions = {},
  ): Promise<PublishAck> {
    while (this.#waiting.size >= IN_FLIGHT_MAX) {
      await new Promise<void>((resolve) => this.#places.push(resolve));
    }
    const token = (this.#token++).toString(36);
    return await new Promise((resolve, reject) => {
      this.#waiting.set(token, {
        subject,
        deadline_ms: performance.now() + ACK_TIMEOUT_MS,
        resolve,
        reject,
      });
      try {
        const hdrs = headersOf(options);
        this.#connection.publish(subject, payload, {
          reply: `${this.#inbox}.${token}`,
          ...(hdrs && { headers: hdrs }),
        });
      } catch (error) {
        this.#take(token);
        reject(new RetryableError(`Not published to ${subject}: ${(error as Error).message}`));
      }
    });
  }

  stop(): void {
    clearInterval(this.#sweeper);
    this.#subscription.unsubscribe();
    this.#giveUp(() => new RetryableError("The connection to the broker was closed"));
  }

  /** The link is lost: no acknowledgement of what is on its way will come. */
  lose(): void {
    this.#giveUp(linkLost);
  }

  #giveUp(reason: () => Error): void {
    for (const token of [...this.#waiting.keys()]) this.#take(token)?.reject(reason());
  }

  #take(token: string): Waiting | undefined {
    const waiting = this.#waiting.get(token);
    if (this.#waiting.delete(token)) this.#places.shift()?.();
    return waiting;
  }

  #settle(message: Msg): void {
    const waiting = this.#take(message.subject.slice(this.#inbox.length + 1));
    if (waiting === undefined) return; // Swept already: its publisher has gone on to retry.
    if (message.headers?.code === 503) {
      return waiting.reject(
        new RetryableError(
          `No stream takes ${waiting.subject}; is JetStream on, the topology made?`,
        ),
      );
    }
    const body: AckBody = message.json();
    if (body.error) return waiting.reject(errorOf(waiting.subject, body.error));
    waiting.resolve({
      stream: body.stream ?? "",
      sequence: body.seq ?? 0,
      duplicate: body.duplicate ?? false,
    });
  }

  #sweep(): void {
    const now_ms = performance.now();
    for (const [token, waiting] of this.#waiting) {
      if (waiting.deadline_ms > now_ms) return; // Insertion order is deadline order.
      this.#take(token);
      waiting.reject(
        new RetryableError(`No acknowledgement for ${waiting.subject} in ${ACK_TIMEOUT_MS} ms`, 0),
      );
    }
  }
}

function errorOf(subject: string, error: NonNullable<AckBody["error"]>): Error {
  const text = `${subject}: ${error.description ?? "refused"} (JetStream ${error.err_code})`;
  return error.err_code === WRONG_LAST_SEQUENCE ? new FencedError(text) : new RetryableError(text);
}

function headersOf(options: PublishOptions) {
  const { messageId, headers: more, expectLastSubjectSequence } = options;
  if (messageId === undefined && !more && expectLastSubjectSequence === undefined) return undefined;
  const result = headers();
  for (const [key, value] of Object.entries(more ?? {})) result.set(key, value);
  if (messageId !== undefined) result.set("Nats-Msg-Id", messageId);
  if (expectLastSubjectSequence !== undefined) {
    result.set("Nats-Expected-Last-Subject-Sequence", String(expectLastSubjectSequence));
  }
  return result;
}
