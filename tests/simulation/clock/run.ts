/** One run: the production client in a simulated world, and how wrong its clock was each second. */
import { type ClockEstimate, Discipline } from "../../../protocol/ntp/discipline.ts";
import { judgeAnswer, type Question, questionBytes } from "../../../protocol/ntp/exchange.ts";
import { Pace } from "../../../protocol/ntp/pace.ts";
import { Random } from "../random.ts";
import { Oscillator, Server, type ServerOptions } from "./world.ts";

/** How long a client waits for an answer, in seconds. */
const TIMEOUT_S = 2;
const SERVER_HOLDS_S = 20e-6;
const NS_PER_S = 1e9;

export interface RunOptions {
  readonly seed: number;
  readonly duration_s: number;
  /** True UTC at the start, Unix seconds. */
  readonly start_unix_s: number;
  readonly oscillator: { readonly frequency: number; readonly wander: number };
  /** What the local clock is wrong by at the start. */
  readonly initialError_s: number;
  readonly servers: readonly ServerOptions[];
  /** True UTC less continuous time: the leap seconds of the run. */
  readonly utc_s?: (at_s: number) => number;
  /** Hears the error of the clock (clock less UTC) each second, after the events before it. */
  readonly observe: (moment: Moment) => void;
}

export interface Moment {
  readonly at_s: number;
  readonly error_s: number;
  /** Estimated less true frequency, s/s. */
  readonly frequencyError: number;
  readonly estimate: ClockEstimate;
  /** When the last answer was adopted; undefined before the first. */
  readonly adopted_s: number | undefined;
}

/** What attackers can see: they know everything. */
export interface RunSummary {
  readonly questions: number;
  readonly outcomes: ReadonlyMap<string, number>;
  readonly sources: ReadonlySet<string>;
}

interface Association {
  readonly server: Server;
  readonly pace: Pace;
  /** The next thing that happens to it, and when. */
  next_s: number;
  answer?: { readonly question: Question; readonly bytes: Uint8Array };
}

class Run {
  readonly #options: RunOptions;
  readonly #random: Random;
  readonly #oscillator: Oscillator;
  readonly #discipline: Discipline;
  readonly #associations: Association[];
  readonly #outcomes = new Map<string, number>();
  readonly #sources = new Set<string>();
  readonly #start_ns: bigint;
  #questions = 0;
  #adopted_s: number | undefined;

  constructor(options: RunOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#oscillator = new Oscillator(this.#random, options.duration_s, options.oscillator);
    this.#discipline = new Discipline({ sources: options.servers.length });
    this.#start_ns = BigInt(options.start_unix_s) * 1_000_000_000n;
    this.#associations = options.servers.map((server) => ({
      server: new Server(server, this.#start_ns),
      pace: new Pace(),
      next_s: this.#random.next(),
    }));
  }

  run(): RunSummary {
    const { duration_s, observe } = this.#options;
    // Between the whole seconds, so that no moment is looked at on the edge of a change.
    for (let at_s = 0.5; at_s < duration_s; at_s++) {
      for (let next = this.#nextBefore(at_s); next !== undefined; next = this.#nextBefore(at_s)) {
        if (next.answer === undefined) this.#ask(next);
        else this.#receive(next, next.answer);
      }
      observe(this.moment(at_s));
    }
    return { questions: this.#questions, outcomes: this.#outcomes, sources: this.#sources };
  }

  /** The clock at `at_s` against the truth. */
  moment(at_s: number): Moment {
    const { initialError_s, utc_s } = this.#options;
    const monotonic_s = this.#oscillator.monotonic_s(at_s);
    const estimate = this.#discipline.estimate(monotonic_s);
    if (estimate.source !== null) this.#sources.add(estimate.source);
    const truth_s = at_s + (utc_s?.(at_s) ?? 0);
    // The server gains what the local clock loses.
    const frequency = -this.#oscillator.excess(at_s);
    return {
      at_s,
      error_s: initialError_s + monotonic_s + estimate.offset_s - truth_s,
      frequencyError: (estimate.frequency_ppm ?? 0) / 1e6 - frequency,
      estimate,
      adopted_s: this.#adopted_s,
    };
  }

  #nextBefore(at_s: number): Association | undefined {
    let first: Association | undefined;
    for (const one of this.#associations) {
      if (one.next_s < at_s && (first === undefined || one.next_s < first.next_s)) first = one;
    }
    return first;
  }

  /** What the local clock shows, uncorrected, as Unix time. */
  #local_ns(at_s: number): bigint {
    const shown_s = this.#options.initialError_s + this.#oscillator.monotonic_s(at_s);
    return this.#start_ns + BigInt(Math.round(shown_s * NS_PER_S));
  }

  #ask(one: Association): void {
    const at_s = one.next_s;
    const nonce = this.#random.nonce();
    const question: Question = { nonce, sent_ns: this.#local_ns(at_s), answered: false };
    this.#questions++;
    const there_s = one.server.toServer(this.#random, at_s);
    const arrives_s = at_s + (there_s ?? 0);
    const bytes = there_s === undefined
      ? undefined
      : one.server.answer(questionBytes(nonce), arrives_s, SERVER_HOLDS_S);
    const back_s = one.server.toClient(this.#random, arrives_s);
    const returns_s = arrives_s + SERVER_HOLDS_S + (back_s ?? 0);
    if (bytes === undefined || back_s === undefined || returns_s > at_s + TIMEOUT_S) {
      this.#count("silent");
      one.next_s = at_s + TIMEOUT_S + one.pace.silent();
      return;
    }
    one.answer = { question, bytes };
    one.next_s = returns_s;
  }

  #receive(one: Association, { question, bytes }: NonNullable<Association["answer"]>): void {
    const at_s = one.next_s;
    delete one.answer;
    const verdict = judgeAnswer(question, bytes, this.#local_ns(at_s));
    if (!verdict.accepted) {
      this.#count(verdict.reason);
      const pause_s = one.pace.refused(verdict.reason);
      one.next_s = pause_s === undefined ? Infinity : at_s + pause_s;
      return;
    }
    const { name } = one.server;
    const monotonic_s = this.#oscillator.monotonic_s(at_s);
    const { outcome } = this.#discipline.feed(name, verdict.sample, monotonic_s);
    if (outcome === "adopted") this.#adopted_s = at_s;
    this.#count(outcome);
    one.next_s = at_s + one.pace.answered(this.#discipline.advice(name));
  }

  #count(what: string): void {
    this.#outcomes.set(what, (this.#outcomes.get(what) ?? 0) + 1);
  }
}

/** Runs the client of `options`. The same options give the same run. */
export function runClock(options: RunOptions): RunSummary {
  return new Run(options).run();
}
