/** A slave whose time, sleep and broker are in the hands of the test. */
import type { ClockQuality } from "../../../protocol/messages/common.ts";
import type { SessionReport } from "../../../protocol/messages/session.ts";
import type { ClockEstimate } from "../../../protocol/ntp/discipline.ts";
import type { NatsBroker } from "../../../streams/jetstream/connection.ts";
import type { TimeSync, TimeSyncOptions } from "../../../streams/time/time_sync.ts";

/** Stands for the time servers and the estimator: says what the test wants it to. */
export class SimulatedSync {
  quality: ClockQuality = 0;
  /** To be added to the local clock; null as long as no server has answered. */
  offset_s: number | null = null;
  readonly followed: TimeSyncOptions[] = [];
  #current: TimeSyncOptions | undefined;

  readonly follow = (options: TimeSyncOptions): TimeSync => {
    this.followed.push(options);
    // What follows from here on has had no answer yet.
    this.offset_s = null;
    this.quality = 0;
    this.#current = options;
    return {
      now: () => {
        const estimate = this.#estimate(options);
        const local_ms = Number(options.clock.now_ns() / 1_000n) / 1e3;
        return { at_ms: local_ms + estimate.offset_s * 1e3, estimate };
      },
      stop: () => Promise.resolve(),
    };
  };

  /** A good answer: the clock is known, and `utc_ms` it is. */
  adopt(utc_ms: number, quality: ClockQuality = 2): void {
    const options = this.#current!;
    this.offset_s = (utc_ms - Number(options.clock.now_ns() / 1_000n) / 1e3) / 1e3;
    this.quality = quality;
    options.onAdopted?.(this.#estimate(options));
  }

  /** A server whose answer would move the clock by `step_s`. */
  refuse(step_s: number, server = "liar"): void {
    const text = `step of ${step_s} s refused`;
    this.#current!.onTrouble?.({ server, reason: "step_refused", text, step_s });
  }

  /** Nothing is known any more, as after the error bound has grown too far. */
  lapse(): void {
    this.quality = 0;
  }

  #estimate(options: TimeSyncOptions): ClockEstimate {
    const known = this.offset_s !== null && options === this.#current;
    return {
      offset_s: known ? this.offset_s! : 0,
      delay_s: null,
      dispersion_s: null,
      quality: known ? this.quality : 0,
      stratum: null,
      source: known ? "simulated" : null,
      frequency_ppm: null,
      leap: 0,
    } as ClockEstimate;
  }
}

/** A broker that keeps what is published. It has no consumers: commands do not come. */
export class SimulatedBroker {
  readonly published: { readonly subject: string; readonly payload: Uint8Array }[] = [];
  readonly #confirm: ((payload: Uint8Array, subject: string) => void)[] = [];

  readonly broker = {
    publish: (subject: string, payload: Uint8Array) => {
      this.published.push({ subject, payload });
      return Promise.resolve({ stream: "any", sequence: this.published.length, duplicate: false });
    },
    listen: (_subject: string, handler: (payload: Uint8Array, subject: string) => void) => {
      this.#confirm.push(handler);
      return { stop: () => Promise.resolve() };
    },
    onLink: () => ({ stop: () => Promise.resolve() }),
    manager: () => Promise.reject(new Error("no streams here")),
  } as unknown as NatsBroker;

  get frames(): Uint8Array[] {
    const frames = this.published.filter(({ subject }) => subject.startsWith("samay.frame."));
    return frames.map(({ payload }) => payload);
  }

  get reports(): SessionReport[] {
    return this.published.filter(({ subject }) => subject.startsWith("samay.session."))
      .map(({ payload }) => JSON.parse(new TextDecoder().decode(payload)));
  }

  confirm(...confirmed: { meter_id: string; read_at_ms: number }[]): void {
    const message = { journal_sequence: 1, confirmed, refused: [] };
    const payload = new TextEncoder().encode(JSON.stringify(message));
    for (const handler of this.#confirm) handler(payload, "samay.confirm.south");
  }
}
