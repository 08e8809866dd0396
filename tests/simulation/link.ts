/**
 * The link between one process and a server (the broker, the database): delay, loss, a cut that is
 * noticed only after a while, and the answer that is lost after the deed was done.
 */
import { RetryableError } from "../../protocol/errors.ts";
import type { Process } from "./process.ts";
import type { Random } from "./random.ts";
import type { Schedule } from "./schedule.ts";

/** As in the publisher of the real link. */
const ANSWER_TIMEOUT_MS = 5_000;
const RETRY_AFTER_MS = 500;
const TRAVEL_MIN_MS = 0.2;
const TRAVEL_MAX_MS = 4;
/** A message now and then takes long: retransmissions, a busy machine. */
const LATE_CHANCE = 0.005;
const LATE_MAX_MS = 7_000;

/** How bad the network is; changed in place, and all nought once the faults stop. */
export interface Weather {
  loss: number;
  late: boolean;
}

/** The far end. */
export interface Server {
  readonly up: boolean;
  /** Rises with each crash: what was on its way into an earlier life is lost. */
  readonly life: number;
  /** Milliseconds until an operation that writes has taken effect. */
  workTime(): number;
}

export class Link {
  readonly process: Process;
  readonly #server: Server;
  readonly #schedule: Schedule;
  readonly #random: Random;
  readonly #weather: Weather;
  readonly #listeners = new Set<(up: boolean) => void>();
  #cut = false;
  #believed = true;
  #lastToClient_ms = 0;

  constructor(
    process: Process,
    server: Server,
    schedule: Schedule,
    random: Random,
    weather: Weather,
  ) {
    this.process = process;
    this.#server = server;
    this.#schedule = schedule;
    this.#random = random;
    this.#weather = weather;
  }

  /** Whether the process thinks that the link stands. */
  get believed(): boolean {
    return this.#believed;
  }

  get #stands(): boolean {
    return !this.#cut && this.#server.up && this.process.alive;
  }

  listen(listener: (up: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  require(): void {
    if (!this.#believed) throw new RetryableError("The link is down", RETRY_AFTER_MS);
  }

  /** Nothing passes any more. The process notices after `noticed_ms`. */
  cut(noticed_ms: number): void {
    this.#cut = true;
    this.#schedule.after(noticed_ms, () => {
      if (!this.#stands) this.#believe(false);
    });
  }

  /** The cut is over: connected anew a moment later, as by a client that noticed. */
  mend(): void {
    this.#cut = false;
    this.reconnect();
  }

  /** The server is back: a client that is not cut off finds it. */
  reconnect(): void {
    this.#schedule.after(this.#random.between(50, 900), () => {
      if (!this.#stands) return;
      this.#believe(false);
      this.#believe(true);
    });
  }

  /** The server died: a reset tells at once. */
  reset(): void {
    this.#schedule.after(this.#random.between(0, 20), () => {
      if (!this.#stands) this.#believe(false);
    });
  }

  #believe(up: boolean): void {
    if (this.#believed === up) return;
    this.#believed = up;
    this.process.deliver(() => {
      for (const listener of [...this.#listeners]) listener(up);
    });
  }

  #travel_ms(): number {
    const late = this.#weather.late && this.#random.chance(LATE_CHANCE);
    return late
      ? this.#random.between(TRAVEL_MAX_MS, LATE_MAX_MS)
      : this.#random.between(TRAVEL_MIN_MS, TRAVEL_MAX_MS);
  }

  /** Has `action` done at the server, if it gets there. */
  toServer(action: () => void, loss = this.#weather.loss): void {
    if (!this.#stands || this.#random.chance(loss)) return;
    const { life } = this.#server;
    this.#schedule.after(this.#travel_ms() + this.#server.workTime(), () => {
      if (!this.#cut && this.#server.up && this.#server.life === life) action();
    });
  }

  /** Has `action` done in the process, if it gets there. `inOrder`: behind what was sent before. */
  toClient(action: () => void, inOrder = false, loss = this.#weather.loss): void {
    if (!this.#stands || this.#random.chance(loss)) return;
    let at_ms = this.#schedule.now_ms + this.#travel_ms();
    if (inOrder) this.#lastToClient_ms = at_ms = Math.max(at_ms, this.#lastToClient_ms + 0.001);
    this.#schedule.after(at_ms - this.#schedule.now_ms, () => {
      if (!this.#cut) this.process.deliver(action);
    });
  }

  /**
   * A request and its answer. Rejects with `RetryableError` when no answer has come in time: whether
   * it was done is not known then.
   */
  call<T>(action: () => T): Promise<T> {
    const pass = this.process.step();
    pass("before");
    return new Promise<T>((resolve, reject) => {
      if (!this.#believed) {
        const error = new RetryableError("The link is down", RETRY_AFTER_MS);
        return void this.process.after(0.01, () => reject(error));
      }
      const cancel = this.process.after(ANSWER_TIMEOUT_MS, () => {
        reject(new RetryableError(`No answer in ${ANSWER_TIMEOUT_MS} ms`, 0));
      });
      const answered = (settle: () => void) => {
        this.toClient(() => {
          pass("answered");
          this.process.deliver(() => {
            cancel();
            settle();
          });
        });
      };
      const atServer = () => {
        let value: T;
        try {
          value = action();
        } catch (error) {
          return answered(() => reject(error));
        }
        answered(() => resolve(value));
      };
      this.process.deliver(() => {
        this.toServer(atServer);
        pass("sent");
      });
    });
  }
}
