/**
 * A meter's key under another key: AES-256-GCM with a random nonce, `nonce ‖ ciphertext ‖ tag` in hex.
 * What the tag vouches for besides is the caller's, so that no envelope opens in another's place.
 */
import { concat, fromHex, toHex } from "../bytes.ts";
import { aes256gcm, KEY_LENGTH, NONCE_LENGTH, TAG_LENGTH } from "./primitives.ts";

export const ENVELOPE_BYTES = NONCE_LENGTH + KEY_LENGTH + TAG_LENGTH;
/** Hexadecimal digits of an envelope. */
export const ENVELOPE_DIGITS = 2 * ENVELOPE_BYTES;

const FORM = new RegExp(`^[0-9a-f]{${ENVELOPE_DIGITS}}$`, "i");

export interface Envelope {
  /** The key that encrypts, 32 bytes. */
  readonly under: Uint8Array;
  readonly aad: Uint8Array;
}

/** Whether `text` has the form of an envelope. */
export function isEnvelope(text: string): boolean {
  return FORM.test(text);
}

/**
 * `key` in an envelope; `nonce` are 12 random bytes, new for every call. Throws `RangeError` for a
 * key or nonce of a wrong length.
 */
export function sealEnvelope(
  { under, aad }: Envelope,
  { key, nonce }: { readonly key: Uint8Array; readonly nonce: Uint8Array },
): string {
  if (key.length !== KEY_LENGTH) {
    throw new RangeError(`A meter's key has 32 bytes, not ${key.length}`);
  }
  return toHex(concat(nonce, aes256gcm.seal({ key: under, nonce, aad }, key)));
}

/** The key, or undefined when `text` is no envelope, or was not made with exactly these. */
export function openEnvelope(envelope: Envelope, text: string): Uint8Array | undefined {
  return isEnvelope(text) ? openEnvelopeBytes(envelope, fromHex(text)) : undefined;
}

/** The same of an envelope in bytes; the key is written to `into` where that is given. */
export function openEnvelopeBytes(
  { under, aad }: Envelope,
  bytes: Uint8Array,
  into?: Uint8Array,
): Uint8Array | undefined {
  if (bytes.length !== ENVELOPE_BYTES) return undefined;
  const nonce = bytes.subarray(0, NONCE_LENGTH);
  return aes256gcm.open({ key: under, nonce, aad }, bytes.subarray(NONCE_LENGTH), into);
}
