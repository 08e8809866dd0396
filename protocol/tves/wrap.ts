/** A meter's key at rest: wrapped under the key-encryption key of the head-end. */
import { concat, fromHex, toHex, utf8 } from "../bytes.ts";
import { TerminalError } from "../errors.ts";
import { aes256gcm, KEY_LENGTH, NONCE_LENGTH } from "./primitives.ts";

/** Bytes of a wrapped key: nonce, key and tag. */
const WRAPPED_LENGTH = 60;

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
export function wrapKey(input: WrapInput): string {
  const { kek, key, nonce } = input;
  if (key.length !== KEY_LENGTH) {
    throw new RangeError(`A meter's key has 32 bytes, not ${key.length}`);
  }
  return toHex(concat(nonce, aes256gcm.seal({ key: kek, nonce, aad: aadOf(input) }, key)));
}

/**
 * The meter's key. Throws `TerminalError` when the wrapped key is malformed, was wrapped under
 * another key-encryption key, or belongs to another meter or generation.
 */
export function unwrapKey(input: UnwrapInput): Uint8Array {
  const whose = `Wrapped key of meter ${input.meterId}, generation ${input.generation}`;
  const bytes = hexOrEmpty(input.wrapped);
  if (bytes.length !== WRAPPED_LENGTH) {
    throw new TerminalError(`${whose}: not ${2 * WRAPPED_LENGTH} hexadecimal digits`);
  }
  const key = aes256gcm.open(
    { key: input.kek, nonce: bytes.subarray(0, NONCE_LENGTH), aad: aadOf(input) },
    bytes.subarray(NONCE_LENGTH),
  );
  if (key === undefined) {
    throw new TerminalError(
      `${whose}: does not open; check that the key-encryption key is the one of the enrolment`,
    );
  }
  return key;
}

function hexOrEmpty(text: string): Uint8Array {
  return /^[0-9a-f]*$/i.test(text) && text.length % 2 === 0 ? fromHex(text) : new Uint8Array();
}

/** "samay/kek/1" ‖ 00 ‖ u8 generation ‖ meterId. */
function aadOf({ meterId, generation }: KeyOwner): Uint8Array {
  return concat(utf8("samay/kek/1\0"), Uint8Array.of(generation), utf8(meterId));
}
