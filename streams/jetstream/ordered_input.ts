/**
 * One partition's input in the order of the stream, each message exactly once.
 *
 * The broker's memory of what was delivered is no help: after a hard kill it may have gone back. The
 * cursor is the caller's. A consumer is made behind it; a gap in the delivery sequence, silence, a
 * consumer that is gone, or a link that was lost and is back has it made anew behind the last
 * message received.
 */
import type { Input } from "../../actors/shard/actor.ts";
import type { Log } from "../terminal/log.ts";
import type { InputSource } from "../masters/ports.ts";
import { every } from "../time/timers.ts";
import type { Stoppable } from "./broker.ts";
import type { NatsBroker } from "./connection.ts";
import { deliveryOf } from "./delivery.ts";
import { AckPolicy, DeliverPolicy, type Msg, nanos, type Subscription } from "./nats.ts";

export interface OrderedInputOptions {
  readonly stream: string;
  readonly filter: string;
  /** Name of the consumer; what operators see in `nats consumer report`. */
  readonly name: string;
  readonly description: string;
  /** Last sequence that was consumed already. */
  readonly cursor: number;
  readonly log: Log;
  /** Messages asked for at a time: also the most that wait in memory. */
  readonly pullMax?: number;
}

/** An input with the subject that it came on. */
export interface StreamInput extends Input {
  readonly subject: string;
}

/** Enough for one partition, also where the way to the broker is long. */
const PULL_MAX = 512;
const PULL_EXPIRES_MS = 10_000;
const HEARTBEAT_MS = 1_000;
/**
 * Three heartbeats missed: the consumer or the broker is gone. In a cluster a consumer goes with its
 * server and nobody says so, while the link to another server stands.
 */
const SILENCE_MAX_MS = 3 * HEARTBEAT_MS;
/** The broker forgets a consumer whose owner has died: each one costs it work with every message. */
const FORGOTTEN_AFTER_MS = 3 * PULL_EXPIRES_MS;
const WATCH_MS = 500;

export class OrderedInput implements InputSource {
  readonly #broker: NatsBroker;
  readonly #options: OrderedInputOptions;
  readonly #buffer: StreamInput[] = [];
  readonly #pullMax: number;
  #cursor: number;
  #name: string;
  #generation = 0;
  #delivered = 0;
  #asked = 0;
  #heard_ms = 0;
  #watched_ms = 0;
  #subscription: Subscription | undefined;
  #endWatch = () => {};
  #wake = () => {};
  #making: Promise<void> | undefined;
  #forgetting: Promise<void> | undefined;
  /** Why the consumer must be made anew, until it was. */
  #lost: string | undefined;
  #link: Stoppable | undefined;
  #stopped = false;

  constructor(broker: NatsBroker, options: OrderedInputOptions) {
    this.#broker = broker;
    this.#options = options;
    this.#pullMax = options.pullMax ?? PULL_MAX;
    this.#cursor = options.cursor;
    this.#name = options.name;
  }

  async open(): Promise<void> {
    await this.#make();
    this.#endWatch = every(this.#broker.timers, WATCH_MS, () => this.#watch());
    this.#link = this.#broker.onLink((up) => up && this.#remake("the link was lost"));
  }

  async take(limit: number, wait_ms?: number): Promise<StreamInput[]> {
    let late = false;
    const cancel = wait_ms === undefined ? () => {} : this.#broker.timers.after(wait_ms, () => {
      late = true;
      this.#wake();
    });
    while (this.#buffer.length === 0 && !this.#stopped && !late) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    cancel();
    const taken = this.#stopped ? [] : this.#buffer.splice(0, limit);
    if (this.#asked + this.#buffer.length < this.#pullMax / 2) this.#pull();
    return taken;
  }

  /** Consumers made so far: one more when the link was lost, or the broker was silent. */
  get made(): number {
    return this.#generation;
  }

  /** Messages that came and were not taken. */
  get waiting(): number {
    return this.#buffer.length;
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#endWatch();
    await this.#link?.stop();
    this.#wake();
    await this.#making; // What it makes would be left behind.
    this.#subscription?.unsubscribe();
    await Promise.all([this.#forgetting, this.#forget(this.#name)]);
  }

  /** A new consumer behind the last message that reached the buffer. */
  async #make(): Promise<void> {
    const { stream, filter, description } = this.#options;
    this.#subscription?.unsubscribe();
    this.#subscription = undefined;
    const generation = ++this.#generation;
    // Not waited for: of a consumer whose server is gone there is no answer.
    if (generation > 1) this.#forgetting = this.#forget(this.#name);
    this.#name = generation === 1 ? this.#options.name : `${this.#options.name}-${generation}`;
    const manager = await this.#broker.manager();
    await manager.consumers.add(stream, {
      name: this.#name,
      description,
      filter_subject: filter,
      ack_policy: AckPolicy.None,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: this.#cursor + 1,
      inactive_threshold: nanos(FORGOTTEN_AFTER_MS),
      mem_storage: true,
      num_replicas: 1,
    });
    this.#delivered = 0;
    this.#asked = 0;
    this.#heard_ms = this.#broker.timers.now_ms();
    const inbox = this.#broker.inbox();
    this.#subscription = this.#broker.connection.subscribe(inbox, {
      callback: (error, message) => {
        if (error === null && generation === this.#generation) this.#receive(message);
      },
    });
    this.#pull();
  }

  #pull(): void {
    if (this.#stopped || this.#subscription === undefined) return;
    const batch = this.#pullMax - this.#asked - this.#buffer.length;
    if (batch <= 0) return;
    this.#asked += batch;
    this.#broker.connection.publish(
      `$JS.API.CONSUMER.MSG.NEXT.${this.#options.stream}.${this.#name}`,
      JSON.stringify({
        batch,
        expires: nanos(PULL_EXPIRES_MS),
        idle_heartbeat: nanos(HEARTBEAT_MS),
      }),
      { reply: this.#subscription.getSubject() },
    );
  }

  #receive(message: Msg): void {
    this.#heard_ms = this.#broker.timers.now_ms();
    const code = message.headers?.code ?? 0;
    if (code === 100) return; // Idle heartbeat.
    if (code === 408 || code === 404) { // This pull has run out; the header says how much was left.
      const left = Number(message.headers?.get("Nats-Pending-Messages") || this.#asked);
      this.#asked = Math.max(0, this.#asked - left);
      return this.#pull();
    }
    if (code >= 400) return this.#remake(`the broker says ${code} ${message.headers?.description}`);
    const { sequence, delivered, arrival_ms } = deliveryOf(message.reply ?? "");
    if (delivered !== this.#delivered + 1) return this.#remake("a message is missing");
    this.#delivered = delivered;
    this.#asked -= 1;
    if (sequence <= this.#cursor) return; // Consumed before; nobody may see it twice.
    this.#cursor = sequence;
    const { subject } = message;
    const id = subject.slice(subject.lastIndexOf(".") + 1);
    this.#buffer.push({ sequence, id, subject, payload: message.data, arrival_ms });
    this.#wake();
  }

  #watch(): void {
    if (this.#lost !== undefined) return this.#remake(this.#lost);
    const now_ms = this.#broker.timers.now_ms();
    const stalled = now_ms - this.#watched_ms > 2 * WATCH_MS;
    this.#watched_ms = now_ms;
    // Nothing asked, or it was we who did not listen: the silence is not the broker's.
    if (this.#asked === 0 || stalled) this.#heard_ms = now_ms;
    if (now_ms - this.#heard_ms > SILENCE_MAX_MS) this.#remake("the broker is silent");
  }

  #remake(reason: string): void {
    if (this.#stopped) return;
    this.#lost = reason;
    if (this.#making) return; // If that one fails, the watchdog tries again.
    this.#making = this.#make()
      .then(() => {
        this.#lost = undefined;
        this.#options.log.info("input made anew", { consumer: this.#name, reason });
      }, () => {}) // The watchdog tries again; the link's own log line has said what is wrong.
      .finally(() => this.#making = undefined);
  }

  async #forget(name: string): Promise<void> {
    try {
      const manager = await this.#broker.manager();
      await manager.consumers.delete(this.#options.stream, name);
    } catch {
      // Gone already, or out of reach: the broker forgets it by its inactivity limit.
    }
  }
}
