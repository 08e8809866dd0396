/**
 * Numbers and short texts in as few bytes as they need, as a string of characters 0 to 255: what a
 * million idle meters are kept as. A string has no object around its bytes, which a typed array has.
 * The same values give the same string, and every finite number comes back to the last bit.
 */
import { utf8 } from "./bytes.ts";

const FIRST_BYTES = 1_024;
/** Arguments of one call; engines have a limit on them. */
const PIECE = 4_096;

export class Packer {
  #bytes = new Uint8Array(FIRST_BYTES);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  /** A safe integer from 0 on: seven bits a byte, the low ones first. Throws for any other number. */
  uint(value: number): this {
    if (!(value >= 0 && Number.isSafeInteger(value))) throw new RangeError(`${value} is no count`);
    this.#reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = rest % 0x80 | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
    return this;
  }

  /** Any safe integer: six bits and the sign in the first byte. Throws for any other number. */
  int(value: number): this {
    if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is no whole number`);
    this.#reserve(9);
    const size = Math.abs(value);
    const rest = Math.floor(size / 0x40);
    const sign = value < 0 ? 0x40 : 0;
    this.#bytes[this.#length++] = size % 0x40 | sign | (rest > 0 ? 0x80 : 0);
    return rest > 0 ? this.uint(rest) : this;
  }

  /** Any number, in eight bytes. */
  float(value: number): this {
    this.#reserve(8);
    this.#view.setFloat64(this.#length, value);
    this.#length += 8;
    return this;
  }

  text(value: string): this {
    if (!isAscii(value)) {
      const bytes = utf8(value);
      return this.uint(bytes.length).bytes(bytes);
    }
    this.uint(value.length).#reserve(value.length);
    for (let i = 0; i < value.length; i++) this.#bytes[this.#length++] = value.charCodeAt(i);
    return this;
  }

  /** As they are: whoever reads them must know how many. */
  bytes(bytes: Uint8Array): this {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  /** What was packed since the last call. */
  done(): string {
    let text = "";
    for (let start = 0; start < this.#length; start += PIECE) {
      const piece = this.#bytes.subarray(start, Math.min(start + PIECE, this.#length));
      text += String.fromCharCode.apply(null, piece as unknown as number[]);
    }
    this.#length = 0;
    return text;
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#length + bytes, 2 * this.#bytes.length));
    larger.set(this.#bytes);
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

/** Reads what `Packer` wrote. Every method throws `RangeError` where the text is no such thing. */
export class Unpacker {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  uint(): number {
    let value = 0;
    for (let weight = 1;; weight *= 0x80) {
      const byte = this.byte();
      value += (byte & 0x7f) * weight;
      if (value > Number.MAX_SAFE_INTEGER) throw new RangeError("A number is out of bounds");
      if (byte < 0x80) return value;
    }
  }

  int(): number {
    const first = this.byte();
    const size = (first & 0x3f) + (first & 0x80 ? this.uint() * 0x40 : 0);
    if (size > Number.MAX_SAFE_INTEGER) throw new RangeError("A number is out of bounds");
    return first & 0x40 ? -size : size;
  }

  /** Throws for what is no finite number, too. */
  float(): number {
    for (let i = 0; i < 8; i++) eight[i] = this.byte();
    const value = eightView.getFloat64(0);
    if (!Number.isFinite(value)) throw new RangeError("A number is not finite");
    return value;
  }

  text(): string {
    const length = this.uint();
    const text = this.#text.slice(this.#at, this.#at + length);
    if (text.length < length) throw new RangeError("It ends too early");
    if (!isAscii(text)) return new TextDecoder().decode(this.bytes(length));
    this.#at += length;
    return text;
  }

  bytes(length: number): Uint8Array {
    if (length > this.#text.length - this.#at) throw new RangeError("It ends too early");
    return Uint8Array.from({ length }, () => this.byte());
  }

  byte(): number {
    const byte = this.#text.charCodeAt(this.#at++);
    if (byte <= 0xff) return byte;
    // Beyond the end there is no character: its code is no number.
    throw new RangeError(byte > 0xff ? "It holds what is no byte" : "It ends too early");
  }

  /** Throws when anything is left. */
  end(): void {
    if (this.#at !== this.#text.length) throw new RangeError("It goes on behind its end");
  }
}

/** Texts of digits and Latin letters, as nearly all are, need no encoder. */
function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

const eight = new Uint8Array(8);
const eightView = new DataView(eight.buffer);
