/**
 * Frames on their way, as fast as one process can send them: a place for each in a window of fixed
 * size, and no promise, timer or map entry a message. An acknowledgement names its place by the last
 * token of its subject. What is never acknowledged keeps its place: the window gets narrower, and
 * whoever waits sees that nothing moves.
 */
import type { NatsBroker } from "./connection.ts";
import type { Msg, Subscription } from "./nats.ts";

/** Second letter of `{"stream":...}`, which an acknowledgement begins with; a refusal has `{"error"`. */
const FIRST_OF_ACK = '{"'.length;
const S = "s".charCodeAt(0);

export interface AckWindowOptions {
  /** Messages on their way at most. */
  readonly places: number;
  /** The stream has message `n`; `waited_ms` since it was published. */
  onAck(n: number, waited_ms: number): void;
  /** The broker says why it does not take message `n`. */
  onRefusal(n: number, reason: string): void;
}

export class AckWindow {
  readonly #broker: NatsBroker;
  readonly #options: AckWindowOptions;
  readonly #subscription: Subscription;
  readonly #prefix: number;
  readonly #replies: readonly string[];
  readonly #free: number[];
  readonly #sent_ms: Float64Array;
  /** Message in each place; -1 where there is none. */
  readonly #message: Float64Array;
  #wake: (() => void) | undefined;

  constructor(broker: NatsBroker, options: AckWindowOptions) {
    const { places } = options;
    const inbox = broker.inbox();
    this.#broker = broker;
    this.#options = options;
    this.#prefix = inbox.length + 1;
    this.#replies = Array.from({ length: places }, (_, place) => `${inbox}.${place}`);
    this.#free = Array.from({ length: places }, (_, place) => place);
    this.#sent_ms = new Float64Array(places);
    this.#message = new Float64Array(places).fill(-1);
    this.#subscription = broker.connection.subscribe(`${inbox}.*`, {
      callback: (error, message) => {
        if (error === null) this.#settle(message);
      },
    });
  }

  /** Messages that may be published now. */
  get room(): number {
    return this.#free.length;
  }

  /** Messages whose acknowledgement has not come. */
  get waiting(): number {
    return this.#replies.length - this.#free.length;
  }

  /** Publishes message `n`. Throws `RangeError` where there is no room. */
  publish(n: number, subject: string, payload: Uint8Array): void {
    const place = this.#free.pop();
    if (place === undefined) throw new RangeError("The window is full");
    this.#message[place] = n;
    this.#sent_ms[place] = performance.now();
    this.#broker.connection.publish(subject, payload, { reply: this.#replies[place]! });
  }

  /** Resolves with the next acknowledgement, or after `timeout_ms`. */
  async change(timeout_ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeout_ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }

  stop(): void {
    this.#subscription.unsubscribe();
  }

  #settle(message: Msg): void {
    const place = Number(message.subject.slice(this.#prefix));
    const n = this.#message[place] ?? -1;
    if (n < 0) return; // Acknowledged before: a second word changes nothing.
    this.#message[place] = -1;
    this.#free.push(place);
    const reason = refusalOf(message);
    if (reason === undefined) {
      this.#options.onAck(n, performance.now() - this.#sent_ms[place]!);
    } else this.#options.onRefusal(n, reason);
    this.#wake?.();
  }
}

/** Undefined for an acknowledgement. */
function refusalOf(message: Msg): string | undefined {
  if (message.data[FIRST_OF_ACK] === S) return undefined;
  if (message.headers?.code === 503) return "no stream takes it";
  try {
    const { error } = message.json<{ error?: { description?: string } }>();
    return error?.description ?? "refused";
  } catch {
    return "answered by something that is no stream";
  }
}
