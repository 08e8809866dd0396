/**
 * The engine on the runtime's native code, through the API of Node.js. It has no AES-GCM-SIV. The only
 * file of this folder that imports `node:crypto`.
 */
import { createCipheriv, createDecipheriv, createHmac } from "node:crypto";
import { type Aead, type Engine, HASH_LENGTH, placeFor, TAG_LENGTH } from "./engine.ts";

/** Both are AEADs with the interface of GCM; the types of Node.js know it for GCM alone. */
type NativeCipher = "aes-256-gcm" | "chacha20-poly1305";

function aeadOf(name: NativeCipher): Aead {
  // A cast of the name, not of a value: both ciphers take the same calls.
  const cipher = name as "aes-256-gcm";
  return {
    seal({ key, nonce, aad }, plaintext) {
      const sealer = createCipheriv(cipher, key, nonce);
      sealer.setAAD(aad);
      const sealed = new Uint8Array(plaintext.length + TAG_LENGTH);
      sealed.set(sealer.update(plaintext));
      sealer.final();
      sealed.set(sealer.getAuthTag(), plaintext.length);
      return sealed;
    },
    open({ key, nonce, aad }, sealed, into) {
      const opener = createDecipheriv(cipher, key, nonce);
      const length = sealed.length - TAG_LENGTH;
      opener.setAAD(aad);
      opener.setAuthTag(sealed.subarray(length));
      // A copy: what the runtime hands out may be a piece of a pool that others write to.
      const piece = opener.update(sealed.subarray(0, length));
      const plaintext = placeFor(length, into);
      plaintext.set(piece);
      piece.fill(0);
      try {
        opener.final();
        return plaintext;
      } catch {
        // All lengths are right (primitives.ts), so what the library objects to is the tag.
        plaintext.fill(0);
        return undefined;
      }
    },
  };
}

export const nativeEngine: Partial<Engine> = {
  hmacSha256(key, data, into = new Uint8Array(HASH_LENGTH)) {
    const hmac = createHmac("sha256", key);
    for (const part of data) hmac.update(part);
    into.set(hmac.digest());
    return into;
  },
  aes256gcm: aeadOf("aes-256-gcm"),
  chacha20Poly1305: aeadOf("chacha20-poly1305"),
};
