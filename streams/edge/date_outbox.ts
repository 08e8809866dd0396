/** What is done with the outbox when the clock becomes known, and what is said of it. */
import type { Log } from "../terminal/log.ts";
import { sleep } from "../time/sleep.ts";
import type { Store } from "./store.ts";

export interface KnownTime {
  /** What is added to the local clock, in milliseconds. */
  readonly offset_ms: number;
  /** Unix time in milliseconds of the start of this process, and of now. */
  readonly started_ms: number;
  readonly at_ms: number;
}

export interface DatingOptions {
  readonly store: Pick<Store, "outbox" | "starts" | "keys">;
  readonly log: Log;
  /** The slave stops: what is not dated yet is dated at its next start. */
  readonly signal: AbortSignal;
  /** Whether the time that is known still is, and nothing has contradicted it. */
  readonly goOn: () => boolean;
  /** Some readings have a time now. */
  readonly onDated: () => void;
  /** Longest work in one piece, in milliseconds: lines, clock and broker wait meanwhile. */
  readonly slice_ms?: number;
}

const SLICE_MS = 20;

/** Dates what has no time, a piece at a time: an outbox that is full of it takes seconds. */
export class OutboxDating {
  readonly #options: DatingOptions;
  /**
   * The hour that each meter's keys stood at when the slave started. Keys go forward by a known clock
   * alone, so it had begun when readings of earlier starts were taken; later hours say nothing of them.
   */
  readonly #hours: ReadonlyMap<string, number>;
  #underWay: Promise<void> | undefined;
  /** What was last said of failures, and of readings of the future: each is said once. */
  #faults = "";
  #future = 0;

  constructor(options: DatingOptions) {
    this.#options = options;
    this.#hours = new Map(options.store.keys.hours());
  }

  /** The clock is known. Does nothing while an earlier call is under way: the next one does it. */
  begin(known: KnownTime): void {
    this.#underWay ??= this.#date(known).finally(() => this.#underWay = undefined);
  }

  /** Waits until nothing is under way. */
  async finish(): Promise<void> {
    await this.#underWay;
  }

  async #date(known: KnownTime): Promise<void> {
    const { goOn, onDated, signal, slice_ms = SLICE_MS } = this.#options;
    const total = { corrected: 0, uncertain: 0 };
    const faults: string[] = [];
    try {
      let [began_ms, told] = [performance.now(), 0];
      for (const each of this.#correct(known)) {
        total.corrected += each.corrected;
        total.uncertain += each.uncertain;
        if (each.fault !== undefined) faults.push(each.fault);
        if (performance.now() - began_ms < slice_ms) continue;
        const dated = total.corrected + total.uncertain;
        if (dated > told) onDated();
        told = dated;
        await sleep(0, signal);
        if (signal.aborted || !goOn()) break;
        began_ms = performance.now();
      }
      if (total.corrected + total.uncertain > told) onDated();
      this.#sayFuture(known);
    } catch (error) {
      faults.push((error as Error).message);
    }
    this.#say(known, total);
    this.#sayFaults(faults.join("; "));
  }

  #correct({ offset_ms, started_ms }: KnownTime) {
    const { outbox, starts } = this.#options.store;
    return outbox.correct({
      offset_ms,
      started_ms,
      isComparable: (boot) => starts.isComparable(boot),
      earliest_ms: (meter_id) => (this.#hours.get(meter_id) ?? 0) * 3_600_000,
    });
  }

  #say({ offset_ms }: KnownTime, total: { corrected: number; uncertain: number }): void {
    const { log } = this.#options;
    if (total.corrected > 0) {
      log.info("times of readings put right, taken before the clock was known", {
        readings: total.corrected,
        offset_s: Number((offset_ms / 1_000).toFixed(3)),
      });
    }
    if (total.uncertain > 0) {
      log.warn("readings of an earlier start cannot be dated for certain: marked so", {
        readings: total.uncertain,
      });
    }
  }

  #sayFuture({ at_ms }: KnownTime): void {
    const { store, log } = this.#options;
    const future = store.outbox.countAfter(at_ms);
    if (future > this.#future) {
      log.warn("readings of the future wait: the clock was wrong when they were taken", {
        readings: future,
      });
    }
    this.#future = future;
  }

  /** A full disk must not end the slave: what is not dated now is dated at the next good answer. */
  #sayFaults(text: string): void {
    const reason = text.slice(0, 400);
    if (reason !== "" && reason !== this.#faults) {
      this.#options.log.error("the store failed", { doing: "date", reason });
    }
    this.#faults = reason;
  }
}
