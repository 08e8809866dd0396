/**
 * The answer of a time server to one packet (RFC 5905 §9.2, `fast_xmit`).
 *
 * The answer is 48 bytes and never longer than the question, so the server cannot be used to make a
 * small forged packet into a large one. What is not a client's question gets no answer at all.
 */
import { decodePacket, encodePacket, Mode, referenceCode, toTimestamp } from "./packet.ts";

/** A plain packet, with extension fields and an authenticator, is not longer than this. */
const REQUEST_LENGTH_MAX = 1_024;

/** What a server says of its clock. */
export interface ServerClock {
  readonly leap: number;
  readonly stratum: number;
  readonly referenceId: number;
  /** When the clock was last set, Unix nanoseconds. */
  readonly reference_ns: bigint;
  readonly rootDelay_s: number;
  readonly rootDispersion_s: number;
  /** log2 seconds. */
  readonly precision: number;
}

/** RFC 5905 has no code for a machine that serves its own clock; by custom it is 127.127.1.1. */
export const LOCAL_REFERENCE_ID = 0x7f7f0101;

/** The question in `bytes`, or undefined when it deserves no answer. */
function clientQuestion(bytes: Uint8Array) {
  if (bytes.length > REQUEST_LENGTH_MAX || bytes.length % 4 !== 0) return undefined;
  const packet = decodePacket(bytes);
  if (packet === undefined || packet.mode !== Mode.client) return undefined;
  if (packet.version !== 3 && packet.version !== 4) return undefined;
  // The plainest clients send no timestamp: a zero is given back, and whether to trust it is theirs.
  return packet;
}

/** Whether `bytes` are a client's question, so that they deserve an answer. */
export function isQuestion(bytes: Uint8Array): boolean {
  return clientQuestion(bytes) !== undefined;
}

/**
 * The answer to `bytes`, received when the clock showed `received_ns` (T2) and leaving at
 * `sending_ns` (T3), both Unix nanoseconds; undefined when there is nothing to answer.
 */
export function answer(
  bytes: Uint8Array,
  clock: ServerClock,
  received_ns: bigint,
  sending_ns: bigint,
): Uint8Array | undefined {
  const question = clientQuestion(bytes);
  if (question === undefined) return undefined;
  return encodePacket({
    leap: clock.leap,
    version: question.version,
    mode: Mode.server,
    stratum: clock.stratum,
    poll: question.poll,
    precision: clock.precision,
    rootDelay_s: clock.rootDelay_s,
    rootDispersion_s: clock.rootDispersion_s,
    referenceId: clock.referenceId,
    reference: toTimestamp(clock.reference_ns),
    origin: question.transmit,
    receive: toTimestamp(received_ns),
    transmit: toTimestamp(sending_ns),
  });
}

/** A kiss-o'-death (RFC 5905 §7.4) with `code`, for example `RATE`; undefined as for `answer`. */
export function kiss(bytes: Uint8Array, code: string, now_ns: bigint): Uint8Array | undefined {
  const question = clientQuestion(bytes);
  if (question === undefined) return undefined;
  return encodePacket({
    ...question,
    leap: 3,
    mode: Mode.server,
    stratum: 0,
    precision: -20,
    rootDelay_s: 0,
    rootDispersion_s: 0,
    referenceId: referenceCode(code),
    reference: 0n,
    origin: question.transmit,
    receive: toTimestamp(now_ns),
    transmit: toTimestamp(now_ns),
  });
}
