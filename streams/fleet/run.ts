/** A load of simulated meters: seals, publishes, counts what comes back, and ends by itself. */
import { cpuUsage } from "node:process";
import { AckWindow } from "../jetstream/ack_window.ts";
import type { NatsBroker } from "../jetstream/connection.ts";
import { Failure } from "../terminal/command.ts";
import { Confirmations } from "./confirmations.ts";
import { type FleetMeter, sealedFrame } from "./frames.ts";
import { Latencies } from "./latencies.ts";
import { Reasons } from "./reasons.ts";
import { FleetSchedule, rateMax } from "./schedule.ts";

export interface FleetOptions {
  readonly broker: NatsBroker;
  readonly meters: readonly FleetMeter[];
  /** Slaves whose confirmations are listened for; none: nobody waits for them. */
  readonly slaves: Iterable<string>;
  /** Frames a second, evenly; 0: as fast as the broker acknowledges them. */
  readonly rate: number;
  readonly seconds: number;
  /** Frames on their way to the broker at most. */
  readonly inFlight?: number;
  /** At the end, so long is waited for a further confirmation before the wait is given up. */
  readonly patience_s: number;
  readonly onProgress?: (far: FleetFar) => void;
  /** Resolves when the load is to end early. */
  readonly stopped?: Promise<unknown>;
}

/** How far a run has come. */
export interface FleetFar {
  readonly elapsed_s: number;
  readonly sealed: number;
  readonly acknowledged: number;
  readonly confirmed: number;
}

export interface FleetResult {
  readonly meters: number;
  /** From the first frame to the last acknowledgement. */
  readonly seconds: number;
  readonly sealed: number;
  readonly acknowledged: number;
  readonly acknowledged_a_second: number;
  /** Of this process, while it sealed, published and heard acknowledgements and confirmations. */
  readonly cpu_s: number;
  readonly acknowledged_a_second_a_core: number;
  /** Furthest that a frame went out behind its moment; null without a rate. */
  readonly late_ms_max: number | null;
  readonly ack_ms: { readonly p50: number | null; readonly p99: number | null };
  /** Null where nobody waited for confirmations. */
  readonly confirmed: number | null;
  readonly confirm_ms: { readonly p50: number | null; readonly p99: number | null } | null;
  /** Frames that a stream or a master refused, by reason. */
  readonly refused: Readonly<Record<string, number>>;
  readonly interrupted: boolean;
}

export const IN_FLIGHT = 4_096;
/** Frames sealed in one go: some milliseconds, then acknowledgements are heard. */
const AT_ONCE = 256;
/** The next frames at a low rate are looked for so often. */
const TICK_MS = 2;
/** Without an acknowledgement for so long, none will come. */
const STALLED_MS = 10_000;
const LOOK_MS = 100;

/** Runs the load. Throws `Failure` when the broker acknowledges nothing any more. */
export async function runFleet(options: FleetOptions): Promise<FleetResult> {
  const run = new FleetRun(options);
  try {
    return await run.run();
  } finally {
    await run.stop();
  }
}

class FleetRun {
  readonly #options: FleetOptions;
  readonly #schedule: FleetSchedule;
  readonly #window: AckWindow;
  readonly #confirmations: Confirmations;
  readonly #listens: boolean;
  readonly #acks = new Latencies();
  readonly #refusals = new Reasons();
  readonly #begin_ms: number;
  readonly #readings_max: number;
  #sealed = 0;
  #acknowledged = 0;
  #moved_ms = performance.now();
  #late_ms_max = 0;
  #interrupted = false;

  constructor(options: FleetOptions) {
    const { broker, meters, seconds, inFlight = IN_FLIGHT } = options;
    this.#options = options;
    this.#begin_ms = Date.now();
    const rate = options.rate || rateMax(meters.length);
    this.#readings_max = rate * seconds;
    this.#schedule = new FleetSchedule({ meters: meters.length, rate, begin_ms: this.#begin_ms });
    const slaves = [...options.slaves];
    this.#listens = slaves.length > 0;
    this.#confirmations = new Confirmations({
      schedule: this.#schedule,
      meters: meters.map(({ meter_id }) => meter_id),
      readings_max: this.#readings_max,
    });
    this.#confirmations.listen(broker, slaves);
    this.#window = new AckWindow(broker, {
      places: inFlight,
      onAck: (_n, waited_ms) => {
        this.#acks.add(waited_ms);
        this.#acknowledged += 1;
        this.#moved_ms = performance.now();
      },
      onRefusal: (_n, reason) => {
        this.#refusals.add(reason);
        this.#moved_ms = performance.now();
      },
    });
    options.stopped?.then(() => this.#interrupted = true);
  }

  async run(): Promise<FleetResult> {
    const cpu = cpuUsage();
    const started_ms = this.#moved_ms = performance.now();
    await this.#send();
    await this.#untilAcknowledged();
    const seconds = (performance.now() - started_ms) / 1_000;
    const { user, system } = cpuUsage(cpu);
    await this.#untilConfirmed();
    return this.#result(seconds, (user + system) / 1e6);
  }

  async stop(): Promise<void> {
    this.#window.stop();
    await this.#confirmations.stop();
  }

  /** Seals what is due, as far as there is room, until the time is over. */
  async #send(): Promise<void> {
    const { rate, seconds } = this.#options;
    const end_ms = this.#begin_ms + seconds * 1_000;
    for (;;) {
      const now_ms = Date.now();
      const due = Math.min(this.#schedule.dueAt(now_ms), this.#readings_max);
      const until = Math.min(due, this.#sealed + Math.min(AT_ONCE, this.#window.room));
      if (rate > 0 && this.#sealed < due) {
        const late_ms = now_ms - this.#schedule.readAt_ms(this.#sealed);
        this.#late_ms_max = Math.max(this.#late_ms_max, late_ms);
      }
      while (this.#sealed < until) this.#publish(this.#sealed++);
      // Behind the sealing: what became due since the last look goes out too.
      if (now_ms >= end_ms || this.#interrupted) return;
      if (this.#window.room === 0) await this.#window.change(LOOK_MS);
      else await turn(this.#sealed < due ? 0 : TICK_MS);
      this.#look();
    }
  }

  #publish(n: number): void {
    const schedule = this.#schedule;
    const read_at_ms = schedule.readAt_ms(n);
    const { subject, payload } = sealedFrame(this.#options.meters[schedule.meterOf(n)]!, {
      boot: schedule.boot,
      sequence: schedule.sequenceOf(n),
      sealedAt_ms: Date.now(),
      read_at_ms,
      energy_wh: schedule.energyAt_wh(read_at_ms),
    });
    this.#confirmations.sent(n);
    this.#window.publish(n, subject, payload);
  }

  async #untilAcknowledged(): Promise<void> {
    while (this.#window.waiting > 0) {
      await this.#window.change(LOOK_MS);
      this.#look();
    }
  }

  /** Until each frame was confirmed or refused, or nothing has come for as long as was allowed. */
  async #untilConfirmed(): Promise<void> {
    if (!this.#listens) return;
    let known = -1;
    let moved_ms = performance.now();
    while (!this.#interrupted) {
      const { confirmed, refused } = this.#confirmations;
      const now_ms = performance.now();
      const settled = confirmed + refused.total;
      if (settled >= this.#acknowledged) return;
      if (settled > known) [known, moved_ms] = [settled, now_ms];
      if (now_ms - moved_ms > this.#options.patience_s * 1_000) return;
      this.#tell();
      await turn(LOOK_MS);
    }
  }

  /** Tells how far it is. Throws when nothing has moved for too long while something waits. */
  #look(): void {
    this.#tell();
    const { waiting } = this.#window;
    if (waiting === 0) this.#moved_ms = performance.now();
    if (performance.now() - this.#moved_ms < STALLED_MS) return;
    throw new Failure(
      `The broker has acknowledged ${this.#acknowledged} frames and none for ` +
        `${STALLED_MS / 1_000} s, while ${waiting} wait: is it there, are its streams made, and ` +
        "may this user publish to samay.frame.>?",
    );
  }

  #tell(): void {
    this.#options.onProgress?.({
      elapsed_s: (Date.now() - this.#begin_ms) / 1_000,
      sealed: this.#sealed,
      acknowledged: this.#acknowledged,
      confirmed: this.#confirmations.confirmed,
    });
  }

  #result(seconds: number, cpu_s: number): FleetResult {
    const { confirmed, latencies, refused } = this.#confirmations;
    const quantiles = (of: Latencies) => ({ p50: of.quantile(0.5), p99: of.quantile(0.99) });
    return {
      meters: this.#options.meters.length,
      seconds,
      sealed: this.#sealed,
      acknowledged: this.#acknowledged,
      acknowledged_a_second: Math.round(this.#acknowledged / seconds),
      cpu_s,
      acknowledged_a_second_a_core: Math.round(this.#acknowledged / cpu_s),
      late_ms_max: this.#options.rate > 0 ? Math.round(this.#late_ms_max) : null,
      ack_ms: quantiles(this.#acks),
      confirmed: this.#listens ? confirmed : null,
      confirm_ms: this.#listens ? quantiles(latencies) : null,
      refused: this.#refusals.with(refused).counts,
      interrupted: this.#interrupted,
    };
  }
}

/** Lets the network have its turn. */
function turn(duration_ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, duration_ms));
}
