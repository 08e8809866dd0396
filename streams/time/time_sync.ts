/**
 * Keeps a local clock in step with its servers: asks each at its own pace, feeds the discipline, and
 * gives the time that frames are sealed with.
 *
 * Pauses come from timers, and so from the monotonic clock: setting the system's time moves nothing.
 */
import { Discipline, type DisciplineOptions } from "../../protocol/ntp/discipline.ts";
import type { ClockEstimate } from "../../protocol/ntp/discipline.ts";
import { timeRejectText, type Verdict } from "../../protocol/ntp/exchange.ts";
import type { Log } from "../terminal/log.ts";
import type { LocalClock } from "./local_clock.ts";
import { sleep } from "./sleep.ts";

/** One server as the loop sees it. `ask` throws when no answer came. */
export interface TimeSource {
  readonly name: string;
  readonly ask: (signal: AbortSignal) => Promise<Verdict>;
}

/** Why an answer, or its absence, was of no use. */
export interface TimeTrouble {
  readonly server: string;
  readonly text: string;
  /** By how much an answer would have moved the clock, where that is why it was refused. */
  readonly step_s?: number;
}

export interface TimeSyncOptions {
  readonly clock: LocalClock;
  readonly sources: readonly TimeSource[];
  readonly log: Log;
  /** Pause between questions once synchronised (default 64 s, RFC 5905 MINPOLL). */
  readonly poll_s?: number;
  /** Called when an answer made the clock known or better known. */
  readonly onAdopted?: (estimate: ClockEstimate) => void;
  /** Called for each question that did not make the clock known: for those who report of it. */
  readonly onTrouble?: (trouble: TimeTrouble) => void;
  readonly discipline?: Omit<DisciplineOptions, "sources">;
}

export interface TimeSync {
  /** Unix time in milliseconds by the local clock and the estimated offset, and how good it is. */
  now(): { readonly at_ms: number; readonly estimate: ClockEstimate };
  stop(): Promise<void>;
}

/** The first questions come in short order, as the clock is of no use before their answers. */
const FIRST_QUESTIONS = 4;
const FIRST_PAUSE_S = 0.5;
/** A silent server is asked less and less, up to this. */
const POLL_MAX_S = 1_024;
const RETRY_FIRST_S = 1;

/** Starts asking. The clock is usable at once: it says itself that it is not synchronised. */
export function startTimeSync(options: TimeSyncOptions): TimeSync {
  const { clock, sources } = options;
  const discipline = new Discipline({ ...options.discipline, sources: sources.length });
  const stopping = new AbortController();
  const loops = sources.map((source) => followSource(source, discipline, options, stopping.signal));
  return {
    now() {
      const estimate = discipline.estimate(clock.monotonic_s());
      const at_ms = Number(clock.now_ns() / 1_000n) / 1e3 + estimate.offset_s * 1e3;
      return { at_ms, estimate };
    },
    async stop() {
      stopping.abort();
      await Promise.all(loops);
    },
  };
}

/** What the loop of one server remembers. */
interface Pace {
  answers: number;
  failures: number;
  poll_s: number;
  /** The last thing said about this server, so that it is said once. */
  said: string;
}

async function followSource(
  source: TimeSource,
  discipline: Discipline,
  options: TimeSyncOptions,
  signal: AbortSignal,
): Promise<void> {
  const pace: Pace = { answers: 0, failures: 0, poll_s: options.poll_s ?? 64, said: "" };
  while (!signal.aborted) {
    const pause_s = await askOnce(source, discipline, options, pace, signal);
    if (pause_s === undefined) return;
    await sleep(pause_s * 1_000, signal);
  }
}

/** One question; the pause until the next in seconds, or undefined when there must be none. */
async function askOnce(
  source: TimeSource,
  discipline: Discipline,
  options: TimeSyncOptions,
  pace: Pace,
  signal: AbortSignal,
): Promise<number | undefined> {
  const { log, clock } = options;
  const say = (text: string, step_s?: number) => {
    if (pace.said !== text) log.warn(text, { server: source.name });
    pace.said = text;
    const trouble = { server: source.name, text };
    options.onTrouble?.(step_s === undefined ? trouble : { ...trouble, step_s });
  };
  let verdict: Verdict;
  try {
    verdict = await source.ask(signal);
  } catch (error) {
    if (signal.aborted) return undefined;
    say(`no time: ${(error as Error).message}`);
    return Math.min(pace.poll_s, RETRY_FIRST_S * 2 ** pace.failures++);
  }
  if (!verdict.accepted) {
    say(`answer refused: ${timeRejectText[verdict.reason]}`);
    if (verdict.reason === "kiss_deny" || verdict.reason === "kiss_rstr") return undefined;
    if (verdict.reason === "kiss_rate") pace.poll_s = Math.min(POLL_MAX_S, pace.poll_s * 2);
    return pace.poll_s;
  }
  const fed = discipline.feed(source.name, verdict.sample, clock.monotonic_s());
  if (fed.outcome === "step_refused") {
    const text = `step of ${
      fed.step_s.toFixed(3)
    } s refused: the monotonic clock does not confirm it`;
    say(text, fed.step_s);
  } else if (fed.outcome === "no_majority") {
    options.onTrouble?.({ server: source.name, text: "no majority of the time servers agrees" });
  } else if (fed.outcome === "adopted") {
    if (pace.said !== "") log.info("time again in order", { server: source.name });
    pace.said = "";
    options.onAdopted?.(discipline.estimate(clock.monotonic_s()));
  }
  pace.failures = 0;
  pace.answers++;
  return pace.answers < FIRST_QUESTIONS ? Math.min(FIRST_PAUSE_S, pace.poll_s) : pace.poll_s;
}
