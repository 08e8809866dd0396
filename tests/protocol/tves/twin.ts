/**
 * The keys and frames of TVES/2 a second time, slow and plain, straight from the specification's text on
 * another library: HMAC of `node:crypto`, no cache, every chain walked from its first link.
 */
import { createCipheriv, createHmac } from "node:crypto";
import { Buffer } from "node:buffer";
import { sealGcmSiv } from "./gcm_siv.ts";

function hmac(key: Uint8Array, data: Uint8Array): Buffer {
  return createHmac("sha256", key).update(data).digest();
}

/** RFC 5869 section 2.3. */
export function expand(prk: Uint8Array, info: Uint8Array | string, length: number): Buffer {
  let block: Buffer = Buffer.alloc(0);
  let okm: Buffer = Buffer.alloc(0);
  for (let i = 1; okm.length < length; i++) {
    block = hmac(prk, Buffer.concat([block, Buffer.from(info), Buffer.of(i)]));
    okm = Buffer.concat([okm, block]);
  }
  return okm.subarray(0, length);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export interface TwinInput {
  readonly key: Uint8Array;
  readonly generation: number;
  readonly enrolmentDay: number;
  readonly meterId: string;
}

/** `D[day]`. */
export function dayKey({ key, generation, enrolmentDay, meterId }: TwinInput, day: number): Buffer {
  const prk = hmac(Buffer.from("samay/tves/2"), key);
  const info = Buffer.concat([
    Buffer.from("day"),
    Buffer.of(0, generation),
    u32(enrolmentDay),
    Buffer.from(meterId, "utf8"),
  ]);
  let link = expand(prk, info, 32);
  for (let d = enrolmentDay; d < day; d++) link = expand(link, "samay/tves/2/next-day", 32);
  return link;
}

/** `H[day,k]`. */
export function hourKey(input: TwinInput, day: number, k: number): Buffer {
  let link = expand(dayKey(input, day), "samay/tves/2/hours", 32);
  for (let i = 0; i < k; i++) link = expand(link, "samay/tves/2/next-hour", 32);
  return link;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

/** `S[t]`. */
export function secondKey(input: TwinInput, t: number): Buffer {
  const day = Math.floor(t / 86_400);
  const info = Buffer.concat([Buffer.from("samay/tves/2/second"), Buffer.of(0), u64(t)]);
  return expand(hourKey(input, day, Math.floor((t % 86_400) / 3_600)), info, 32);
}

/** The fields of a frame, as the table of the specification has them. */
export interface TwinFrame {
  readonly suite: number;
  readonly hint: boolean;
  readonly clockQuality: number;
  readonly alias: number;
  readonly generation: number;
  readonly boot: number;
  readonly sequence: number;
  readonly t: number;
}

/** `hdr` for a ciphertext of `n` bytes. */
export function header(frame: TwinFrame, n: number): Buffer {
  const hdr = Buffer.alloc(16);
  hdr.writeUInt8(2 * 16 + frame.suite, 0);
  hdr.writeUInt8((frame.hint ? 1 : 0) + 2 * frame.clockQuality, 1);
  hdr.writeUInt16BE(n, 2);
  hdr.writeUInt32BE(frame.alias, 4);
  hdr.writeUInt8(frame.generation, 8);
  hdr.writeUInt8(frame.hint ? frame.t % 256 : 0, 9);
  hdr.writeUInt16BE(frame.boot, 10);
  hdr.writeUInt32BE(frame.sequence, 12);
  return hdr;
}

export interface SealedWith {
  readonly com: Buffer;
  readonly key: Buffer;
  readonly nonce: Buffer;
  readonly aad: Buffer;
}

/** Everything that a frame is sealed with. */
export function sealedWith(hdr: Buffer, t: number, s: Uint8Array): SealedWith {
  const info = Buffer.concat([Buffer.from("samay/tves/2/frame"), Buffer.of(0), hdr]);
  const okm = expand(s, info, 48);
  const com = okm.subarray(0, 16);
  return {
    com,
    key: okm.subarray(16, 48),
    nonce: Buffer.concat([u64(t), hdr.subarray(12, 16)]),
    aad: Buffer.concat([hdr, u64(t), com]),
  };
}

/** Ciphertext and tag of a message. `node:crypto` has the ciphers of suites 1 and 3, not of 2. */
function seal(suite: number, { key, nonce, aad }: SealedWith, plaintext: Uint8Array): Buffer {
  if (suite === 2) return Buffer.from(sealGcmSiv({ key, nonce, aad }, plaintext));
  const cipher = createCipheriv(
    (suite === 1 ? "aes-256-gcm" : "chacha20-poly1305") as "aes-256-gcm",
    key,
    nonce,
  );
  cipher.setAAD(aad);
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** The whole frame. */
export function frame(fields: TwinFrame, s: Uint8Array, plaintext: Uint8Array): Buffer {
  const hdr = header(fields, plaintext.length);
  const parts = sealedWith(hdr, fields.t, s);
  return Buffer.concat([hdr, parts.com, seal(fields.suite, parts, plaintext)]);
}
