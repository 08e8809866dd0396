/** Whether a soak went well: a function of its samples alone. */

/** One look at the head-end. */
export interface Sample {
  /** Since the load began. */
  readonly at_s: number;
  /** Frames that the broker has. */
  readonly frames: number;
  /** Frames that lie behind the masters' cursors. */
  readonly lag_frames: number;
  /** Journal records behind the ledger's cursor. */
  readonly lag_records: number;
  /** Rows inserted, as PostgreSQL counts along. */
  readonly rows: number;
  /** MB of each part that are its own: what it shares with others or with the disk is left out. */
  readonly memory_mb: Readonly<Record<string, number>>;
  /** Processor seconds of each part since its start. */
  readonly cpu_s: Readonly<Record<string, number>>;
  readonly broker_disk_mb: number;
  readonly database_disk_mb: number;
}

export interface SoakTotals {
  readonly rate: number;
  readonly seconds: number;
  readonly sealed: number;
  readonly acknowledged: number;
  readonly refused: number;
  /** Counted one by one in the end. */
  readonly rows: number;
  readonly lag_frames: number;
  readonly lag_records: number;
}

export interface Judged {
  readonly rule: string;
  readonly holds: boolean;
  readonly found: string;
}

/**
 * What is warming up: heaps grow to their working size, and the broker remembers the message ids of the
 * journal for ten minutes. A part of the load's time, at least so long, at most half of it.
 */
const WARM_UP = { share: 0.2, least_s: 660, share_max: 0.5 };
/** Memory may differ by so much of itself, and by so many MB, where collecting garbage comes and goes. */
const SHARE_MAX = 0.15;
const SLACK_MB = 48;
/** What waits at a time, in seconds of the load; a burst may be over it, half of the samples may not. */
const LAG_MAX_S = 2;
/** The load itself may be so much slower than asked for, and no more: else it measured something else. */
const RATE_MIN = 0.98;
/** Fewer tell no trend. */
const SAMPLES_MIN = 10;

const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
const n = (value: number) => Math.round(value).toLocaleString("en-IN");

/** By how much `values` rise from the first to the last, by the line that fits them best. */
export function riseOf(at_s: readonly number[], values: readonly number[]): number {
  const [x, y] = [mean(at_s), mean(values)];
  const over = at_s.reduce((sum, at, i) => sum + (at - x) * (values[i]! - y), 0);
  const under = at_s.reduce((sum, at) => sum + (at - x) ** 2, 0);
  return under === 0 ? 0 : over / under * (at_s.at(-1)! - at_s[0]!);
}

/** Every rule, whether it holds, and what was found. `samples` are those of the time of the load. */
export function judge(samples: readonly Sample[], totals: SoakTotals): Judged[] {
  const { rate, seconds, sealed, acknowledged, refused, rows } = totals;
  const warm = warmOf(samples, seconds);
  const lags = warm.map(({ lag_frames }) => lag_frames);
  return [
    {
      rule: "enough samples to see a trend",
      holds: warm.length >= SAMPLES_MIN,
      found: `${warm.length} once it was warm, at least ${SAMPLES_MIN}`,
    },
    {
      rule: "the load went at its rate",
      holds: acknowledged >= RATE_MIN * rate * seconds,
      found: `${n(acknowledged / seconds)} of ${n(rate)} a second`,
    },
    {
      rule: "every frame was acknowledged and none refused",
      holds: acknowledged === sealed && refused === 0,
      found: `${n(acknowledged)} of ${n(sealed)}, ${n(refused)} refused`,
    },
    {
      rule: "nothing lost, nothing doubled",
      holds: rows === acknowledged,
      found: `${n(rows)} rows of ${n(acknowledged)} readings`,
    },
    {
      rule: "the head-end kept up",
      holds: median(lags) <= LAG_MAX_S * rate,
      found: `${n(median(lags))} frames waited at the median, ${n(Math.max(...lags))} at most`,
    },
    {
      rule: "lag is back to zero",
      holds: totals.lag_frames === 0 && totals.lag_records === 0,
      found: `${n(totals.lag_frames)} frames, ${n(totals.lag_records)} records`,
    },
    ...Object.keys(samples.at(-1)?.memory_mb ?? {}).map((part) => judgeMemory(part, warm)),
  ];
}

function warmOf(samples: readonly Sample[], seconds: number): readonly Sample[] {
  const { share, least_s, share_max } = WARM_UP;
  const from_s = Math.min(share_max * seconds, Math.max(share * seconds, least_s));
  return samples.filter(({ at_s }) => at_s >= from_s);
}

/** The second half is not above the first, and does not rise. */
function judgeMemory(part: string, warm: readonly Sample[]): Judged {
  const at_s = warm.map((sample) => sample.at_s);
  const values = warm.map((sample) => sample.memory_mb[part] ?? 0);
  const half = Math.floor(values.length / 2);
  const [first, second] = [values.slice(0, half), values.slice(half)];
  const allowed = SHARE_MAX * mean(second) + SLACK_MB;
  const higher = Math.max(...second) - Math.max(...first);
  const rise = riseOf(at_s.slice(half), second);
  return {
    rule: `memory of ${part} is bounded`,
    holds: Math.min(...values) > 0 && higher <= allowed && rise <= allowed,
    found: `at most ${n(Math.max(...first))} MB, then ${n(Math.max(...second))} MB, rising by ` +
      `${n(rise)} MB in the second half; ${n(allowed)} MB may be`,
  };
}
