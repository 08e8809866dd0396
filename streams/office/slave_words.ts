/** What a slave last said of itself, in words: why a meter of it may give no reading. */
import { type SessionReport, sessionReport } from "../../protocol/messages/session.ts";
import { indianTimeOf, inIndia } from "../../protocol/indian_time.ts";
import { parseOrExplain } from "../../protocol/schema.ts";

/** A slave reports every 30 s unless told otherwise: three reports that did not come. */
const AWAY_AFTER_MS = 100_000;

const CLOCK_WORDS = {
  0: "is not synchronised: it keeps its readings and seals none",
  1: "runs on by itself",
  2: "is synchronised",
  3: "is synchronised over an authenticated way",
} as const;
/** Why a clock runs on, where the report gives no reason: of old slaves, and of frames. */
const RUNS_ON = "no time source has lately given an answer that it takes";

export interface SlaveWords {
  /** When it was last heard, and whether it is there. */
  readonly heard: string;
  /** Its clock, and as of when; null before its first report. */
  readonly clock: string | null;
  /** Whose time it keeps, and how far its machine's own clock is off; null before its first report. */
  readonly time: string | null;
  /** Why it could not read or send this meter; null when it told of nothing. */
  readonly fault: string | null;
  /** Readings that wait in its outbox; null before its first report. */
  readonly waiting: number | null;
  /** What of all that keeps a reading from coming: may be nothing. */
  readonly hindrances: readonly string[];
}

interface Heard {
  readonly last_seen_at: Date;
  readonly report: unknown;
}

/** The last frame that a meter of the slave gave: the quality in it is the slave's clock's, then. */
export interface LastFrame {
  readonly arrived_at: Date | null;
  readonly clock_quality: number | null;
}

type Quality = keyof typeof CLOCK_WORDS;

/** The clock as the last report has it, or a frame that came after that and says otherwise. */
function clockOf(report: SessionReport, heard_ms: number, last: LastFrame | undefined) {
  const arrived_ms = last?.arrived_at?.getTime() ?? 0;
  const newer = arrived_ms > heard_ms ? last?.clock_quality ?? null : null;
  if (newer !== null && newer !== report.clock.quality) {
    const quality = newer as Quality;
    const why = quality === 1 ? `: ${RUNS_ON}` : "";
    const as_of = `as of ${indianTimeOf(arrived_ms)} Indian time, by its last frame`;
    return { quality, reason: null, text: `${CLOCK_WORDS[quality]}${why} (${as_of})` };
  }
  const { quality, reason = null, unsynchronised_s } = report.clock;
  const why = reason ?? (quality === 1 ? RUNS_ON : null);
  const since = quality !== 0 || unsynchronised_s == null
    ? ""
    : `since ${inIndia(heard_ms - unsynchronised_s * 1_000)}, `;
  const as_of = `(${since}as of ${indianTimeOf(heard_ms)} Indian time)`;
  const text = `${CLOCK_WORDS[quality]} ${as_of}${why === null ? "" : `: ${why}`}`;
  return { quality, reason, text };
}

/** The machine's own clock is what the offset is added to. */
function timeOf({ clock: { source, stratum, offset_s } }: SessionReport, heard_ms: number): string {
  const as_of = `(as of ${indianTimeOf(heard_ms)} Indian time)`;
  if (source === null) return `by nobody yet: no time source has given a good answer ${as_of}`;
  const of = `by ${source}${stratum === null ? "" : `, stratum ${stratum}`}`;
  if (offset_s === null) return `${of} ${as_of}`;
  const side = offset_s < 0 ? "ahead of" : "behind";
  const off = Math.abs(offset_s).toFixed(3);
  return `${of}; its machine's own clock is ${off} s ${side} that ${as_of}`;
}

/**
 * The words for `meter_id` of slave `slave_id`, of which the database has `row`, and of the meter
 * the frame `last`. Throws `TerminalError` where the kept report is malformed.
 */
export function slaveWords(
  slave_id: string,
  meter_id: string,
  row: Heard | undefined,
  now_ms: number,
  last?: LastFrame,
): SlaveWords {
  if (row === undefined) {
    const heard = "it was never heard: start it, and see that it has the way to this broker";
    return { heard, clock: null, time: null, fault: null, waiting: null, hindrances: [heard] };
  }
  const report = parseOrExplain(sessionReport, row.report, `Report of slave ${slave_id}`);
  const { kind, faults, outbox } = report;
  const heard_ms = row.last_seen_at.getTime();
  const at = inIndia(heard_ms);
  const away = kind === "goodbye"
    ? `it said goodbye at ${at} Indian time: it is stopped`
    : now_ms - heard_ms > AWAY_AFTER_MS
    ? `it was last heard at ${at} Indian time: see that it runs and has its link`
    : null;
  const clock = clockOf(report, heard_ms, last);
  const fault = faults.find((one) => one.meter_id === meter_id)?.reason ?? null;
  const hindrances = [
    ...(away === null ? [] : [away]),
    ...(clock.quality === 0 || clock.reason !== null ? [`its clock ${clock.text}`] : []),
    ...(fault === null ? [] : [`it says: ${fault}`]),
  ];
  return {
    heard: away ?? `it was last heard at ${at} Indian time`,
    clock: clock.text,
    time: timeOf(report, heard_ms),
    fault,
    waiting: outbox,
    hindrances,
  };
}
