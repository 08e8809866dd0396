/**
 * The engine on the system's own OpenSSL (libcrypto, Apache-2.0), called directly. Where it is there and
 * the program may load it, a frame costs a tenth of what it costs through the runtime's interfaces:
 * those make an object for each hash and each cipher, here one context serves them all.
 *
 * Only functions of OpenSSL 3 that are not deprecated. The only file that loads it.
 */
import {
  type Aead,
  type Engine,
  HASH_LENGTH,
  HMAC_BLOCK,
  HMAC_INNER,
  HMAC_OUTER,
  placeFor,
  type Primitive,
  TAG_LENGTH,
} from "../../protocol/tves/engine.ts";

/** Where systems keep it. The tasks of deno.json that may load it name the same files. */
export const LIBCRYPTO_PLACES: readonly string[] = [
  "/usr/lib/x86_64-linux-gnu/libcrypto.so.3",
  "/usr/lib/aarch64-linux-gnu/libcrypto.so.3",
  "/usr/lib64/libcrypto.so.3",
  "/usr/lib/libcrypto.so.3",
  "/opt/homebrew/opt/openssl@3/lib/libcrypto.3.dylib",
  "/usr/local/opt/openssl@3/lib/libcrypto.3.dylib",
];

const MADE = { parameters: [], result: "pointer" } as const;
const INIT = {
  parameters: ["pointer", "pointer", "pointer", "buffer", "buffer"],
  result: "i32",
} as const;
const UPDATE = {
  parameters: ["pointer", "buffer", "buffer", "buffer", "i32"],
  result: "i32",
} as const;
const FINAL = { parameters: ["pointer", "buffer", "buffer"], result: "i32" } as const;

const SYMBOLS = {
  EVP_MD_CTX_new: MADE,
  EVP_MD_fetch: { parameters: ["pointer", "buffer", "pointer"], result: "pointer" },
  EVP_DigestInit_ex: { parameters: ["pointer", "pointer", "pointer"], result: "i32" },
  EVP_DigestUpdate: { parameters: ["pointer", "buffer", "usize"], result: "i32" },
  EVP_DigestFinal_ex: { parameters: ["pointer", "buffer", "pointer"], result: "i32" },
  EVP_CIPHER_CTX_new: MADE,
  EVP_CIPHER_CTX_ctrl: { parameters: ["pointer", "i32", "i32", "buffer"], result: "i32" },
  EVP_aes_256_gcm: MADE,
  EVP_chacha20_poly1305: MADE,
  EVP_EncryptInit_ex: INIT,
  EVP_EncryptUpdate: UPDATE,
  EVP_EncryptFinal_ex: FINAL,
  EVP_DecryptInit_ex: INIT,
  EVP_DecryptUpdate: UPDATE,
  EVP_DecryptFinal_ex: FINAL,
} as const satisfies Deno.ForeignLibraryInterface;

export type Library = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

/** EVP_CTRL_AEAD_GET_TAG and EVP_CTRL_AEAD_SET_TAG of openssl/evp.h. */
const GET_TAG = 0x10;
const SET_TAG = 0x11;

/** Longest message whose HMAC needs no memory of its own: the protocol's have less than 100 bytes. */
const HMAC_ROOM = 1_024;

export interface Libcrypto {
  /** The file that was loaded. */
  readonly path: string;
  readonly engine: Partial<Engine>;
  /** What this library refuses, as one does that is set up for FIPS 140: others serve it. */
  readonly refused: readonly Primitive[];
}

/**
 * The first of `places` that can be loaded and has what is asked of it, or `undefined`: it is not
 * there, or the program was not given leave to load it (`--allow-ffi`). Tests give it `changed`.
 */
export function loadLibcrypto(
  places = LIBCRYPTO_PLACES,
  changed = (library: Library) => library,
): Libcrypto | undefined {
  for (const path of places) {
    try {
      return { path, ...engineOf(changed(Deno.dlopen(path, SYMBOLS).symbols)) };
    } catch {
      // Not there, not allowed, or without one of the functions: the next one, or none.
    }
  }
  return undefined;
}

function engineOf(library: Library): Omit<Libcrypto, "path"> {
  const makers = {
    hmacSha256: () => hmacOf(library),
    aes256gcm: () => aeadOf(library, library.EVP_aes_256_gcm()),
    chacha20Poly1305: () => aeadOf(library, library.EVP_chacha20_poly1305()),
  };
  const made: [string, unknown][] = [];
  const refused: Primitive[] = [];
  for (const [name, make] of Object.entries(makers)) {
    try {
      made.push([name, make()]);
    } catch {
      refused.push(name as Primitive);
    }
  }
  if (made.length === 0) throw new Error(`It refuses ${refused.join(", ")}`);
  return { engine: Object.fromEntries(made), refused };
}

/** HMAC by its definition (RFC 2104 section 2) over the library's SHA-256. */
function hmacOf(library: Library): Engine["hmacSha256"] {
  const sha256 = present(
    library.EVP_MD_fetch(null, new TextEncoder().encode("SHA256\0"), null),
  );
  const context = present(library.EVP_MD_CTX_new());
  const inner = new Uint8Array(HMAC_BLOCK + HMAC_ROOM);
  const outer = new Uint8Array(HMAC_BLOCK + HASH_LENGTH);
  const innerHash = outer.subarray(HMAC_BLOCK);

  const digest = (bytes: Uint8Array, length: number, into: Uint8Array) => {
    done(library.EVP_DigestInit_ex(context, sha256, null));
    done(library.EVP_DigestUpdate(context, bytes, BigInt(length))); // A number takes a slow way here.
    done(library.EVP_DigestFinal_ex(context, into, null));
  };

  return function hmacSha256(key, data, into) {
    if (key.length > HMAC_BLOCK) {
      const short = new Uint8Array(HASH_LENGTH);
      digest(key, key.length, short);
      return hmacSha256(short, data, into);
    }
    const hash = into ?? new Uint8Array(HASH_LENGTH);
    // The library writes behind the end of a shorter one.
    if (hash.length < HASH_LENGTH) throw new RangeError(`An HMAC has 32 bytes, not ${hash.length}`);
    let length = HMAC_BLOCK;
    for (const part of data) length += part.length;
    const message = length <= inner.length ? inner : new Uint8Array(length);
    pad(message, key, HMAC_INNER);
    pad(outer, key, HMAC_OUTER);
    let at = HMAC_BLOCK;
    for (const part of data) {
      if (part.length === 0) continue;
      message.set(part, at);
      at += part.length;
    }
    digest(message, length, innerHash);
    digest(outer, outer.length, hash);
    // The key stands in both; and what is hashed may be a key, or half of one.
    message.fill(0, 0, length);
    outer.fill(0);
    return hash;
  };
}

function pad(block: Uint8Array, key: Uint8Array, padding: number): void {
  for (let i = 0; i < key.length; i++) block[i] = key[i]! ^ padding;
  for (let i = key.length; i < HMAC_BLOCK; i++) block[i] = padding;
}

function aeadOf(library: Library, cipher: Deno.PointerValue): Aead {
  const sealing = present(library.EVP_CIPHER_CTX_new());
  const opening = present(library.EVP_CIPHER_CTX_new());
  // From here on the cipher stands; each message brings its key and nonce.
  done(library.EVP_EncryptInit_ex(sealing, cipher, null, null, null));
  done(library.EVP_DecryptInit_ex(opening, cipher, null, null, null));
  /** Takes the counts of written bytes, which are known beforehand, and the end of a cipher. */
  const written = new Uint8Array(TAG_LENGTH);

  return {
    seal({ key, nonce, aad }, plaintext) {
      const { length } = plaintext;
      const sealed = new Uint8Array(length + TAG_LENGTH);
      done(library.EVP_EncryptInit_ex(sealing, null, null, key, nonce));
      done(library.EVP_EncryptUpdate(sealing, null, written, aad, aad.length));
      done(library.EVP_EncryptUpdate(sealing, sealed, written, plaintext, length));
      done(library.EVP_EncryptFinal_ex(sealing, written, written));
      done(library.EVP_CIPHER_CTX_ctrl(sealing, GET_TAG, TAG_LENGTH, sealed.subarray(length)));
      return sealed;
    },
    open({ key, nonce, aad }, sealed, into) {
      const length = sealed.length - TAG_LENGTH;
      const plaintext = placeFor(length, into);
      done(library.EVP_DecryptInit_ex(opening, null, null, key, nonce));
      done(library.EVP_CIPHER_CTX_ctrl(opening, SET_TAG, TAG_LENGTH, sealed.subarray(length)));
      done(library.EVP_DecryptUpdate(opening, null, written, aad, aad.length));
      done(library.EVP_DecryptUpdate(opening, plaintext, written, sealed, length));
      if (library.EVP_DecryptFinal_ex(opening, written, written) === 1) return plaintext;
      plaintext.fill(0);
      return undefined;
    },
  };
}

function present(pointer: Deno.PointerValue): Deno.PointerValue {
  if (pointer === null) throw new Error("libcrypto has no memory left, or lacks an algorithm");
  return pointer;
}

/** What the library calls success. It fails only where a cipher or its memory is missing. */
function done(result: number): void {
  if (result !== 1) throw new Error("libcrypto failed at a cipher or hash that it has");
}
