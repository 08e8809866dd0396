/** What masters say of the fleet's frames: which readings are journaled, and which frames refused. */
import { confirmation } from "../../protocol/messages/confirm.ts";
import { parseJson } from "../../protocol/schema.ts";
import { subjects } from "../../protocol/subjects.ts";
import type { Stoppable } from "../jetstream/broker.ts";
import type { NatsBroker } from "../jetstream/connection.ts";
import { Latencies } from "./latencies.ts";
import { Reasons } from "./reasons.ts";
import type { FleetSchedule } from "./schedule.ts";

/** Moments of sending that are remembered, a power of two: what is confirmed later has no duration. */
const REMEMBERED = 2 ** 20;

export class Confirmations implements Stoppable {
  readonly latencies = new Latencies();
  readonly refused = new Reasons();
  /** Each reading counts once, however often it is confirmed. */
  confirmed = 0;
  readonly #schedule: FleetSchedule;
  readonly #index: ReadonlyMap<string, number>;
  readonly #done: Uint8Array;
  readonly #sent_ms = new Float64Array(REMEMBERED);
  readonly #sentAs = new Float64Array(REMEMBERED).fill(-1);
  readonly #listening: Stoppable[] = [];
  #sent = 0;

  /** `readings_max` is how many there may be in this run. */
  constructor(
    given: {
      readonly schedule: FleetSchedule;
      readonly meters: readonly string[];
      readonly readings_max: number;
    },
  ) {
    this.#schedule = given.schedule;
    this.#index = new Map(given.meters.map((meter_id, index) => [meter_id, index]));
    this.#done = new Uint8Array(Math.ceil(given.readings_max / 8));
  }

  /** Listens for the slaves of the fleet until stopped. */
  listen(broker: NatsBroker, slaves: Iterable<string>): void {
    for (const slave of new Set(slaves)) {
      const subject = subjects.confirm(slave);
      this.#listening.push(broker.listen(subject, (payload) => this.take(payload)));
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#listening.map((one) => one.stop()));
  }

  /** Reading `n` goes out. */
  sent(n: number): void {
    this.#sent_ms[n % REMEMBERED] = performance.now();
    this.#sentAs[n % REMEMBERED] = n;
    this.#sent = Math.max(this.#sent, n + 1);
  }

  /** Throws `TerminalError` for what is no confirmation. */
  take(payload: Uint8Array): void {
    const text = new TextDecoder().decode(payload);
    const { confirmed, refused } = parseJson(confirmation, text, "Confirmation");
    for (const { meter_id, read_at_ms } of confirmed) this.#confirm(meter_id, read_at_ms);
    for (const { meter_id, reason } of refused) {
      if (this.#index.has(meter_id)) this.refused.add(reason);
    }
  }

  #confirm(meter_id: string, read_at_ms: number): void {
    const meter = this.#index.get(meter_id);
    const n = meter === undefined ? undefined : this.#schedule.readingAt(meter, read_at_ms);
    if (n === undefined || n >= this.#sent) return; // Of an earlier run.
    const bit = 1 << n % 8;
    const at = Math.floor(n / 8);
    if (this.#done[at]! & bit) return;
    this.#done[at]! |= bit;
    this.confirmed += 1;
    if (this.#sentAs[n % REMEMBERED] !== n) return;
    this.latencies.add(performance.now() - this.#sent_ms[n % REMEMBERED]!);
  }
}
