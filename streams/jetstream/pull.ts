/**
 * Pulls from a durable consumer, one request after the other, on one inbox that stays open. The
 * client library's `fetch` closes its inbox when its timer fires: a process that was busy for a
 * moment then loses what lies in its socket until the broker's acknowledgement time is over.
 */
import { RetryableError } from "../../protocol/errors.ts";
import type { NatsBroker } from "./connection.ts";
import { linkLost } from "./link_state.ts";
import { type Msg, nanos, type Subscription } from "./nats.ts";

/** How long one request waits at the broker for messages: also the longest wait at a stop. */
const PULL_MS = 1_000;
/** After this much more without a word the request counts as lost. */
const GRACE_MS = 5_000;
const HEARTBEAT = 100;
const NO_MESSAGES = 404;
const TIMED_OUT = 408;

interface Request {
  readonly token: string;
  left: number;
  end(error?: Error): void;
}

export class Pull {
  readonly #broker: Pick<NatsBroker, "connection">;
  readonly #next: string;
  readonly #inbox: string;
  readonly #subscription: Subscription;
  readonly #onMessage: (message: Msg) => void;
  #request: Request | undefined;
  #count = 0;

  constructor(
    broker: Pick<NatsBroker, "connection" | "inbox">,
    stream: string,
    consumer: string,
    onMessage: (message: Msg) => void,
  ) {
    this.#broker = broker;
    this.#next = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`;
    this.#inbox = broker.inbox();
    this.#onMessage = onMessage;
    this.#subscription = broker.connection.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => {
        if (error === null) this.#receive(message);
      },
    });
  }

  /**
   * Asks for up to `count` messages and resolves when they came or the time is over. Throws
   * `RetryableError` when the consumer or the broker does not answer.
   */
  async ask(count: number): Promise<void> {
    const token = String(++this.#count);
    await new Promise<void>((resolve, reject) => {
      const patience = setTimeout(
        () => this.#request?.end(new RetryableError(`No answer from ${this.#next}`)),
        PULL_MS + GRACE_MS,
      );
      this.#request = {
        token,
        left: count,
        end: (error) => {
          clearTimeout(patience);
          this.#request = undefined;
          if (error) reject(error);
          else resolve();
        },
      };
      this.#broker.connection.publish(
        this.#next,
        JSON.stringify({ batch: count, expires: nanos(PULL_MS) }),
        { reply: `${this.#inbox}.${token}` },
      );
    });
  }

  /** The link is lost: no answer to the present request will come. */
  lose(): void {
    this.#request?.end(linkLost());
  }

  stop(): void {
    this.#subscription.unsubscribe();
  }

  /**
   * A status comes on the inbox and tells its request; a message comes on its own subject and does
   * not. One that came late counts towards the present request, which then only ends a little early.
   */
  #receive(message: Msg): void {
    const code = message.headers?.code ?? 0;
    if (code === 0) {
      this.#onMessage(message);
      if (this.#request && --this.#request.left === 0) this.#request.end();
      return;
    }
    const token = message.subject.slice(this.#inbox.length + 1);
    if (code === HEARTBEAT || this.#request?.token !== token) return;
    if (code === NO_MESSAGES || code === TIMED_OUT) return this.#request.end();
    const why = message.headers?.description ?? "";
    this.#request.end(new RetryableError(`${this.#next}: ${code} ${why}`));
  }
}
