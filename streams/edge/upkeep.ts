/** What the slave does as time passes, whatever is read or sent: its keys go forward, or wait. */
import type { ClockQuality } from "../../protocol/messages/common.ts";
import type { Log } from "../terminal/log.ts";
import type { Store } from "./store.ts";

/** How often it is noted that the machine runs on, while the time is not known. */
const SEEN_S = 60;

export class Upkeep {
  readonly #store: Pick<Store, "keys">;
  readonly #log: Log;
  readonly #noteRun: () => void;
  /** When the machine's clocks were last noted, monotonic seconds. */
  #noted_s = 0;
  /** What was last said to be wrong. */
  #faults = "";

  /** `noteRun` notes for later starts that the machine has come so far. */
  constructor(store: Pick<Store, "keys">, log: Log, noteRun: () => void) {
    this.#store = store;
    this.#log = log;
    this.#noteRun = noteRun;
  }

  /** A moment has passed. A store that fails is said once; the next moment tries again. */
  tick(now: {
    readonly at_ms: number;
    readonly monotonic_s: number;
    readonly quality: ClockQuality;
  }): void {
    let text = "";
    try {
      // Keys go forward by a clock that is known, and never by one that may be wrong.
      if (now.quality !== 0) text = this.#advanceKeys(now.at_ms);
      else this.#waitForTime(now.monotonic_s);
    } catch (error) {
      text = `the store failed: ${(error as Error).message}`;
    }
    if (text !== this.#faults && text !== "") this.#log.error("keys", { reason: text });
    this.#faults = text;
  }

  #advanceKeys(at_ms: number): string {
    const faults = this.#store.keys.advance(Math.floor(at_ms / 1_000));
    return faults.map(({ meter_id, reason }) => `${meter_id}: ${reason}`).join("; ");
  }

  #waitForTime(monotonic_s: number): void {
    this.#store.keys.erasePrevious();
    if (monotonic_s - this.#noted_s < SEEN_S) return;
    this.#noteRun();
    this.#noted_s = monotonic_s;
  }
}
