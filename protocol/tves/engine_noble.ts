/** The engine in JavaScript: reference and fallback. The only file that names its library. */
import { gcm, gcmsiv } from "@noble/ciphers/aes.js";
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { sha256 } from "@noble/hashes/sha2.js";
import {
  type Aead,
  type Engine,
  HASH_LENGTH,
  HMAC_BLOCK,
  HMAC_INNER,
  HMAC_OUTER,
  placeFor,
  TAG_LENGTH,
} from "./engine.ts";

type NobleCipher = (key: Uint8Array, nonce: Uint8Array, aad: Uint8Array) => {
  encrypt(plaintext: Uint8Array): Uint8Array;
  decrypt(sealed: Uint8Array): Uint8Array;
};

function aeadOf(cipher: NobleCipher): Aead {
  return {
    seal: ({ key, nonce, aad }, plaintext) => cipher(key, nonce, aad).encrypt(plaintext),
    open({ key, nonce, aad }, sealed, into) {
      const opener = cipher(key, nonce, aad);
      const place = into && placeFor(sealed.length - TAG_LENGTH, into);
      try {
        const plaintext = opener.decrypt(sealed);
        if (place === undefined) return plaintext;
        place.set(plaintext);
        plaintext.fill(0);
        return place;
      } catch {
        // All lengths are right (primitives.ts), so what the library objects to is the tag.
        place?.fill(0);
        return undefined;
      }
    },
  };
}

/**
 * One hash and one block that every HMAC uses again. Making them anew takes longer than the hashing,
 * and a candidate second is two such calls and little else.
 */
const blank = sha256.create();
const worker = sha256.create();
const block = new Uint8Array(HMAC_BLOCK);
const inner = new Uint8Array(HASH_LENGTH);

function hmacSha256(
  key: Uint8Array,
  data: readonly Uint8Array[],
  into?: Uint8Array,
): Uint8Array {
  if (key.length > HMAC_BLOCK) return hmacSha256(sha256(key), data, into);
  const digest = into ?? new Uint8Array(HASH_LENGTH);
  pad(key, HMAC_INNER);
  blank._cloneInto(worker).update(block);
  for (const part of data) worker.update(part);
  worker.digestInto(inner);
  pad(key, HMAC_OUTER);
  blank._cloneInto(worker).update(block).update(inner).digestInto(digest);
  // The block is as good as the key.
  block.fill(0);
  inner.fill(0);
  worker.destroy();
  return digest;
}

function pad(key: Uint8Array, padding: number): void {
  for (let i = 0; i < key.length; i++) block[i] = key[i]! ^ padding;
  block.fill(padding, key.length);
}

export const nobleEngine: Engine = {
  hmacSha256,
  aes256gcm: aeadOf(gcm),
  aes256gcmSiv: aeadOf(gcmsiv),
  chacha20Poly1305: aeadOf(chacha20poly1305),
};
