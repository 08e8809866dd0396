/**
 * Reading meters over their lines: one at a time on a line, many lines at once up to a limit.
 */
import type { Readout } from "../../protocol/iec62056/readout.ts";
import { readMeter, type ReadMeterOptions } from "../serial/read_meter.ts";
import type { MeterConfiguration } from "./configuration.ts";

/** Reads one meter. Throws an error whose message says what to try. */
export type ReadMeter = (options: ReadMeterOptions, signal?: AbortSignal) => Promise<Readout>;

export class MeterLines {
  readonly #read: ReadMeter;
  readonly #atOnce: number;
  readonly #signal: AbortSignal;
  /** The last reading on each line that is in use: the next one waits for it. */
  readonly #last = new Map<string, Promise<unknown>>();
  readonly #places: (() => void)[] = [];
  #inUse = 0;

  constructor(atOnce: number, signal: AbortSignal, read: ReadMeter = readMeter) {
    this.#atOnce = atOnce;
    this.#signal = signal;
    this.#read = read;
  }

  /**
   * Reads `meter` when its line is free. How many may wait is bounded by the caller, who asks each
   * meter once at a time.
   */
  async read(meter: MeterConfiguration): Promise<Readout> {
    const before = this.#last.get(meter.line) ?? Promise.resolve();
    const mine = before.then(() => this.#readNow(meter));
    const settled = mine.catch(() => "the caller of read() is told");
    this.#last.set(meter.line, settled);
    try {
      return await mine;
    } finally {
      if (this.#last.get(meter.line) === settled) this.#last.delete(meter.line);
    }
  }

  async #readNow(meter: MeterConfiguration): Promise<Readout> {
    if (this.#inUse >= this.#atOnce) {
      // The place is handed over by the one who leaves it, so the count stays as it is.
      await new Promise<void>((resolve) => this.#places.push(resolve));
    } else this.#inUse++;
    try {
      this.#signal.throwIfAborted();
      return await this.#read(optionsOf(meter), this.#signal);
    } finally {
      const next = this.#places.shift();
      if (next === undefined) this.#inUse--;
      else next();
    }
  }
}

function optionsOf({ line, address, baud, quirks = {} }: MeterConfiguration): ReadMeterOptions {
  const given = {
    address,
    baud,
    fixedBaud: quirks.fixed_baud,
    ignoreProposedBaud: quirks.ignore_proposed_baud,
    settle_ms: quirks.settle_ms,
    framing: quirks.framing,
    wakeUp: quirks.wake_up,
    timeout_ms: quirks.timeout_ms,
  };
  const options: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) if (value !== undefined) options[name] = value;
  return { ...options, line, mode: quirks.listen ? "listen" : "request" };
}
