/**
 * The key schedule of TVES/2: a one-way chain of days, in each day a one-way chain of hours, from
 * each hour a key for every second, from each second's key what one frame needs. A key is written to
 * `into` where that is given, which may be the link that it comes from: a chain is walked in one place,
 * and the links that are passed are gone.
 *
 * One-way means that whoever holds a link derives what comes later and nothing that came earlier.
 */
import { concat, putUint32, putUint64, textBehind, utf8 } from "../bytes.ts";
import { COMMITMENT_LENGTH, HEADER_LENGTH } from "./frame.ts";
import {
  HASH_LENGTH,
  hkdfBlock,
  hkdfExtract,
  KEY_LENGTH,
  NONCE_LENGTH,
  NOTHING,
} from "./primitives.ts";

export const SECONDS_A_HOUR = 3_600;
export const SECONDS_A_DAY = 86_400;
export const HOURS_A_DAY = 24;

const SALT = utf8("samay/tves/2");
const DAY = utf8("day\0");
const NEXT_DAY = [utf8("samay/tves/2/next-day")];
const HOURS = [utf8("samay/tves/2/hours")];
const NEXT_HOUR = [utf8("samay/tves/2/next-hour")];
const SECOND = utf8("samay/tves/2/second\0");
const FRAME = utf8("samay/tves/2/frame\0");

/** Length of a time in keys, nonces and AAD. */
const TIME_LENGTH = 8;
/**
 * What changes from frame to frame is written behind its label, in one place that every frame uses
 * again: new arrays for it cost as much as the hashing. Nothing keeps them.
 */
const secondInfo = concat(SECOND, new Uint8Array(TIME_LENGTH));
const frameInfo = concat(FRAME, new Uint8Array(HEADER_LENGTH));
/** Generation, day and name stand behind the label; a longer name has an array of its own. */
const dayInfo = concat(DAY, new Uint8Array(1 + 4 + 64));
const SECOND_INFO = [secondInfo];
const FRAME_INFO = [frameInfo];

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
  into?: Uint8Array,
): Uint8Array {
  dayInfo[DAY.length] = generation;
  putUint32(dayInfo, DAY.length + 1, enrolmentDay);
  const info = [textBehind(dayInfo, DAY.length + 5, meterId)];
  const dayKey = hkdfExtract(SALT, key, into);
  return hkdfBlock(dayKey, NOTHING, info, 1, dayKey);
}

/** `D[d+1]` from `D[d]`. */
export function nextDayKey(dayKey: Uint8Array, into?: Uint8Array): Uint8Array {
  return hkdfBlock(dayKey, NOTHING, NEXT_DAY, 1, into);
}

/** `H[d,0]` from `D[d]`. */
export function firstHourKey(dayKey: Uint8Array, into?: Uint8Array): Uint8Array {
  return hkdfBlock(dayKey, NOTHING, HOURS, 1, into);
}

/** `H[d,k+1]` from `H[d,k]`, within one day. */
export function nextHourKey(hourKey: Uint8Array, into?: Uint8Array): Uint8Array {
  return hkdfBlock(hourKey, NOTHING, NEXT_HOUR, 1, into);
}

/** `S[t]` from the key of its hour. */
export function secondKeyOf(hourKey: Uint8Array, t_s: number, into?: Uint8Array): Uint8Array {
  putUint64(secondInfo, SECOND.length, t_s);
  return hkdfBlock(hourKey, NOTHING, SECOND_INFO, 1, into);
}

/** What one frame is sealed with, all of it bound to its header. */
export interface FrameKeys {
  /** `com = okm[0..16)`. */
  readonly commitment: Uint8Array;
  /** `key = okm[16..48)`. Derived when it is asked for: a second that does not fit never needs it. */
  key(): Uint8Array;
}

/**
 * Where keys, nonce and AAD of one frame are written. Whoever handles one frame after the other gives
 * the same room again and again: what it held of the frame before is gone then.
 */
export class FrameRoom {
  /** `okm` with all of its second block: nobody uses its last sixteen bytes. */
  readonly #okm = new Uint8Array(2 * HASH_LENGTH);
  readonly secondKey = new Uint8Array(KEY_LENGTH);
  readonly first = this.#okm.subarray(0, HASH_LENGTH);
  readonly second = this.#okm.subarray(HASH_LENGTH);
  readonly commitment = this.#okm.subarray(0, COMMITMENT_LENGTH);
  readonly key = this.#okm.subarray(COMMITMENT_LENGTH, COMMITMENT_LENGTH + KEY_LENGTH);
  readonly nonce = new Uint8Array(NONCE_LENGTH);
  readonly aad = new Uint8Array(HEADER_LENGTH + TIME_LENGTH + COMMITMENT_LENGTH);

  /** Erases the keys. */
  wipe(): void {
    this.#okm.fill(0);
    this.secondKey.fill(0);
  }
}

/**
 * `okm = HKDF-Expand(S[t], "samay/tves/2/frame" ‖ 00 ‖ hdr, 48)` by its blocks: the first holds the
 * commitment and half of the key, the second the other half.
 */
export function frameKeys(
  secondKey: Uint8Array,
  header: Uint8Array,
  room = new FrameRoom(),
): FrameKeys {
  const { first, second, commitment, key } = room;
  frameInfo.set(header, FRAME.length);
  hkdfBlock(secondKey, NOTHING, FRAME_INFO, 1, first);
  return {
    commitment,
    key() {
      frameInfo.set(header, FRAME.length); // A frame in another room may have been looked at meanwhile.
      hkdfBlock(secondKey, first, FRAME_INFO, 2, second);
      return key;
    },
  };
}

/** Nonce and AAD of a frame: `u64 t ‖ u32 sequence` and `hdr ‖ u64 t ‖ com`. */
export function frameContext(
  header: Uint8Array,
  commitment: Uint8Array,
  t_s: number,
  { nonce, aad } = new FrameRoom(),
): { readonly nonce: Uint8Array; readonly aad: Uint8Array } {
  putUint64(nonce, 0, t_s);
  // The sequence is the last field of the header, already in the byte order of the nonce.
  for (let i = TIME_LENGTH; i < NONCE_LENGTH; i++) {
    nonce[i] = header[SEQUENCE_AT - TIME_LENGTH + i]!;
  }
  aad.set(header);
  putUint64(aad, HEADER_LENGTH, t_s);
  aad.set(commitment, HEADER_LENGTH + TIME_LENGTH);
  return { nonce, aad };
}

/** Where the sequence stands in the header. */
const SEQUENCE_AT = 12;
