/** The control characters of IEC 62056-21, 6.3, and the mode that strips a parity bit. */
export const NUL = 0x00;
export const STX = 0x02;
export const ETX = 0x03;
export const ACK = 0x06;
export const LF = 0x0a;
export const CR = 0x0d;
export const SLASH = 0x2f;
export const EXCLAMATION = 0x21;

/** How characters travel: 7 data bits with even parity (the standard's), or 8 bits without. */
export type Framing = "7E1" | "8N1";

/**
 * The characters of received `bytes`. With 7E1 the eighth bit is the parity bit wherever the line's
 * driver lets it through (a pseudo-terminal, a converter in transparent mode): it is cut off.
 */
export function charactersOf(bytes: Uint8Array, framing: Framing): Uint8Array {
  return framing === "7E1" ? bytes.map((byte) => byte & 0x7f) : bytes;
}

/** ASCII bytes as text; a byte above 127 becomes the character of that number. */
export function textOf(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** Text of characters 0 to 255 as bytes. */
export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0) & 0xff);
}
