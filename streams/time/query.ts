/** Several questions to one server, and what they say together: the result of `samay time query`. */
import { RetryableError, TerminalError } from "../../protocol/errors.ts";
import { timeRejectText, type TimeSample, type Verdict } from "../../protocol/ntp/exchange.ts";

export interface QueryResult {
  /** Server minus local clock, in seconds, by the quickest answer. */
  readonly offset_s: number;
  readonly delay_s: number;
  /** The server's own error and the spread of the answers, in seconds. */
  readonly dispersion_s: number;
  readonly stratum: number;
  readonly leap: number;
  readonly reference: string;
  /** Answers that were taken. */
  readonly samples: number;
}

export interface QueryOptions {
  /** For errors: how a person knows the server. */
  readonly server: string;
  readonly samples: number;
  /** Pause between two questions. */
  readonly spacing_ms: number;
  readonly ask: () => Promise<Verdict>;
}

const pause = (duration_ms: number) => new Promise((done) => setTimeout(done, duration_ms));

/**
 * Asks until `samples` answers were tried. An answer that was lost is no reason to give up, one that
 * shows a bad server is. Throws `TerminalError` with the reason, or `RetryableError` when no answer
 * came at all.
 */
export async function queryTime(options: QueryOptions): Promise<QueryResult> {
  const taken: TimeSample[] = [];
  let silence: RetryableError | undefined;
  for (let i = 0; i < options.samples; i++) {
    if (i > 0) await pause(options.spacing_ms);
    try {
      taken.push(judged(await options.ask(), options.server));
    } catch (error) {
      if (!(error instanceof RetryableError)) throw error;
      silence = error;
      // A server that never answered will not answer the tenth question either.
      if (taken.length === 0 && i >= 1) break;
    }
  }
  if (taken.length === 0) {
    throw silence ?? new RetryableError(`Time server ${options.server}: no answer`);
  }
  return summary(taken);
}

/** A packet that was quick on its way was hardly held up, so its offset is the least wrong. */
function summary(taken: readonly TimeSample[]): QueryResult {
  const best = taken.reduce((quickest, next) => next.delay_s <= quickest.delay_s ? next : quickest);
  const { offset_s, delay_s, stratum, leap, reference } = best;
  const squares = taken.reduce((sum, sample) => sum + (sample.offset_s - offset_s) ** 2, 0);
  const spread_s = Math.sqrt(squares / Math.max(1, taken.length - 1));
  const dispersion_s = best.rootDispersion_s + spread_s;
  return { offset_s, delay_s, dispersion_s, stratum, leap, reference, samples: taken.length };
}

function judged(verdict: Verdict, server: string): TimeSample {
  if (verdict.accepted) return verdict.sample;
  const text = verdict.reason === "kiss_other"
    ? `${timeRejectText.kiss_other} (${verdict.kiss || "empty"})`
    : timeRejectText[verdict.reason];
  throw new TerminalError(`Time server ${server} is refused: ${text} [${verdict.reason}]`);
}
