/**
 * AES in paper mode: the key is made of the second alone, blocks stand by themselves, and there is no
 * tag. Whether a decryption is right is judged by a short check in the packet and by its form.
 */
import { utf8 } from "../bytes.ts";
import { decryptBlock, encryptBlock } from "./aes.ts";
import { BLOCK_LENGTH, expandKey } from "./aes_key.ts";
import { hasForm } from "./packet.ts";
import { firstThatFits, type Found, secondOfDay } from "./paper_time.ts";

/** Bytes of the check behind the text: the frame check sequence of HDLC, cut short for experiments. */
const CHECK_LENGTH = 2;
export const CHECK_BITS_MAX = 16;

/** The key of a second: its five digits, over and over, as many bytes as AES asks for. */
export function timeKey(t_s: number, length: 16 | 24 | 32 = 16): Uint8Array {
  const digits = String(secondOfDay(t_s)).padStart(5, "0");
  return utf8(digits.repeat(Math.ceil(length / digits.length)).slice(0, length));
}

/** The round keys of a second. */
export function timeRoundKeys(t_s: number): Uint8Array[] {
  return expandKey(timeKey(t_s));
}

/** Text, check and zeros up to whole blocks, each block under the key of second `t_s`. */
export function aesPaperSeal(text: string, t_s: number): Uint8Array {
  const bytes = utf8(text);
  const length = Math.ceil((bytes.length + CHECK_LENGTH) / BLOCK_LENGTH) * BLOCK_LENGTH;
  const padded = new Uint8Array(length);
  padded.set(bytes);
  new DataView(padded.buffer).setUint16(
    length - CHECK_LENGTH,
    crc16(padded, length - CHECK_LENGTH),
  );
  const roundKeys = timeRoundKeys(t_s);
  return eachBlock(padded, (block) => encryptBlock(roundKeys, block));
}

/** What round keys make of `sealed`, right or wrong. */
export function aesPaperDecrypt(sealed: Uint8Array, roundKeys: readonly Uint8Array[]): Uint8Array {
  return eachBlock(sealed, (block) => decryptBlock(roundKeys, block));
}

/** Whether the first `bits` of the check fit what stands before it, 1 to 16 bits. */
export function checkFits(packet: Uint8Array, bits: number): boolean {
  return checkDifference(packet) >>> (CHECK_BITS_MAX - bits) === 0;
}

/** The check that stands in the packet XOR the one that it should have: 16 bits. */
export function checkDifference(packet: Uint8Array): number {
  const at = packet.length - CHECK_LENGTH;
  return (packet[at]! << 8 | packet[at + 1]!) ^ crc16(packet, at);
}

/** Tries the seconds of `series`; the first whose check fits and whose text has the form is taken. */
export function aesPaperOpen(sealed: Uint8Array, series: readonly number[]): Found | undefined {
  return firstThatFits(series, (t_s) => {
    const packet = aesPaperDecrypt(sealed, timeRoundKeys(t_s));
    return checkFits(packet, CHECK_BITS_MAX) ? textOf(packet) : undefined;
  });
}

/** The text in a packet, when it has the form of one. */
export function textOf(packet: Uint8Array): string | undefined {
  const text = String.fromCharCode(...packet.subarray(0, packet.length - CHECK_LENGTH))
    .replace(/\0+$/, "");
  return hasForm(text) ? text : undefined;
}

/** CRC-16/X-25 of the first `length` bytes (ISO/IEC 13239 FCS, as meters use on HDLC). */
export function crc16(bytes: Uint8Array, length = bytes.length): number {
  let crc = 0xffff;
  for (let i = 0; i < length; i++) crc = crc >>> 8 ^ CRC_OF_BYTE[(crc ^ bytes[i]!) & 0xff]!;
  return crc ^ 0xffff;
}

/** What eight shifts make of each byte, reflected polynomial 8408. */
const CRC_OF_BYTE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >>> 1 ^ 0x8408 : crc >>> 1;
  return crc;
});

/** Each block on its own, which is the mode that shows equal blocks as equal. */
function eachBlock(bytes: Uint8Array, f: (block: Uint8Array) => Uint8Array): Uint8Array {
  const whole = new Uint8Array(bytes.length);
  for (let at = 0; at < bytes.length; at += BLOCK_LENGTH) {
    whole.set(f(bytes.subarray(at, at + BLOCK_LENGTH)), at);
  }
  return whole;
}
