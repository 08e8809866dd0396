/** Small helpers for byte strings. All integers on our wires are big-endian. */

const HEX = /^(?:[0-9a-f]{2})*$/i;

/** Lower-case hexadecimal text of `bytes`. */
export function toHex(bytes: Uint8Array): string {
  return bytes.toHex();
}

/** Bytes of hexadecimal `text`. Throws `SyntaxError` when the text is not whole bytes of hex. */
export function fromHex(text: string): Uint8Array {
  if (!HEX.test(text)) {
    throw new SyntaxError(`Not hexadecimal (an even number of 0-9, a-f): "${text.slice(0, 24)}"`);
  }
  return Uint8Array.fromHex(text);
}

/** The parts, one after the other, in one new array. */
export function concat(...parts: Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** Writes `value`, a whole number below 2^53, as eight bytes at `offset`. */
export function putUint64(bytes: Uint8Array, offset: number, value: number): void {
  putUint32(bytes, offset, Math.floor(value / 2 ** 32));
  putUint32(bytes, offset + 4, value >>> 0);
}

/** Byte by byte: a `DataView` for one frame's four numbers costs more than it saves. */
export function putUint32(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >>> 24;
  bytes[offset + 1] = value >>> 16;
  bytes[offset + 2] = value >>> 8;
  bytes[offset + 3] = value;
}

/** Whether `a` and `b` are equal, in a time that depends on their length alone. */
export function equalConstantTime(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!;
  return difference === 0;
}

const encoder = new TextEncoder();

/** ASCII or UTF-8 bytes of `text`. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/**
 * The first `at` bytes of `room` with `text` behind them: in `room` itself where that is long enough
 * and the text is ASCII, as nearly all are, which costs no new array.
 */
export function textBehind(room: Uint8Array, at: number, text: string): Uint8Array {
  const { length } = text;
  let written = 0;
  for (; written < length && at + written < room.length; written++) {
    const code = text.charCodeAt(written);
    if (code > 0x7f) break;
    room[at + written] = code;
  }
  if (written === length) return room.subarray(0, at + length);
  return concat(room.subarray(0, at), utf8(text));
}
