/**
 * The cryptographic parts that TVES/2 is made of, as the rest of it calls them. Whichever engine
 * serves a part, lengths are checked here and HKDF is written out here.
 *
 * Nothing here chooses keys, nonces or labels; that is the business of the files that call it.
 */
import {
  type Aead,
  type AeadInput,
  type Engine,
  type EngineName,
  HASH_LENGTH,
  KEY_LENGTH,
  NONCE_LENGTH,
  type Primitive,
  TAG_LENGTH,
} from "./engine.ts";
import { compose, servedBy } from "./engine_choice.ts";
import { nativeEngine } from "./engine_native.ts";
import { nobleEngine } from "./engine_noble.ts";

export { HASH_LENGTH, KEY_LENGTH, NONCE_LENGTH, TAG_LENGTH } from "./engine.ts";
export type { Aead, AeadInput, EngineName, Primitive } from "./engine.ts";

/**
 * What native code is faster at. HMAC is not among it: a call into the runtime takes longer than the
 * four blocks of a short message take in JavaScript (`deno task bench:tves` prints both).
 */
const NATIVE_FIRST: readonly Primitive[] = ["aes256gcm", "chacha20Poly1305"];
const EVERY: readonly Primitive[] = ["hmacSha256", ...NATIVE_FIRST, "aes256gcmSiv"];

const native = servedBy(nativeEngine, NATIVE_FIRST);
/** What came from outside and was taken: `offerEngine`. */
let offered: Partial<Engine> = {};
let engine = compose(nobleEngine, nativeEngine, native);

/**
 * From now on `from` serves what it has and gives the known answer for; the names of that are given
 * back. For a library that only a program with leave to load it can have.
 */
export function offerEngine(from: Partial<Engine>): Primitive[] {
  const served = servedBy(from, EVERY);
  offered = Object.fromEntries(served.map((primitive) => [primitive, from[primitive]]));
  engine = compose(compose(nobleEngine, nativeEngine, native), offered, served);
  return served;
}

/** Who serves `primitive` now. */
export function engineOf(primitive: Primitive): EngineName {
  if (offered[primitive] !== undefined) return "offered";
  return native.includes(primitive) ? "native" : "noble";
}

/**
 * Runs `work`, which must not be asynchronous, with everything from one engine: all from `noble`, or
 * from another all that it has. For tests and measurements.
 */
export function withEngine<T>(name: EngineName, work: () => T): T {
  const before = engine;
  const parts = { noble: nobleEngine, native: nativeEngine, offered }[name];
  engine = compose(nobleEngine, parts, servedBy(parts, EVERY));
  try {
    return work();
  } finally {
    engine = before;
  }
}

/** HKDF-Extract with SHA-256 (RFC 5869 section 2.2): 32 bytes, in `into` where that is given. */
export function hkdfExtract(salt: Uint8Array, ikm: Uint8Array, into?: Uint8Array): Uint8Array {
  return engine.hmacSha256(salt, [ikm], into);
}

/** The last byte of every block of HKDF-Expand: the number of the block. */
const COUNTERS = Array.from({ length: 256 }, (_, i) => Uint8Array.of(i));

/**
 * HKDF-Expand with SHA-256 (RFC 5869 section 2.3): `length` bytes, at most 255 * 32. `info` is given
 * in parts. Throws `RangeError` for a longer output.
 */
export function hkdfExpand(
  prk: Uint8Array,
  info: readonly Uint8Array[],
  length: number,
): Uint8Array {
  if (!(length >= 1 && length <= 255 * HASH_LENGTH)) {
    throw new RangeError(`HKDF-Expand gives 1 to 8160 bytes, not ${length}`);
  }
  let block = hkdfBlock(prk, NOTHING, info, 1);
  if (length === HASH_LENGTH) return block;
  const okm = new Uint8Array(length);
  for (let at = 0, i = 1; at < length; at += HASH_LENGTH) {
    okm.set(block.subarray(0, length - at), at);
    if (at + HASH_LENGTH < length) block = hkdfBlock(prk, block, info, ++i);
  }
  return okm;
}

/** `T(0)` of HKDF-Expand. */
export const NOTHING = new Uint8Array();

/**
 * `T(i)` of HKDF-Expand, 32 bytes: `HMAC(prk, T(i-1) ‖ info ‖ i)`, where `before` is `T(i-1)`. For
 * who needs the first block at once and the second seldom. Written to `into` where that is given.
 */
export function hkdfBlock(
  prk: Uint8Array,
  before: Uint8Array,
  info: readonly Uint8Array[],
  i: number,
  into?: Uint8Array,
): Uint8Array {
  return engine.hmacSha256(prk, [before, ...info, COUNTERS[i]!], into);
}

/** Lengths are checked here so that what is left for an engine to refuse is the tag alone. */
function assertLengths({ key, nonce }: AeadInput): void {
  if (key.length !== KEY_LENGTH) throw new RangeError(`A key has 32 bytes, not ${key.length}`);
  if (nonce.length !== NONCE_LENGTH) {
    throw new RangeError(`A nonce has 12 bytes, not ${nonce.length}`);
  }
}

function aeadOf(name: Exclude<Primitive, "hmacSha256">): Aead {
  return {
    seal(input, plaintext) {
      assertLengths(input);
      return engine[name].seal(input, plaintext);
    },
    open(input, sealed, into) {
      assertLengths(input);
      return sealed.length < TAG_LENGTH ? undefined : engine[name].open(input, sealed, into);
    },
  };
}

/** AES-256-GCM (NIST SP 800-38D, RFC 5116 section 5.2). */
export const aes256gcm: Aead = aeadOf("aes256gcm");

/** AES-256-GCM-SIV (RFC 8452). */
export const aes256gcmSiv: Aead = aeadOf("aes256gcmSiv");

/** ChaCha20-Poly1305 (RFC 8439 section 2.8). */
export const chacha20Poly1305: Aead = aeadOf("chacha20Poly1305");
