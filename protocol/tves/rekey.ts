/**
 * A meter's next key on its way over the air: wrapped under a key of the hour, so that it closes with
 * the hour for good. The slave's chain erases the hour's key, and the stored command opens nothing
 * afterwards.
 *
 * It protects the new key from everybody but a holder of the old one. After a theft the next key goes
 * by hand, in a key file.
 */
import { concat, utf8 } from "../bytes.ts";
import { openEnvelope, sealEnvelope } from "./envelope.ts";
import { hkdfExpand, KEY_LENGTH } from "./primitives.ts";
import { hourOf, SECONDS_A_HOUR } from "./schedule.ts";

/** The last generation: one byte in a frame's header. */
export const GENERATION_MAX = 0xff;
/** What is wrapped so shortly before the hour ends is wrapped for the next hour. */
export const HOUR_ENDS_S = 60;

const LABEL = utf8("samay/tves/2/rekey\0");

/** For whom, from when and under what: all of it in the tag, so that no part can be exchanged. */
export interface RekeyOffer {
  readonly meterId: string;
  readonly alias: number;
  /** The generation whose hour key wraps the new one. */
  readonly underGeneration: number;
  /** Hours since the Unix epoch: which hour's key. */
  readonly hour: number;
  /** The new generation, and the UTC day number on which its chain begins. */
  readonly generation: number;
  readonly enrolmentDay: number;
}

/** The hour whose key wraps at `now_s`: the slave must have time to open it. */
export function wrappingHour(now_s: number): number {
  return hourOf(now_s + (SECONDS_A_HOUR - now_s % SECONDS_A_HOUR <= HOUR_ENDS_S ? HOUR_ENDS_S : 0));
}

export interface WrapRekeyInput extends RekeyOffer {
  /** `H[d,k]` of `underGeneration` and `hour`. */
  readonly hourKey: Uint8Array;
  /** The new generation's key, 32 bytes. */
  readonly key: Uint8Array;
  /** 12 random bytes, new for every call. */
  readonly nonce: Uint8Array;
}

/** `nonce ‖ ciphertext ‖ tag` in hex. Throws `RangeError` for a key or nonce of a wrong length. */
export function wrapRekey({ hourKey, key, nonce, ...offer }: WrapRekeyInput): string {
  const under = wrappingKey(hourKey, offer.generation);
  return sealEnvelope({ under, aad: aadOf(offer) }, { key, nonce });
}

export interface OpenRekeyInput extends RekeyOffer {
  readonly hourKey: Uint8Array;
  /** As `wrapRekey` gave it: 120 hexadecimal digits. */
  readonly wrapped: string;
}

/** The new key, or undefined when it was not wrapped under this hour key for exactly this offer. */
export function openRekey({ hourKey, wrapped, ...offer }: OpenRekeyInput): Uint8Array | undefined {
  const under = wrappingKey(hourKey, offer.generation);
  return openEnvelope({ under, aad: aadOf(offer) }, wrapped);
}

function wrappingKey(hourKey: Uint8Array, generation: number): Uint8Array {
  return hkdfExpand(hourKey, [LABEL, Uint8Array.of(generation)], KEY_LENGTH);
}

/** The label, then generations, alias, day and hour in fixed widths, then the meter's name. */
function aadOf(offer: RekeyOffer): Uint8Array {
  const fixed = new DataView(new ArrayBuffer(14));
  fixed.setUint8(0, offer.underGeneration);
  fixed.setUint8(1, offer.generation);
  fixed.setUint32(2, offer.alias);
  fixed.setUint32(6, offer.enrolmentDay);
  fixed.setUint32(10, offer.hour);
  return concat(LABEL, new Uint8Array(fixed.buffer), utf8(offer.meterId));
}
