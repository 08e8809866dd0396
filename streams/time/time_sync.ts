/**
 * Keeps a local clock in step with its servers: asks each at its own pace, feeds the discipline, and
 * gives the time that frames are sealed with.
 *
 * Pauses come from timers, and so from the monotonic clock: setting the system's time moves nothing.
 */
import { Discipline, type DisciplineOptions } from "../../protocol/ntp/discipline.ts";
import type { ClockEstimate, FeedOutcome } from "../../protocol/ntp/discipline.ts";
import {
  type TimeRejectReason,
  timeRejectText,
  type Verdict,
} from "../../protocol/ntp/exchange.ts";
import { Pace } from "../../protocol/ntp/pace.ts";
import type { Log } from "../terminal/log.ts";
import type { LocalClock } from "./local_clock.ts";
import { sleep } from "./sleep.ts";

/** Why a question brought nothing: each way is counted by itself, so the list is the bound. */
export type TimeFault =
  | TimeRejectReason
  | Exclude<FeedOutcome["outcome"], "adopted">
  | "no_answer";

/** One server as the loop sees it. `ask` throws when no answer came. */
export interface TimeSource {
  readonly name: string;
  /** `refused` hears of each packet that was thrown away while the answer was waited for. */
  readonly ask: (
    signal: AbortSignal,
    refused: (reason: TimeRejectReason) => void,
  ) => Promise<Verdict>;
}

/** What a server said that was of no use. */
export interface TimeTrouble {
  readonly server: string;
  readonly reason: TimeFault;
  /** One line for people. */
  readonly text: string;
  /** The refused or not yet confirmed step, in seconds, where it is one. */
  readonly step_s?: number;
}

export interface TimeSyncOptions {
  readonly clock: LocalClock;
  readonly sources: readonly TimeSource[];
  readonly log: Log;
  /** The longest pause between questions (default 64 s, RFC 5905 MINPOLL). */
  readonly poll_s?: number;
  /** Called when an answer made the clock known or better known. */
  readonly onAdopted?: (estimate: ClockEstimate) => void;
  /** Called for each question that brought nothing of use. */
  readonly onTrouble?: (trouble: TimeTrouble) => void;
  readonly discipline?: Omit<DisciplineOptions, "sources">;
}

export interface TimeSync {
  /** Unix time in milliseconds by the local clock and the estimated offset, and how good it is. */
  now(): { readonly at_ms: number; readonly estimate: ClockEstimate };
  stop(): Promise<void>;
}

/** A loop with its counters. */
export interface CountedTimeSync extends TimeSync {
  /** How often each fault has come since the start. */
  faults(): Partial<Readonly<Record<TimeFault, number>>>;
}

/** Starts asking. The clock is usable at once: it says itself that it is not synchronised. */
export function startTimeSync(options: TimeSyncOptions): CountedTimeSync {
  const { clock, sources } = options;
  const discipline = new Discipline({ ...options.discipline, sources: sources.length });
  const stopping = new AbortController();
  const faults = new Map<TimeFault, number>();
  const loops = sources.map((source) =>
    new Follower(source, discipline, options, faults).run(stopping.signal)
  );
  return {
    now() {
      const estimate = discipline.estimate(clock.monotonic_s());
      const at_ms = Number(clock.now_ns() / 1_000n) / 1e3 + estimate.offset_s * 1e3;
      return { at_ms, estimate };
    },
    faults: () => Object.fromEntries(faults),
    async stop() {
      stopping.abort();
      await Promise.all(loops);
    },
  };
}

/** The questions to one server. */
class Follower {
  readonly #source: TimeSource;
  readonly #discipline: Discipline;
  readonly #options: TimeSyncOptions;
  readonly #faults: Map<TimeFault, number>;
  readonly #pace: Pace;
  /** The last thing said about this server, so that it is said once. */
  #said = "";
  #leapTold = false;

  constructor(
    source: TimeSource,
    discipline: Discipline,
    options: TimeSyncOptions,
    faults: Map<TimeFault, number>,
  ) {
    this.#source = source;
    this.#discipline = discipline;
    this.#options = options;
    this.#faults = faults;
    this.#pace = new Pace(options.poll_s === undefined ? {} : { longest_s: options.poll_s });
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const pause_s = await this.#askOnce(signal);
      if (pause_s === undefined) return;
      await sleep(pause_s * 1_000, signal);
    }
  }

  /** One question; the pause until the next in seconds, or undefined when there must be none. */
  async #askOnce(signal: AbortSignal): Promise<number | undefined> {
    let verdict: Verdict;
    let thrownAway: TimeRejectReason | undefined;
    try {
      verdict = await this.#source.ask(signal, (reason) => {
        thrownAway = reason;
        this.#count(reason);
      });
    } catch (error) {
      if (signal.aborted) return undefined;
      this.#trouble("no_answer", `no time: ${(error as Error).message}`);
      return this.#pace.silent();
    }
    if (signal.aborted) return undefined;
    if (!verdict.accepted) {
      const { reason } = verdict;
      // A packet that was thrown away on the way to this verdict is counted already.
      const counted = thrownAway === reason;
      this.#trouble(reason, `answer refused: ${timeRejectText[reason]}`, undefined, counted);
      return this.#pace.refused(reason);
    }
    return this.#take(verdict);
  }

  #take(verdict: Verdict & { accepted: true }): number {
    const { name } = this.#source;
    const now_s = this.#options.clock.monotonic_s();
    const fed = this.#discipline.feed(name, verdict.sample, now_s);
    if (fed.outcome === "adopted") this.#adopted(now_s);
    else this.#notAdopted(fed);
    return this.#pace.answered(this.#discipline.advice(name));
  }

  #adopted(now_s: number): void {
    const { log, onAdopted } = this.#options;
    if (this.#said !== "") log.info("time again in order", { server: this.#source.name });
    this.#said = "";
    const estimate = this.#discipline.estimate(now_s);
    if (estimate.leap !== 0 && !this.#leapTold) {
      log.info("a leap second is announced for the end of this month", {
        server: this.#source.name,
        second: estimate.leap === 1 ? "one more" : "one less",
      });
    }
    this.#leapTold = estimate.leap !== 0;
    onAdopted?.(estimate);
  }

  #notAdopted(fed: Exclude<FeedOutcome, { outcome: "adopted" }>): void {
    if (fed.outcome === "step_refused") {
      const text = `step of ${
        fed.step_s.toFixed(3)
      } s refused: the monotonic clock does not confirm it`;
      this.#trouble(fed.outcome, text, fed.step_s);
    } else if (fed.outcome === "unconfirmed_step") {
      const text = `step of ${fed.step_s.toFixed(3)} s waits for more answers that confirm it`;
      this.#trouble(fed.outcome, text);
    } else if (fed.outcome === "outvoted") {
      this.#trouble(fed.outcome, "outvoted: most time servers agree on another time");
    } else if (fed.outcome === "no_majority" && fed.candidates > 1) {
      this.#trouble(fed.outcome, "the time servers contradict each other: none is followed");
    } else {
      // One slow packet, or the first servers before the others: nothing to tell a person.
      this.#count(fed.outcome);
    }
  }

  #count(reason: TimeFault): void {
    this.#faults.set(reason, (this.#faults.get(reason) ?? 0) + 1);
  }

  #trouble(reason: TimeFault, text: string, step_s?: number, counted = false): void {
    if (!counted) this.#count(reason);
    const server = this.#source.name;
    // Of steps that are told again and again, only the figures differ.
    const gist = step_s === undefined && reason !== "unconfirmed_step" ? text : reason;
    if (this.#said !== gist) this.#options.log.warn(text, { server });
    this.#said = gist;
    this.#options.onTrouble?.({
      server,
      reason,
      text,
      ...(step_s === undefined ? {} : { step_s }),
    });
  }
}
