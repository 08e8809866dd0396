/** One partition's input, which is read with those of other partitions or by itself. */
import type { Input } from "../../actors/shard/actor.ts";
import { RetryableError } from "../../protocol/errors.ts";
import type { InputSource } from "../masters/ports.ts";
import { pass, type Timers } from "../time/timers.ts";
import type { OrderedInput } from "./ordered_input.ts";

/** What a share tells of itself to those that are read together. */
export interface Together {
  /** `fit`: whether it may be read together with the others. */
  took(share: Share, count: number, fit: boolean): void;
  gave(count: number): void;
  leave(share: Share): Promise<void>;
}

/** Messages that wait in one share: past this it is too slow for the others. */
const WAITING_MAX = 1_024;
const RETRY_MS = 500;
/**
 * A share that is busy takes a little at a time only this often: a record for each few messages would
 * cost more than the messages.
 */
const GATHER_MS = 25;

export class Share implements InputSource {
  readonly partition: number;
  readonly #together: Together;
  readonly #timers: Timers;
  readonly #makeOwn: (cursor: number) => OrderedInput;
  readonly #buffer: Input[] = [];
  /** Undefined while it is read together with others. */
  #own: OrderedInput | undefined;
  #ending: Promise<void> = Promise.resolve();
  #reached: number;
  #member = false;
  /** It could not keep up: by itself until it has nothing more to do. */
  #slow = false;
  #took_ms = -Infinity;
  #wake = () => {};
  #stopped = false;

  constructor(
    together: Together,
    timers: Timers,
    partition: number,
    cursor: number,
    makeOwn: (cursor: number) => OrderedInput,
  ) {
    this.#together = together;
    this.#timers = timers;
    this.partition = partition;
    this.#reached = cursor;
    this.#makeOwn = makeOwn;
  }

  async open(): Promise<void> {
    const own = this.#makeOwn(this.#reached);
    await own.open();
    this.#own = own;
  }

  /** Everything of this partition up to here was given out or waits in the buffer. */
  get reached(): number {
    return this.#reached;
  }

  get waiting(): number {
    return this.#buffer.length;
  }

  /** It has a consumer of its own that stands, and nothing besides: it may join. */
  get alone(): boolean {
    return this.#own !== undefined && !this.#stopped;
  }

  /** Its own consumer is let go: what that one still has comes again. */
  join(): void {
    const own = this.#own;
    this.#own = undefined;
    this.#member = true;
    this.#slow = false;
    if (own) this.#ending = this.#ending.then(() => own.stop());
  }

  /** What waits is given out; then it goes on with a consumer of its own. */
  fall(slow: boolean): void {
    this.#member = false;
    this.#slow = slow;
    this.#wake();
  }

  /** False when there is no room. */
  push(message: Input): boolean {
    if (this.#buffer.length >= WAITING_MAX) return false;
    this.#buffer.push(message);
    this.#reached = message.sequence;
    return true;
  }

  wake(): void {
    if (this.#buffer.length > 0) this.#wake();
  }

  async take(limit: number, wait_ms?: number): Promise<Input[]> {
    while (!this.#stopped) {
      const own = this.#own;
      if (own !== undefined) {
        const taken = await own.take(limit, wait_ms);
        // It joined meanwhile: what was taken comes again.
        if (own !== this.#own) continue;
        this.#reached = taken.at(-1)?.sequence ?? this.#reached;
        if (taken.length > 0) {
          this.#together.took(this, taken.length, !this.#slow || own.waiting === 0);
        }
        return taken;
      }
      if (this.#buffer.length === 0 && !this.#member) await this.#openOwn();
      else return await this.#takeShared(limit, wait_ms);
    }
    return [];
  }

  async #takeShared(limit: number, wait_ms?: number): Promise<Input[]> {
    const rest_ms = this.#took_ms + GATHER_MS - this.#timers.now_ms();
    if (this.#buffer.length < limit && rest_ms > 0) await pass(this.#timers, rest_ms);
    if (this.#buffer.length === 0) await this.#untilWoken(wait_ms);
    this.#took_ms = this.#timers.now_ms();
    if (this.#stopped) return [];
    const taken = this.#buffer.splice(0, limit);
    if (this.#member) this.#together.gave(taken.length);
    // It fell while there was nothing: an empty list would say that it was stopped.
    return taken.length === 0 && wait_ms === undefined ? await this.take(limit) : taken;
  }

  /** Until something waits, it fell or was stopped, or `wait_ms` have gone by. */
  async #untilWoken(wait_ms?: number): Promise<void> {
    if (this.#stopped || !this.#member) return;
    await new Promise<void>((resolve) => {
      const cancel = wait_ms === undefined
        ? () => {}
        : this.#timers.after(wait_ms, () => resolve());
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
    this.#wake = () => {};
  }

  /** Behind everything that was given out. Tried until it stands or the share is stopped. */
  async #openOwn(): Promise<void> {
    const own = this.#makeOwn(this.#reached);
    try {
      await own.open();
      this.#own = own;
      if (this.#stopped) await own.stop();
    } catch (error) {
      await own.stop();
      if (!(error instanceof RetryableError)) throw error;
      if (!this.#stopped) await pass(this.#timers, RETRY_MS);
    }
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#wake();
    const leaving = this.#together.leave(this);
    await this.#own?.stop();
    await this.#ending;
    await leaving;
  }
}
