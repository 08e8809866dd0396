/**
 * Whether the link to the broker stands. While it does not, what needs an answer fails at once, and so
 * does what waits for one when it is lost: no answer comes over the next link. The client library
 * would keep both and let each caller run into a time limit of seconds, one after the other: longer
 * than a broker takes to come back, and a role that is told to stop could not.
 */
import { RetryableError } from "../../protocol/errors.ts";
import type { Log } from "../terminal/log.ts";
import type { Stoppable } from "./broker.ts";
import { Events, type NatsConnection } from "./nats.ts";

const RETRY_AFTER_MS = 500;

/** What was sent may have been done: whoever tries again must be able to. */
export function linkLost(): RetryableError {
  return new RetryableError("The link to the broker was lost before it answered", 0);
}

export class LinkState {
  #up = true;
  readonly #listeners = new Set<(up: boolean) => void>();

  /** Follows `connection`, and says once that it was lost and once that it is back. */
  constructor(connection: NatsConnection, log: Log) {
    this.#follow(connection, log);
  }

  get up(): boolean {
    return this.#up;
  }

  /** Throws `RetryableError` while the link is down. */
  require(): void {
    if (!this.#up) throw new RetryableError("The link to the broker is down", RETRY_AFTER_MS);
  }

  /**
   * What `ask` gives; throws `RetryableError` as soon as the link is lost before it comes, and without
   * asking when it is down.
   */
  async during<T>(ask: () => Promise<T>): Promise<T> {
    this.require();
    const { promise: lost, reject } = Promise.withResolvers<never>();
    const listening = this.listen((up) => up || reject(linkLost()));
    try {
      return await Promise.race([ask(), lost]);
    } finally {
      await listening.stop();
    }
  }

  /** Tells `listener` each time that the link is lost, and each time that it is back. */
  listen(listener: (up: boolean) => void): Stoppable {
    this.#listeners.add(listener);
    return {
      stop: () => {
        this.#listeners.delete(listener);
        return Promise.resolve();
      },
    };
  }

  #set(up: boolean): void {
    this.#up = up;
    for (const listener of [...this.#listeners]) listener(up);
  }

  async #follow(connection: NatsConnection, log: Log): Promise<void> {
    for await (const { type } of connection.status()) {
      if (type === Events.Disconnect) {
        if (this.#up) log.warn("link to the broker lost, trying on");
        this.#set(false);
      } else if (type === Events.Reconnect) {
        log.info("link to the broker is back");
        this.#set(true);
      }
    }
  }
}
