/**
 * A world of clocks and packets, by a seed: one local oscillator, time servers, the ways between them.
 *
 * Only the world is simulated. What runs in it are the production client (`judgeAnswer`, `Discipline`,
 * `Pace`) and the production server (`answer`, `kiss`, `RateLimit`), on the bytes of real packets.
 * Times are seconds of true time since the start of the run unless they say otherwise.
 */
import { answer as respond, kiss } from "../../../protocol/ntp/respond.ts";
import { RateLimit } from "../../../protocol/ntp/rate_limit.ts";
import type { Random } from "../random.ts";

/** How one packet fares: seconds under way, or undefined when it is lost. */
export type Way = (random: Random, at_s: number) => number | undefined;

export interface ServerOptions {
  readonly name: string;
  /** Server time less true UTC (continuous), in seconds. */
  readonly error_s?: (at_s: number) => number;
  readonly leap?: (at_s: number) => number;
  /** Whether it answers a question at this moment with DENY. */
  readonly denies?: (at_s: number) => boolean;
  readonly rate?: { readonly burst: number; readonly rate_hz: number };
  readonly toServer: Way;
  readonly toClient: Way;
}

/** A local clock: `offset_s` wrong at the start, running fast by `frequency`, which wanders. */
export class Oscillator {
  readonly #readings_s: Float64Array;
  readonly #frequencies: Float64Array;

  constructor(
    random: Random,
    duration_s: number,
    { frequency, wander }: { readonly frequency: number; readonly wander: number },
  ) {
    const steps = Math.ceil(duration_s) + 8;
    this.#readings_s = new Float64Array(steps + 1);
    this.#frequencies = new Float64Array(steps + 1);
    let excess = frequency;
    for (let k = 0; k <= steps; k++) {
      this.#frequencies[k] = excess;
      if (k < steps) this.#readings_s[k + 1] = this.#readings_s[k]! + 1 + excess;
      excess += wander * random.normal();
    }
  }

  /** What the monotonic clock shows at `at_s`. */
  monotonic_s(at_s: number): number {
    const k = Math.floor(at_s);
    return this.#readings_s[k]! + (at_s - k) * (1 + this.#frequencies[k]!);
  }

  /** By how much it is fast, in seconds a second. */
  excess(at_s: number): number {
    return this.#frequencies[Math.floor(at_s)]!;
  }
}

const NS_PER_S = 1e9;

/** A server in the world. `start_ns` is the true UTC, as Unix time, at the start of the run. */
export class Server {
  readonly name: string;
  readonly #options: ServerOptions;
  readonly #start_ns: bigint;
  readonly #limit: RateLimit | undefined;

  constructor(options: ServerOptions, start_ns: bigint) {
    this.name = options.name;
    this.#options = options;
    this.#start_ns = start_ns;
    this.#limit = options.rate && new RateLimit({ ...options.rate, addresses_max: 8 });
  }

  /** The way of a packet that leaves at `at_s`. */
  toServer(random: Random, at_s: number): number | undefined {
    return this.#options.toServer(random, at_s);
  }

  toClient(random: Random, at_s: number): number | undefined {
    return this.#options.toClient(random, at_s);
  }

  /** The answer to `question`, that comes at `at_s` and is answered `held_s` later. */
  answer(question: Uint8Array, at_s: number, held_s: number): Uint8Array | undefined {
    const verdict = this.#limit?.judge("client", at_s) ?? "answer";
    if (verdict === "drop") return undefined;
    if (verdict === "kiss") return kiss(question, "RATE", this.#now_ns(at_s));
    if (this.#options.denies?.(at_s)) return kiss(question, "DENY", this.#now_ns(at_s));
    const clock = {
      leap: this.#options.leap?.(at_s) ?? 0,
      stratum: 2,
      referenceId: 0x0a000001,
      reference_ns: this.#now_ns(at_s) - 8_000_000_000n,
      rootDelay_s: 0.0002,
      rootDispersion_s: 0.0002,
      precision: -20,
    };
    return respond(question, clock, this.#now_ns(at_s), this.#now_ns(at_s + held_s));
  }

  #now_ns(at_s: number): bigint {
    const shown_s = at_s + (this.#options.error_s?.(at_s) ?? 0);
    return this.#start_ns + BigInt(Math.round(shown_s * NS_PER_S));
  }
}
