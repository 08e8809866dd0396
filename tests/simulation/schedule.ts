/**
 * Virtual time: events in the order of their time, and in a seeded order where the time is the same.
 * Nothing here waits for the real clock; between two events the promises that are due run.
 */
import type { Random } from "./random.ts";

interface Event {
  readonly at_ms: number;
  readonly tie: number;
  action: (() => void) | undefined;
}

/**
 * Turns of the promise queue between two events. Promises that are still on their way then go on
 * during the next event; the order is the same in every run, whatever the number.
 */
const TURNS = 8;

export class Schedule {
  now_ms = 0;
  /** Events that were run. */
  count = 0;
  readonly #random: Random;
  readonly #heap: Event[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  /** Runs `action` in `delay_ms`; the function that comes back takes it back. */
  after(delay_ms: number, action: () => void): () => void {
    const event: Event = {
      at_ms: this.now_ms + Math.max(0, delay_ms),
      tie: this.#random.next(),
      action,
    };
    this.#push(event);
    return () => event.action = undefined;
  }

  /** Runs events until `done()`, or nothing is left, or `end_ms` has come. */
  async run(end_ms: number, done: () => boolean): Promise<void> {
    while (this.#heap.length > 0 && !done()) {
      if (this.#heap[0]!.at_ms > end_ms) break;
      const event = this.#pop();
      this.now_ms = event.at_ms;
      if (event.action === undefined) continue;
      this.count += 1;
      event.action();
      for (let turn = 0; turn < TURNS; turn++) await undefined;
    }
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let place = heap.push(event) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!before(event, heap[parent]!)) break;
      heap[place] = heap[parent]!;
      place = parent;
    }
    heap[place] = event;
  }

  #pop(): Event {
    const heap = this.#heap;
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child += 1;
      if (!before(heap[child]!, last)) break;
      heap[place] = heap[child]!;
      place = child;
    }
    heap[place] = last;
    return first;
  }
}

function before(a: Event, b: Event): boolean {
  return a.at_ms < b.at_ms || (a.at_ms === b.at_ms && a.tie < b.tie);
}
