/**
 * The key schedule of TVES/2 a second time, slow and plain, straight from the specification's text on
 * another library: HMAC of `node:crypto`, no cache, every chain walked from its first link.
 */
import { createHmac } from "node:crypto";
import { Buffer } from "node:buffer";

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

/** `S[t]`. */
export function secondKey(input: TwinInput, t: number): Buffer {
  const day = Math.floor(t / 86_400);
  const u64 = Buffer.alloc(8);
  u64.writeBigUInt64BE(BigInt(t));
  const info = Buffer.concat([Buffer.from("samay/tves/2/second"), Buffer.of(0), u64]);
  return expand(hourKey(input, day, Math.floor((t % 86_400) / 3_600)), info, 32);
}
