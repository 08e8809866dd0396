/**
 * The arithmetic of GCM's tag (NIST SP 800-38D section 6), slow and plain, and what someone who holds
 * two keys can do with it: one ciphertext that is right under both.
 *
 * The tag is a polynomial in the ciphertext's blocks over GF(2^128), so one block can be chosen freely
 * to make two tags meet (Dodis, Grubbs, Ristenpart, Woodage, "Fast Message Franking", CRYPTO 2018).
 */
import { createCipheriv } from "node:crypto";
import { concat } from "../../../protocol/bytes.ts";
import type { AeadInput } from "../../../protocol/tves/primitives.ts";

const BLOCK = 16;
const ONE = 1n << 127n;
const REDUCTION = 0xe1n << 120n;

/** Product in GF(2^128), the leftmost bit being the constant term (SP 800-38D section 6.3). */
export function multiply(x: bigint, y: bigint): bigint {
  let product = 0n;
  let shifted = y;
  for (let bit = 127n; bit >= 0n; bit--) {
    if ((x >> bit & 1n) === 1n) product ^= shifted;
    shifted = (shifted & 1n) === 1n ? shifted >> 1n ^ REDUCTION : shifted >> 1n;
  }
  return product;
}

export function power(base: bigint, exponent: bigint): bigint {
  let result = ONE;
  for (let square = base, e = exponent; e > 0n; e >>= 1n, square = multiply(square, square)) {
    if ((e & 1n) === 1n) result = multiply(result, square);
  }
  return result;
}

/** By Fermat: the multiplicative group has 2^128 - 1 elements. */
export function inverse(x: bigint): bigint {
  return power(x, (1n << 128n) - 2n);
}

/** `bytes` in blocks of 16, the last filled up with zeros, as the field's elements. */
export function blocksOf(bytes: Uint8Array): bigint[] {
  const blocks: bigint[] = [];
  for (let at = 0; at < bytes.length; at += BLOCK) {
    const block = new Uint8Array(BLOCK);
    block.set(bytes.subarray(at, at + BLOCK));
    blocks.push(block.reduce((value, byte) => value << 8n | BigInt(byte), 0n));
  }
  return blocks;
}

/** The 16 bytes of a field element. */
export function bytesOf(block: bigint): Uint8Array {
  return Uint8Array.from(
    { length: BLOCK },
    (_, i) => Number(block >> BigInt(8 * (15 - i)) & 0xffn),
  );
}

/** One block through AES-256. */
export function aesBlock(key: Uint8Array, block: Uint8Array): Uint8Array {
  return createCipheriv("aes-256-ecb", key, null).setAutoPadding(false).update(block);
}

function encryptBlock(key: Uint8Array, block: Uint8Array): bigint {
  return blocksOf(aesBlock(key, block))[0]!;
}

/** Blocks that GHASH goes over: AAD and ciphertext, each filled up, then their lengths in bits. */
function hashed(aad: Uint8Array, ciphertext: Uint8Array): bigint[] {
  const lengths = BigInt(aad.length * 8) << 64n | BigInt(ciphertext.length * 8);
  return [...blocksOf(aad), ...blocksOf(ciphertext), lengths];
}

/** The tag of `ciphertext` as GCM defines it: GHASH under H, plus the encrypted first counter. */
export function tagOf({ key, nonce, aad }: AeadInput, ciphertext: Uint8Array): bigint {
  const h = encryptBlock(key, new Uint8Array(BLOCK));
  const ghash = hashed(aad, ciphertext).reduce((sum, block) => multiply(sum ^ block, h), 0n);
  return ghash ^ encryptBlock(key, concat(nonce, Uint8Array.of(0, 0, 0, 1)));
}

/** `H^e`, by which the ciphertext's last block enters the tag: the length block stands behind it. */
function weightOfLastBlock(key: Uint8Array): bigint {
  return power(encryptBlock(key, new Uint8Array(BLOCK)), 2n);
}

/**
 * A ciphertext with its tag that AES-256-GCM opens under `one` and under `other`. `start` is its
 * beginning, whole blocks as one likes; the block behind it is the solution.
 */
export function openableByBoth(one: AeadInput, other: AeadInput, start: Uint8Array): Uint8Array {
  const open = concat(start, new Uint8Array(BLOCK));
  const difference = tagOf(one, open) ^ tagOf(other, open);
  const weight = weightOfLastBlock(one.key) ^ weightOfLastBlock(other.key);
  const ciphertext = concat(start, bytesOf(multiply(difference, inverse(weight))));
  return concat(ciphertext, bytesOf(tagOf(one, ciphertext)));
}
