/**
 * Whether the link to the broker stands. While it does not, what needs an answer fails at once: the
 * client library would keep it and let each caller run into a time limit of seconds, one after the
 * other, and a role that is told to stop could not.
 */
import { RetryableError } from "../../protocol/errors.ts";
import type { Log } from "../terminal/log.ts";
import type { Stoppable } from "./broker.ts";
import { Events, type NatsConnection } from "./nats.ts";

const RETRY_AFTER_MS = 500;

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
