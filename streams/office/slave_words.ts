/** What a slave last said of itself, in words: why a meter of it may give no reading. */
import { type SessionReport, sessionReport } from "../../protocol/messages/session.ts";
import { inIndia } from "../../protocol/indian_time.ts";
import { parseOrExplain } from "../../protocol/schema.ts";

/** A slave reports every 30 s unless told otherwise: three reports that did not come. */
const AWAY_AFTER_MS = 100_000;

const CLOCK_WORDS = {
  0: "is not synchronised: it keeps its readings and seals none",
  1: "runs on by itself: its time sources were lost a while ago",
  2: "is synchronised",
  3: "is synchronised over an authenticated way",
} as const;

export interface SlaveWords {
  /** When it was last heard, and whether it is there. */
  readonly heard: string;
  /** Its clock; null before its first report. */
  readonly clock: string | null;
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

/** Since when and why the clock is not synchronised, as far as the slave has said. */
function whyNot({ clock: { reason, unsynchronised_s } }: SessionReport, heard_ms: number): string {
  const since = unsynchronised_s == null
    ? ""
    : ` (since ${inIndia(heard_ms - unsynchronised_s * 1_000)} Indian time)`;
  return `${since}${reason ? `: ${reason}` : ""}`;
}

/**
 * The words for `meter_id` of slave `slave_id`, of which the database has `row`. Throws
 * `TerminalError` where the kept report is malformed.
 */
export function slaveWords(
  slave_id: string,
  meter_id: string,
  row: Heard | undefined,
  now_ms: number,
): SlaveWords {
  if (row === undefined) {
    const heard = "it was never heard: start it, and see that it has the way to this broker";
    return { heard, clock: null, fault: null, waiting: null, hindrances: [heard] };
  }
  const report = parseOrExplain(sessionReport, row.report, `Report of slave ${slave_id}`);
  const { kind, clock: { quality }, faults, outbox } = report;
  const heard_ms = row.last_seen_at.getTime();
  const at = inIndia(heard_ms);
  const away = kind === "goodbye"
    ? `it said goodbye at ${at} Indian time: it is stopped`
    : now_ms - heard_ms > AWAY_AFTER_MS
    ? `it was last heard at ${at} Indian time: does it run, is its link up?`
    : null;
  const clock = `${CLOCK_WORDS[quality]}${quality === 0 ? whyNot(report, heard_ms) : ""}`;
  const fault = faults.find((one) => one.meter_id === meter_id)?.reason ?? null;
  const hindrances = [
    ...(away === null ? [] : [away]),
    ...(quality === 0 ? [`its clock ${clock}`] : []),
    ...(fault === null ? [] : [`it says: ${fault}`]),
  ];
  return {
    heard: away ?? `it was last heard at ${at} Indian time`,
    clock,
    fault,
    waiting: outbox,
    hindrances,
  };
}
