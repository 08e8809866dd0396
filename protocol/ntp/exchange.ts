/**
 * One question and one answer: the rules of an NTP client (RFC 5905 §8 and §9, with the data
 * minimisation that servers of today expect).
 *
 * The transmit timestamp of the question is 64 random bits, not a time. The server gives it back as
 * origin, so who did not see the question cannot answer it; and the packet tells no one what our
 * clock shows. The real time of sending, T1, stays here.
 */
import {
  decodePacket,
  encodePacket,
  fromTimestamp,
  LEAP_UNSYNCHRONISED,
  Mode,
  type NtpPacket,
  PACKET_LENGTH,
  referenceText,
} from "./packet.ts";

/** RFC 5905 appendix A.1.1, MAXDIST: a server farther than this from its reference is of no use. */
export const ROOT_DISTANCE_MAX_S = 1;
/**
 * The cap on delay; the discipline may have a lower one. A packet that is held back on one way shifts
 * the time by half of its delay, whatever authenticates it.
 */
export const DELAY_MAX_S = 1;
/**
 * What is taken of the cap. The rest is for the pause until the next answer: two frequencies that
 * are each wrong by 100 ppm part by 12.8 ms in 64 s, and the whole must stay below half of the cap.
 */
const DELAY_TAKEN = 31 / 32;
/** The longest round trip that is taken, in seconds, with a cap of `delayMax_s`. */
export const delayTaken_s = (delayMax_s: number): number => delayMax_s * DELAY_TAKEN;
/** Two clocks may disagree by this much on the length of a round trip: resolution, not deceit. */
const NEGATIVE_DELAY_SLACK_S = 0.001;
/** The least delay that is believed, about 1 us: RFC 5905 §8 has it as the system's precision. */
const DELAY_MIN_S = 2 ** -20;
const NS_PER_S = 1e9;
/**
 * 2025-01-01T00:00:00Z: this protocol is younger than any earlier time. A clock that was never set
 * shows 1970; with that as pivot the eras after 2038 would unfold wrongly.
 */
const EARLIEST_NS = 1_735_689_600_000_000_000n;
/** 68 years later: a local clock beyond this was set wrongly, and is as bad a pivot as 1970. */
const LATEST_NS = EARLIEST_NS + (1n << 31n) * 1_000_000_000n;

/** Why an answer was not taken. */
export type TimeRejectReason =
  | "wrong_length"
  | "wrong_version"
  | "wrong_mode"
  | "bogus_origin"
  | "duplicate"
  | "kiss_deny"
  | "kiss_rstr"
  | "kiss_rate"
  | "kiss_other"
  | "unsynchronised"
  | "bad_stratum"
  | "zero_timestamp"
  | "equal_timestamps"
  | "reversed_timestamps"
  | "reference_in_future"
  | "impossible_time"
  | "negative_delay"
  | "delay_too_long"
  | "root_distance";

/** What a person reads for a reason. */
export const timeRejectText: Readonly<Record<TimeRejectReason, string>> = {
  wrong_length: "the answer is not a plain packet of 48 bytes",
  wrong_version: "the answer is not NTP version 4",
  wrong_mode: "the answer is not in server mode",
  bogus_origin: "the answer does not carry our origin timestamp (spoofed, or to another question)",
  duplicate: "the question was answered already",
  kiss_deny: "the server refuses us (kiss code DENY): do not ask it again",
  kiss_rstr: "the server refuses us (kiss code RSTR): do not ask it again",
  kiss_rate: "the server asks us to slow down (kiss code RATE)",
  kiss_other: "the server sent a kiss code instead of the time",
  unsynchronised: "the server's clock is not synchronised (leap indicator 3)",
  bad_stratum: "the server's stratum is not 1 to 15",
  zero_timestamp: "a timestamp of the answer is zero",
  equal_timestamps: "the answer echoes our question",
  reversed_timestamps: "the answer left before its question came",
  reference_in_future: "the server was set after it answered",
  impossible_time:
    "the server shows a time before 2025 or more than 68 years ahead: its clock is not set",
  negative_delay: "the server held the question for longer than we waited",
  delay_too_long: "the answer was under way for longer than is allowed (1 s at most)",
  root_distance: "the server is more than 1 s from its reference (root distance)",
};

/** A question under way. `answered` is set by the first answer that is ours. */
export interface Question {
  /** The 64 random bits that were sent as transmit timestamp. */
  readonly nonce: bigint;
  /** T1: the local clock, in Unix nanoseconds, when the question left. */
  sent_ns: bigint;
  answered: boolean;
}

/** One measurement of the local clock against a server. */
export interface TimeSample {
  /** Server minus local clock, in seconds. */
  readonly offset_s: number;
  /** Round trip without the time in the server, in seconds. */
  readonly delay_s: number;
  /** The server's own distance from its reference: delay and error in seconds. */
  readonly rootDelay_s: number;
  readonly rootDispersion_s: number;
  readonly stratum: number;
  readonly leap: number;
  readonly reference: string;
  /** Whether the way of the packet was authenticated (TLS to the broker). */
  readonly authenticated: boolean;
  /** What the local clock showed when the answer came, in Unix seconds. */
  readonly local_s?: number;
}

export type Verdict =
  | { readonly accepted: true; readonly sample: TimeSample; readonly packet: NtpPacket }
  | { readonly accepted: false; readonly reason: TimeRejectReason; readonly kiss?: string };

/** Half the way to the primary reference and all errors on it, in seconds (RFC 5905 §11.2). */
export function rootDistance_s(sample: TimeSample): number {
  return (sample.rootDelay_s + sample.delay_s) / 2 + sample.rootDispersion_s;
}

/** A client packet that tells nothing but its nonce. */
export function questionBytes(nonce: bigint): Uint8Array {
  return encodePacket({
    leap: 0,
    version: 4,
    mode: Mode.client,
    stratum: 0,
    poll: 0,
    precision: 0,
    rootDelay_s: 0,
    rootDispersion_s: 0,
    referenceId: 0,
    reference: 0n,
    origin: 0n,
    receive: 0n,
    transmit: nonce,
  });
}

const KISSES: Readonly<Record<string, TimeRejectReason>> = {
  DENY: "kiss_deny",
  RSTR: "kiss_rstr",
  RATE: "kiss_rate",
};

/**
 * Judges the answer `bytes` to `question`, that came when the local clock showed `received_ns`
 * (T4, Unix nanoseconds). Nothing of a packet is believed, not even a kiss code, before its origin
 * is our nonce. The first packet with our nonce answers the question; any later one is a duplicate.
 */
export function judgeAnswer(
  question: Question,
  bytes: Uint8Array,
  received_ns: bigint,
  authenticated = false,
): Verdict {
  const packet = bytes.length === PACKET_LENGTH ? decodePacket(bytes) : undefined;
  if (packet === undefined) return reject("wrong_length");
  if (packet.version !== 4) return reject("wrong_version");
  if (packet.mode !== Mode.server) return reject("wrong_mode");
  if (packet.origin !== question.nonce) return reject("bogus_origin");
  if (question.answered) return reject("duplicate");
  question.answered = true;
  if (packet.stratum === 0) {
    const kiss = referenceText(0, packet.referenceId);
    // Servers that were never set send stratum 0 too (on the wire it stands for 16), with no code.
    if (kiss === "") {
      return reject(packet.leap === LEAP_UNSYNCHRONISED ? "unsynchronised" : "bad_stratum");
    }
    return { accepted: false, reason: KISSES[kiss] ?? "kiss_other", kiss };
  }
  const fault = faultOfServer(packet, question.nonce);
  return fault === undefined
    ? measure(packet, question.sent_ns, received_ns, authenticated)
    : reject(fault);
}

function reject(reason: TimeRejectReason): Verdict {
  return { accepted: false, reason };
}

/** The checks that need no clock: RFC 5905 §9.2 (packet) and appendix A.5.5.1 (fit). */
function faultOfServer(packet: NtpPacket, nonce: bigint): TimeRejectReason | undefined {
  if (packet.leap === LEAP_UNSYNCHRONISED) return "unsynchronised";
  if (packet.stratum > 15) return "bad_stratum";
  if (packet.receive === 0n || packet.transmit === 0n) return "zero_timestamp";
  // T2 = T3 is honest from a server that reads its clock once; our own bits given back are not.
  if (packet.receive === nonce || packet.transmit === nonce) return "equal_timestamps";
  if (BigInt.asIntN(64, packet.transmit - packet.receive) < 0n) return "reversed_timestamps";
  if (
    packet.reference !== 0n && BigInt.asIntN(64, packet.transmit - packet.reference) < 0n
  ) return "reference_in_future";
  return undefined;
}

/** Offset and delay from T1..T4 (RFC 5905 §8), in whole nanoseconds until the last step. */
function measure(
  packet: NtpPacket,
  t1_ns: bigint,
  t4_ns: bigint,
  authenticated: boolean,
): Verdict {
  if (t4_ns < t1_ns) return reject("reversed_timestamps");
  const t2_ns = fromTimestamp(
    packet.receive,
    t4_ns < EARLIEST_NS || t4_ns > LATEST_NS ? EARLIEST_NS : t4_ns,
  );
  const t3_ns = fromTimestamp(packet.transmit, t2_ns);
  if (t2_ns < EARLIEST_NS) return reject("impossible_time");
  const offset_s = Number((t2_ns - t1_ns) + (t3_ns - t4_ns)) / 2 / NS_PER_S;
  const measured_s = Number((t4_ns - t1_ns) - (t3_ns - t2_ns)) / NS_PER_S;
  if (measured_s < -NEGATIVE_DELAY_SLACK_S) return reject("negative_delay");
  if (measured_s > delayTaken_s(DELAY_MAX_S)) return reject("delay_too_long");
  const delay_s = Math.max(measured_s, DELAY_MIN_S);
  const rootDispersion_s = packet.rootDispersion_s + 2 ** packet.precision;
  const { stratum, leap, rootDelay_s } = packet;
  const reference = referenceText(stratum, packet.referenceId);
  const sample: TimeSample = {
    offset_s,
    delay_s,
    rootDelay_s,
    rootDispersion_s,
    stratum,
    leap,
    reference,
    authenticated,
    local_s: Number(t4_ns) / NS_PER_S,
  };
  if (rootDistance_s(sample) > ROOT_DISTANCE_MAX_S) return reject("root_distance");
  return { accepted: true, packet, sample };
}
