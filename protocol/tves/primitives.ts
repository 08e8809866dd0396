/**
 * The cryptographic parts that TVES/2 is made of. The only file that knows which library does them.
 *
 * Nothing here chooses keys, nonces or labels; that is the business of the files that call it.
 */
import { gcm } from "@noble/ciphers/aes.js";
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { expand, extract } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";

/** Length of every symmetric key, in bytes. */
export const KEY_LENGTH = 32;
/** Length of an AEAD nonce, in bytes (RFC 5116 section 3.2, RFC 8439 section 2.8). */
export const NONCE_LENGTH = 12;
/** Length of an AEAD tag, in bytes. */
export const TAG_LENGTH = 16;

/** HKDF-Extract with SHA-256 (RFC 5869 section 2.2): 32 bytes. */
export function hkdfExtract(salt: Uint8Array, ikm: Uint8Array): Uint8Array {
  return extract(sha256, ikm, salt);
}

/**
 * HKDF-Expand with SHA-256 (RFC 5869 section 2.3): `length` bytes, at most 255 * 32.
 * Throws `RangeError` for a longer output.
 */
export function hkdfExpand(prk: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  if (!(length >= 1 && length <= 255 * 32)) {
    throw new RangeError(`HKDF-Expand gives 1 to 8160 bytes, not ${length}`);
  }
  return expand(sha256, prk, info, length);
}

/** What an AEAD needs for one message: a key of 32 bytes, a nonce of 12, and what it vouches for. */
export interface AeadInput {
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
  readonly aad: Uint8Array;
}

/** An AEAD of RFC 5116 with a 256-bit key, a 96-bit nonce and a 128-bit tag at the end. */
export interface Aead {
  /** Ciphertext with its tag behind it: 16 bytes longer than `plaintext`. */
  seal(input: AeadInput, plaintext: Uint8Array): Uint8Array;
  /** The plaintext, or `undefined` when the tag does not fit. */
  open(input: AeadInput, sealed: Uint8Array): Uint8Array | undefined;
}

type NobleCipher = (key: Uint8Array, nonce: Uint8Array, aad: Uint8Array) => {
  encrypt(plaintext: Uint8Array): Uint8Array;
  decrypt(sealed: Uint8Array): Uint8Array;
};

/** Lengths are checked here so that what is left for the library to refuse is the tag alone. */
function assertLengths({ key, nonce }: AeadInput): void {
  if (key.length !== KEY_LENGTH) throw new RangeError(`A key has 32 bytes, not ${key.length}`);
  if (nonce.length !== NONCE_LENGTH) {
    throw new RangeError(`A nonce has 12 bytes, not ${nonce.length}`);
  }
}

function aeadOf(cipher: NobleCipher): Aead {
  return {
    seal(input, plaintext) {
      assertLengths(input);
      return cipher(input.key, input.nonce, input.aad).encrypt(plaintext);
    },
    open(input, sealed) {
      assertLengths(input);
      if (sealed.length < TAG_LENGTH) return undefined;
      const opener = cipher(input.key, input.nonce, input.aad);
      try {
        return opener.decrypt(sealed);
      } catch {
        // All lengths are right, so the one thing that the library can object to is the tag.
        return undefined;
      }
    },
  };
}

/** AES-256-GCM (NIST SP 800-38D, RFC 5116 section 5.2). */
export const aes256gcm: Aead = aeadOf(gcm);

/** ChaCha20-Poly1305 (RFC 8439 section 2.8). */
export const chacha20Poly1305: Aead = aeadOf(chacha20poly1305);
