/**
 * A pull consumer of the broker's memory: it gives what is asked for in the order of the stream, says
 * that it lives, and says when a pull has run out. A crash of the broker forgets it.
 */
import type { Schedule } from "../schedule.ts";
import { matches, type Stream } from "./stream.ts";

/** What reaches a reply subject, in the shape in which the client library hands it on. */
export interface Wire {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly reply?: string;
  readonly headers?: {
    readonly code: number;
    readonly description: string;
    get(name: string): string;
  };
}

export interface Pull {
  left: number;
  readonly ends_ms: number;
  readonly heartbeat_ms: number;
  readonly send: (message: Wire) => void;
}

const NOTHING = new Uint8Array(0);

export function status(code: number, description: string, pending = 0): Wire {
  const get = (name: string) => name === "Nats-Pending-Messages" ? String(pending) : "";
  return { subject: "", data: NOTHING, headers: { code, description, get } };
}

export class Consumer {
  readonly name: string;
  readonly #stream: Stream;
  readonly #filter: string;
  readonly #schedule: Schedule;
  readonly #start_ms: number;
  readonly #pulls: Pull[] = [];
  /** Place in the stream's list of the next message to look at. */
  #next: number;
  #delivered = 0;
  /** Forgotten: nothing leaves it any more. */
  gone = false;

  constructor(
    name: string,
    stream: Stream,
    filter: string,
    from: number,
    schedule: Schedule,
    start_ms: number,
  ) {
    this.name = name;
    this.#stream = stream;
    this.#filter = filter;
    this.#next = from - 1;
    this.#schedule = schedule;
    this.#start_ms = start_ms;
  }

  pull(pull: Pull): void {
    this.#pulls.push(pull);
    this.#beat(pull);
    this.feed();
  }

  /** Gives what is there to those who wait. */
  feed(): void {
    while (!this.gone && this.#pulls.length > 0) {
      const pull = this.#pulls[0]!;
      if (pull.left === 0 || pull.ends_ms <= this.#schedule.now_ms) {
        this.#pulls.shift();
        continue;
      }
      const message = this.#stream.messages[this.#next];
      if (message === undefined) return;
      this.#next += 1;
      if (message.purged || !matches(this.#filter, message.subject)) continue;
      pull.left -= 1;
      this.#delivered += 1;
      const stored_ns = `${Math.round((this.#start_ms + message.stored_ms) * 1_000)}000`;
      pull.send({
        subject: message.subject,
        data: message.payload,
        reply: `$JS.ACK.${this.#stream.name}.${this.name}.1.${message.sequence}.` +
          `${this.#delivered}.${stored_ns}.0`,
      });
    }
  }

  #beat(pull: Pull): void {
    const left_ms = pull.ends_ms - this.#schedule.now_ms;
    this.#schedule.after(Math.min(pull.heartbeat_ms, left_ms), () => {
      if (this.gone || pull.left === 0) return;
      if (this.#schedule.now_ms < pull.ends_ms) {
        pull.send(status(100, "Idle Heartbeat"));
        return this.#beat(pull);
      }
      pull.send(status(408, "Request Timeout", pull.left));
      pull.left = 0;
    });
  }
}
