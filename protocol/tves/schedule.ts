/**
 * The key schedule of TVES/2: a one-way chain of days, in each day a one-way chain of hours, from
 * each hour a key for every second, from each second's key what one frame needs.
 *
 * One-way means that whoever holds a link derives what comes later and nothing that came earlier.
 */
import { concat, utf8 } from "../bytes.ts";
import { COMMITMENT_LENGTH } from "./frame.ts";
import { hkdfBlock, hkdfExpand, hkdfExtract, KEY_LENGTH, NOTHING } from "./primitives.ts";

export const SECONDS_A_HOUR = 3_600;
export const SECONDS_A_DAY = 86_400;
export const HOURS_A_DAY = 24;

const SALT = utf8("samay/tves/2");
const DAY = utf8("day\0");
const NEXT_DAY = utf8("samay/tves/2/next-day");
const HOURS = utf8("samay/tves/2/hours");
const NEXT_HOUR = utf8("samay/tves/2/next-hour");
const SECOND = utf8("samay/tves/2/second\0");
const FRAME = utf8("samay/tves/2/frame\0");

/** UTC day number of `t_s`, in days since the Unix epoch. */
export function dayOf(t_s: number): number {
  return Math.floor(t_s / SECONDS_A_DAY);
}

/** Hours since the Unix epoch at `t_s`. Hour 0 of a day is a multiple of 24. */
export function hourOf(t_s: number): number {
  return Math.floor(t_s / SECONDS_A_HOUR);
}

/** `D[d0]`: the key of the day of enrolment, from the meter's own key (tves: Keys). */
export function firstDayKey(
  key: Uint8Array,
  generation: number,
  enrolmentDay: number,
  meterId: string,
): Uint8Array {
  const info = [DAY, Uint8Array.of(generation), uint32(enrolmentDay), utf8(meterId)];
  return hkdfExpand(hkdfExtract(SALT, key), info, KEY_LENGTH);
}

/** `D[d+1]` from `D[d]`. */
export function nextDayKey(dayKey: Uint8Array): Uint8Array {
  return hkdfExpand(dayKey, [NEXT_DAY], KEY_LENGTH);
}

/** `H[d,0]` from `D[d]`. */
export function firstHourKey(dayKey: Uint8Array): Uint8Array {
  return hkdfExpand(dayKey, [HOURS], KEY_LENGTH);
}

/** `H[d,k+1]` from `H[d,k]`, within one day. */
export function nextHourKey(hourKey: Uint8Array): Uint8Array {
  return hkdfExpand(hourKey, [NEXT_HOUR], KEY_LENGTH);
}

/** `S[t]` from the key of its hour. */
export function secondKeyOf(hourKey: Uint8Array, t_s: number): Uint8Array {
  return hkdfExpand(hourKey, [SECOND, uint64(t_s)], KEY_LENGTH);
}

/** What one frame is sealed with, all of it bound to its header. */
export interface FrameKeys {
  /** `com = okm[0..16)`. */
  readonly commitment: Uint8Array;
  /** `key = okm[16..48)`. Derived when it is asked for: a second that does not fit never needs it. */
  key(): Uint8Array;
}

/**
 * `okm = HKDF-Expand(S[t], "samay/tves/2/frame" ‖ 00 ‖ hdr, 48)` by its blocks: the first holds the
 * commitment and half of the key, the second the other half.
 */
export function frameKeys(secondKey: Uint8Array, header: Uint8Array): FrameKeys {
  const info = [FRAME, header];
  const first = hkdfBlock(secondKey, NOTHING, info, 1);
  return {
    commitment: first.subarray(0, COMMITMENT_LENGTH),
    key() {
      const okm = concat(first, hkdfBlock(secondKey, first, info, 2));
      return okm.subarray(COMMITMENT_LENGTH, COMMITMENT_LENGTH + KEY_LENGTH);
    },
  };
}

/** Nonce and AAD of a frame: `u64 t ‖ u32 sequence` and `hdr ‖ u64 t ‖ com`. */
export function frameContext(
  header: Uint8Array,
  commitment: Uint8Array,
  t_s: number,
): { readonly nonce: Uint8Array; readonly aad: Uint8Array } {
  const t = uint64(t_s);
  // The sequence is the last field of the header, already in the byte order of the nonce.
  return { nonce: concat(t, header.subarray(12, 16)), aad: concat(header, t, commitment) };
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  putUint32(bytes, 0, value);
  return bytes;
}

/** `value`, a whole number below 2^53, as eight bytes. */
function uint64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  putUint32(bytes, 0, Math.floor(value / 2 ** 32));
  putUint32(bytes, 4, value >>> 0);
  return bytes;
}

/** Byte by byte: a `DataView` for one frame's four numbers costs more than it saves. */
function putUint32(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >>> 24;
  bytes[offset + 1] = value >>> 16;
  bytes[offset + 2] = value >>> 8;
  bytes[offset + 3] = value;
}
