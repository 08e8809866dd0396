/**
 * Whether the link to the broker stands. While it does not, what needs an answer fails at once: the
 * client library would keep it and let each caller run into a time limit of seconds, one after the
 * other, and a role that is told to stop could not.
 */
import { RetryableError } from "../../protocol/errors.ts";
import type { Log } from "../terminal/log.ts";
import { Events, type NatsConnection } from "./nats.ts";

const RETRY_AFTER_MS = 500;

export class LinkState {
  #up = true;

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

  async #follow(connection: NatsConnection, log: Log): Promise<void> {
    for await (const { type } of connection.status()) {
      if (type === Events.Disconnect) {
        if (this.#up) log.warn("link to the broker lost, trying on");
        this.#up = false;
      } else if (type === Events.Reconnect) {
        this.#up = true;
        log.info("link to the broker is back");
      }
    }
  }
}
