/** A meter's key at rest: wrapped under the key-encryption key of the head-end. */
import { concat, fromHex, textBehind, utf8 } from "../bytes.ts";
import { TerminalError } from "../errors.ts";
import { ENVELOPE_DIGITS, isEnvelope, openEnvelopeBytes, sealEnvelope } from "./envelope.ts";

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
  if (!isEnvelope(wrapped)) {
    throw new TerminalError(`${whoseOf(owner)}: not ${ENVELOPE_DIGITS} hexadecimal digits`);
  }
  return unwrapKeyBytes(kek, owner, fromHex(wrapped));
}

/**
 * The same of a wrapped key in bytes. It is written to `into` where that is given: whoever unwraps
 * very many has no copy of them left behind.
 */
export function unwrapKeyBytes(
  kek: Uint8Array,
  owner: KeyOwner,
  wrapped: Uint8Array,
  into?: Uint8Array,
): Uint8Array {
  const key = openEnvelopeBytes({ under: kek, aad: aadOf(owner) }, wrapped, into);
  if (key !== undefined) return key;
  throw new TerminalError(
    `${
      whoseOf(owner)
    }: does not open; check that the key-encryption key is the one of the enrolment`,
  );
}

function whoseOf({ meterId, generation }: KeyOwner): string {
  return `Wrapped key of meter ${meterId}, generation ${generation}`;
}

const LABEL = utf8("samay/kek/1\0");
/** Used again for every key; a longer name has an array of its own. */
const aad = concat(LABEL, new Uint8Array(1 + 64));

/** "samay/kek/1" ‖ 00 ‖ u8 generation ‖ meterId. */
function aadOf({ meterId, generation }: KeyOwner): Uint8Array {
  aad[LABEL.length] = generation;
  return textBehind(aad, LABEL.length + 1, meterId);
}
