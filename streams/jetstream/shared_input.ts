/**
 * One consumer for many partitions of a stream, while there is much to do.
 *
 * A consumer with a filter has the broker look at every message of the stream and pass over those of
 * other partitions: with 64 of them each message is looked at 64 times, and most of the broker's work
 * is looking. So a master that holds many partitions, and has much to do, reads the whole stream once
 * and hands each message to the share of its partition.
 *
 * A share is an input like any other. It begins with a consumer of its own behind its cursor, joins
 * once it has come near the others, and falls back to its own when it cannot keep up with them: so
 * one partition that is flooded, or whose journal is out of reach, does not hold up the rest.
 */
import type { Log } from "../terminal/log.ts";
import type { NatsBroker } from "./connection.ts";
import { OrderedInput, type StreamInput } from "./ordered_input.ts";
import { Share } from "./shared_share.ts";

export interface SharedInputOptions {
  readonly stream: string;
  /** Takes in every partition. Its last but one token is the partition. */
  readonly filter: string;
  readonly name: string;
  readonly description: string;
  readonly log: Log;
  /** Partitions held from which on it is worth while: the others' messages are read for nothing. */
  readonly sharesMin?: number;
  /** Messages a second from which on the partitions are read together. */
  readonly busy_a_second?: number;
}

/** A quarter of the partitions: below that, passing over the others' messages costs as much. */
const SHARES_MIN = 16;
const BUSY_A_SECOND = 1_000;
/** Shares that want to join within this time do so together. */
const JOIN_WAIT_MS = 50;
/** How far the common position may go back for a share that joins: under a second of reading. */
const BACK_MAX = 100_000;
const TAKE_MAX = 512;
/** On their way at a time: what all partitions do while the next ones are asked for. */
const PULL_MAX = 8_192;
/** Messages that wait in all shares together. */
const WAITING_MAX = 8_192;
/** After this long without room the fullest share goes its own way. */
const NO_ROOM_MAX_MS = 500;

export class SharedInput {
  readonly #broker: NatsBroker;
  readonly #options: SharedInputOptions;
  readonly #shares = new Set<Share>();
  readonly #members = new Map<number, Share>();
  readonly #joining = new Set<Share>();
  #input: OrderedInput | undefined;
  /** Last message handed out, or where the present consumer began. */
  #position = 0;
  #made = 0;
  #waiting = 0;
  #room = () => {};
  #changing: Promise<void> = Promise.resolve();
  #scheduled = false;
  #second_ms = -Infinity;
  #counted = 0;
  #busy = false;

  constructor(broker: NatsBroker, options: SharedInputOptions) {
    this.#broker = broker;
    this.#options = options;
  }

  /** The input of `partition`. `makeOwn` makes a consumer of its own behind a cursor. */
  async share(
    partition: number,
    cursor: number,
    makeOwn: (cursor: number) => OrderedInput,
  ): Promise<Share> {
    const share = new Share(this, this.#broker.timers, partition, cursor, makeOwn);
    await share.open();
    this.#shares.add(share);
    return share;
  }

  /** Counts what a share took by itself, and takes it in if it is fit and near the others. */
  took(share: Share, count: number, fit: boolean): void {
    this.#count(count);
    if (!fit || this.#joining.has(share)) return;
    if (this.#shares.size < (this.#options.sharesMin ?? SHARES_MIN)) return;
    if (!this.#busy && this.#input === undefined) return;
    this.#joining.add(share);
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#broker.timers.after(JOIN_WAIT_MS, () => {
      this.#scheduled = false;
      this.#change(() => this.#join());
    });
  }

  /** A member took `count` of what waits. */
  gave(count: number): void {
    this.#waiting -= count;
    if (this.#waiting <= WAITING_MAX) this.#room();
  }

  /** The share ends; with too few left the others go their own ways again. */
  async leave(share: Share): Promise<void> {
    this.#shares.delete(share);
    this.#joining.delete(share);
    this.#part(share);
    if (this.#shares.size >= (this.#options.sharesMin ?? SHARES_MIN)) return;
    this.#change(() => this.#dissolve());
    await this.#changing;
  }

  #count(count: number): void {
    const now_ms = this.#broker.timers.now_ms();
    if (now_ms - this.#second_ms > 1_000) {
      this.#second_ms = now_ms;
      this.#counted = 0;
    }
    this.#counted += count;
    this.#busy = this.#counted >= (this.#options.busy_a_second ?? BUSY_A_SECOND);
  }

  /** Changes of membership, one behind the other. */
  #change(change: () => Promise<void>): void {
    this.#changing = this.#changing.then(change);
  }

  /** Takes in the shares that are near enough, with one consumer that begins behind all of them. */
  async #join(): Promise<void> {
    const wishes = [...this.#joining].filter((share) => share.alone);
    this.#joining.clear();
    const front = this.#input ? this.#position : Math.max(...wishes.map(({ reached }) => reached));
    const near = wishes.filter((share) => share.reached >= front - BACK_MAX);
    if (near.length === 0) return;
    const cursor = Math.min(...near.map(({ reached }) => reached));
    if (this.#input === undefined || cursor < this.#position) {
      const next = await this.#make(this.#input ? Math.min(cursor, this.#position) : cursor);
      if (next === undefined) return;
      void this.#pump(next);
    }
    for (const share of near) {
      if (!share.alone) continue; // Ended meanwhile.
      this.#members.set(share.partition, share);
      share.join();
    }
  }

  /** The next common consumer in place of the present one; undefined when it cannot be made now. */
  async #make(cursor: number): Promise<OrderedInput | undefined> {
    const { sharesMin: _, busy_a_second: __, name, ...options } = this.#options;
    const next = new OrderedInput(this.#broker, {
      ...options,
      name: `${name}-${++this.#made}`,
      pullMax: PULL_MAX,
      cursor,
    });
    try {
      await next.open();
    } catch (error) {
      // Each share has its own consumer still, and asks again.
      this.#options.log.warn("partitions not read together", { reason: (error as Error).message });
      await next.stop();
      return undefined;
    }
    const before = this.#input;
    this.#input = next;
    this.#position = cursor;
    this.#room();
    if (before) void before.stop();
    return next;
  }

  async #pump(input: OrderedInput): Promise<void> {
    while (input === this.#input) {
      const messages = await input.take(TAKE_MAX);
      if (input !== this.#input) return;
      for (const message of messages) this.#hand(message);
      for (const share of this.#members.values()) share.wake();
      while (this.#waiting > WAITING_MAX && input === this.#input) await this.#untilRoom();
    }
  }

  #hand(message: StreamInput): void {
    this.#position = message.sequence;
    const share = this.#members.get(partitionIn(message.subject));
    if (share === undefined || message.sequence <= share.reached) return;
    if (share.push(message)) this.#waiting += 1;
    else this.#fall(share, true);
  }

  async #untilRoom(): Promise<void> {
    await new Promise<void>((resolve) => {
      const cancel = this.#broker.timers.after(NO_ROOM_MAX_MS, () => {
        const fullest = [...this.#members.values()]
          .reduce((a, b) => a.waiting >= b.waiting ? a : b);
        this.#fall(fullest, true);
        resolve();
      });
      this.#room = () => {
        cancel();
        resolve();
      };
    });
    this.#room = () => {};
  }

  /** What waits in the share is its own from now on. */
  #part(share: Share): void {
    if (this.#members.get(share.partition) !== share) return;
    this.#members.delete(share.partition);
    this.#waiting -= share.waiting;
    if (this.#waiting <= WAITING_MAX) this.#room();
  }

  #fall(share: Share, slow: boolean): void {
    this.#part(share);
    share.fall(slow);
  }

  async #dissolve(): Promise<void> {
    const input = this.#input;
    this.#input = undefined;
    this.#busy = false;
    for (const share of [...this.#members.values()]) this.#fall(share, false);
    this.#room();
    await input?.stop();
  }
}

/** `samay.frame.07.MH1` is of partition 7. */
function partitionIn(subject: string): number {
  const end = subject.lastIndexOf(".");
  return Number(subject.slice(subject.lastIndexOf(".", end - 1) + 1, end));
}
