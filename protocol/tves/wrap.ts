/** A meter's key at rest: wrapped under the key-encryption key of the head-end. */
import { concat, utf8 } from "../bytes.ts";
import { TerminalError } from "../errors.ts";
import { ENVELOPE_DIGITS, isEnvelope, openEnvelope, sealEnvelope } from "./envelope.ts";

/** Whose key it is. Part of what the tag vouches for: a wrapped key cannot change its owner. */
export interface KeyOwner {
  readonly meterId: string;
  readonly generation: number;
}

export interface WrapInput extends KeyOwner {
  /** Key-encryption key, 32 bytes. */
  readonly kek: Uint8Array;
  /** The meter's key, 32 bytes. */
  readonly key: Uint8Array;
  /** 12 random bytes, new for every call. */
  readonly nonce: Uint8Array;
}

export interface UnwrapInput extends KeyOwner {
  readonly kek: Uint8Array;
  /** As `wrapKey` gave it: 120 hexadecimal digits. */
  readonly wrapped: string;
}

/** `nonce ‖ ciphertext ‖ tag` in hex. Throws `RangeError` for a key or nonce of a wrong length. */
export function wrapKey({ kek, key, nonce, ...owner }: WrapInput): string {
  return sealEnvelope({ under: kek, aad: aadOf(owner) }, { key, nonce });
}

/**
 * The meter's key. Throws `TerminalError` when the wrapped key is malformed, was wrapped under
 * another key-encryption key, or belongs to another meter or generation.
 */
export function unwrapKey({ kek, wrapped, ...owner }: UnwrapInput): Uint8Array {
  const whose = `Wrapped key of meter ${owner.meterId}, generation ${owner.generation}`;
  if (!isEnvelope(wrapped)) {
    throw new TerminalError(`${whose}: not ${ENVELOPE_DIGITS} hexadecimal digits`);
  }
  const key = openEnvelope({ under: kek, aad: aadOf(owner) }, wrapped);
  if (key !== undefined) return key;
  throw new TerminalError(
    `${whose}: does not open; check that the key-encryption key is the one of the enrolment`,
  );
}

/** "samay/kek/1" ‖ 00 ‖ u8 generation ‖ meterId. */
function aadOf({ meterId, generation }: KeyOwner): Uint8Array {
  return concat(utf8("samay/kek/1\0"), Uint8Array.of(generation), utf8(meterId));
}
