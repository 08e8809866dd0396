/**
 * AES-256-GCM-SIV a second time, slow and plain, from the text of RFC 8452 and a block of AES: what
 * the one engine that has suite 2 is held against.
 */
import { concat } from "../../../protocol/bytes.ts";
import type { AeadInput } from "../../../protocol/tves/primitives.ts";
import { aesBlock, blocksOf, bytesOf, multiply } from "./ghash.ts";

/** `x` of GHASH's field: the constant term is the leftmost bit. */
const X = 1n << 126n;

function littleEndian(value: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => Math.floor(value / 2 ** (8 * i)) % 256);
}

/** POLYVAL by way of GHASH (RFC 8452 appendix A). */
function polyval(h: Uint8Array, data: Uint8Array): Uint8Array {
  const reversed = (bytes: Uint8Array) => blocksOf(bytes.toReversed())[0]!;
  const key = multiply(reversed(h), X);
  let sum = 0n;
  for (let at = 0; at < data.length; at += 16) {
    sum = multiply(sum ^ reversed(data.subarray(at, at + 16)), key);
  }
  return bytesOf(sum).toReversed();
}

/** Bytes of the derived keys: halves of AES over a counter and the nonce (RFC 8452 section 4). */
function derived(key: Uint8Array, nonce: Uint8Array, from: number, to: number): Uint8Array {
  const halves: Uint8Array[] = [];
  for (let i = from; i < to; i++) {
    halves.push(aesBlock(key, concat(littleEndian(i, 4), nonce)).subarray(0, 8));
  }
  return concat(...halves);
}

function padded(bytes: Uint8Array): Uint8Array {
  return concat(bytes, new Uint8Array((16 - bytes.length % 16) % 16));
}

/** Ciphertext and tag (RFC 8452 section 4). */
export function sealGcmSiv({ key, nonce, aad }: AeadInput, plaintext: Uint8Array): Uint8Array {
  const authentication = derived(key, nonce, 0, 2);
  const encryption = derived(key, nonce, 2, 6);
  const lengths = concat(littleEndian(8 * aad.length, 8), littleEndian(8 * plaintext.length, 8));
  const sum = polyval(authentication, concat(padded(aad), padded(plaintext), lengths));
  nonce.forEach((byte, i) => sum[i]! ^= byte);
  sum[15]! &= 0x7f;
  const tag = Uint8Array.from(aesBlock(encryption, sum));
  return concat(counterMode(encryption, tag, plaintext), tag);
}

/** AES in the counter mode of RFC 8452: 32 bits, little-endian, at the front, wrapping round. */
function counterMode(key: Uint8Array, tag: Uint8Array, plaintext: Uint8Array): Uint8Array {
  const counter = tag.slice();
  counter[15]! |= 0x80;
  const first = new DataView(counter.buffer).getUint32(0, true);
  const ciphertext = plaintext.slice();
  for (let at = 0, i = 0; at < plaintext.length; at += 16, i++) {
    counter.set(littleEndian((first + i) % 2 ** 32, 4));
    const stream = aesBlock(key, counter);
    for (let j = 0; j < 16 && at + j < ciphertext.length; j++) ciphertext[at + j]! ^= stream[j]!;
  }
  return ciphertext;
}
