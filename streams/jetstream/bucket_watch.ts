/**
 * Watching a bucket for as long as the process lives. The client library's own watch notices only
 * after some fifteen seconds that the broker has forgotten it, which is longer than a lease: this one
 * begins anew as soon as the link is back, and says while it sees nothing.
 */
import type { Bucket, Stoppable } from "./broker.ts";
import type { LinkState } from "./link_state.ts";
import type { KV } from "./nats.ts";

type OnEntry = Parameters<Bucket["watch"]>[0];
type OnSight = (inSight: boolean) => void;

const RETRY_MS = 500;

/** Resolves once every entry that stands has been handled; changes follow until stopped. */
export async function startWatch(
  kv: KV,
  link: LinkState,
  onEntry: OnEntry,
  onSight: OnSight = () => {},
): Promise<Stoppable> {
  const watch = new Watch(kv, onEntry, onSight);
  const following = link.listen((up) => up ? watch.begin() : onSight(false));
  try {
    await watch.first();
  } catch (error) {
    await following.stop();
    throw error;
  }
  return {
    stop: async () => {
      await following.stop();
      await watch.stop();
    },
  };
}

class Watch {
  readonly #kv: KV;
  readonly #onEntry: OnEntry;
  readonly #onSight: OnSight;
  #look: Look | undefined;
  #turn: Promise<void> = Promise.resolve();
  #retry: ReturnType<typeof setTimeout> | undefined;
  #stopped = false;

  constructor(kv: KV, onEntry: OnEntry, onSight: OnSight) {
    this.#kv = kv;
    this.#onEntry = onEntry;
    this.#onSight = onSight;
  }

  async first(): Promise<void> {
    await this.#open();
    await this.#look?.complete;
  }

  /** Looks again from the beginning, one attempt behind the other until one stands. */
  begin(): void {
    clearTimeout(this.#retry);
    this.#turn = this.#turn.then(async () => {
      if (this.#stopped) return;
      try {
        await this.#open();
      } catch { // Out of reach again: the link has said so. Tried anew until stopped.
        this.#later();
      }
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#retry);
    await this.#turn;
    await this.#look?.stop();
  }

  async #open(): Promise<void> {
    await this.#look?.stop();
    const look = await startLook(this.#kv, this.#onEntry, () => {
      this.#onSight(false);
      this.#later();
    });
    this.#look = look;
    look.complete.then(() => {
      if (look === this.#look && !this.#stopped) this.#onSight(true);
    });
  }

  #later(): void {
    clearTimeout(this.#retry);
    if (!this.#stopped) this.#retry = setTimeout(() => this.begin(), RETRY_MS);
  }
}

interface Look extends Stoppable {
  /** Every entry that stood has been handled. */
  readonly complete: Promise<void>;
}

async function startLook(kv: KV, onEntry: OnEntry, onFailure: () => void): Promise<Look> {
  const complete = Promise.withResolvers<void>();
  let delivered = false;
  let handled = 0;
  const iterator = await kv.watch({ initializedFn: () => delivered = true });
  // "Delivered" comes from the wire; what stands is complete when all that came was handled too.
  const settle = () => {
    if (!delivered || handled < iterator.getReceived()) return;
    clearInterval(poll);
    complete.resolve();
  };
  const poll = setInterval(settle, 5);
  const handleAll = async () => {
    for await (const entry of iterator) {
      onEntry(entry.key, entry.operation === "PUT" ? entry.value : undefined, entry.revision);
      handled += 1;
      settle();
    }
  };
  // The iterator ends with an error when the library cannot make its consumer anew.
  const loop = handleAll().catch(onFailure);
  settle();
  return {
    complete: complete.promise,
    stop: async () => {
      clearInterval(poll);
      iterator.stop();
      await loop;
    },
  };
}
