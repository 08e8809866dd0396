/**
 * What TVES/2 asks of a cryptographic library, and nothing about which library it is.
 *
 * Engines do the same thing: one in JavaScript, which runs everywhere, one on the runtime's own native
 * code, which has less but is faster, and one that a program may offer from outside, which is faster
 * still. Their results are the same byte for byte.
 */

/** Length of every symmetric key, in bytes. */
export const KEY_LENGTH = 32;
/** Length of an AEAD nonce, in bytes (RFC 5116 section 3.2, RFC 8439 section 2.8). */
export const NONCE_LENGTH = 12;
/** Length of an AEAD tag, in bytes. */
export const TAG_LENGTH = 16;
/** Length of a SHA-256 digest, in bytes. */
export const HASH_LENGTH = 32;

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
  /**
   * The plaintext, or `undefined` when the tag does not fit. It is written to the beginning of `into`
   * where that is given and long enough; what a wrong tag leaves there is zeroes.
   */
  open(input: AeadInput, sealed: Uint8Array, into?: Uint8Array): Uint8Array | undefined;
}

/**
 * HMAC with SHA-256 (RFC 2104) of the parts of `data` one after the other: 32 bytes, written to `into`
 * where that is given, which then is none of the parts, but may be the key.
 */
export type Hmac = (
  key: Uint8Array,
  data: readonly Uint8Array[],
  into?: Uint8Array,
) => Uint8Array;

/** Everything that this protocol is made of. */
export interface Engine {
  readonly hmacSha256: Hmac;
  /** AES-256-GCM (NIST SP 800-38D, RFC 5116 section 5.2). */
  readonly aes256gcm: Aead;
  /** AES-256-GCM-SIV (RFC 8452): a repeated nonce tells no more than that a message was repeated. */
  readonly aes256gcmSiv: Aead;
  /** ChaCha20-Poly1305 (RFC 8439 section 2.8). */
  readonly chacha20Poly1305: Aead;
}

export type Primitive = keyof Engine;
export type EngineName = "offered" | "native" | "noble";

/** Where `length` bytes of plaintext go: `into`, as far as they need it, or a new array. */
export function placeFor(length: number, into: Uint8Array | undefined): Uint8Array {
  if (into === undefined || into.length < length) return new Uint8Array(length);
  return into.length === length ? into : into.subarray(0, length);
}

/** Key block lengths of HMAC with SHA-256 (RFC 2104 section 2): B, and the two paddings. */
export const HMAC_BLOCK = 64;
export const HMAC_INNER = 0x36;
export const HMAC_OUTER = 0x5c;
