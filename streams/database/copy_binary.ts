/**
 * Rows in the binary format of PostgreSQL's COPY (PostgreSQL manual, "COPY", file formats): what the
 * server takes with the least work. Both drivers take it as the parameter of a `copy` statement, see
 * `isCopy()`.
 */
import { utf8 } from "../../protocol/bytes.ts";

const SIGNATURE = [...utf8("PGCOPY\n"), 0xff, ...utf8("\r\n"), 0];
/** PostgreSQL counts from 2000-01-01, in microseconds. */
const EPOCH_MS = 946_684_800_000;
const JSONB_VERSION = 1;
const FIRST_BYTES = 1 << 16;
const BYTES_MAX = 1 << 28;
const INT4_MAX = 0x7fff_ffff;
const encoder = new TextEncoder();

/** Whether a query is a COPY whose rows are its one parameter; both drivers ask this. */
export function isCopy(text: string, parameters: unknown): parameters is [Uint8Array] {
  return text.startsWith("copy ") && Array.isArray(parameters) &&
    parameters.length === 1 && parameters[0] instanceof Uint8Array;
}

/** Writes rows column by column; `end()` gives the bytes. Throws `RangeError` for what does not fit. */
export class CopyWriter {
  readonly #columns: number;
  #bytes = new Uint8Array(FIRST_BYTES);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;

  constructor(columns: number) {
    this.#columns = columns;
    this.#bytes.set(SIGNATURE);
    this.#at = SIGNATURE.length + 8; // No flags and no extension of the header.
  }

  row(): void {
    this.#room(2);
    this.#int2(this.#columns);
  }

  text(value: string): void {
    this.#string(value, 0);
  }

  json(text: string): void {
    this.#string(text, JSONB_VERSION);
  }

  smallint(value: number): void {
    if (!(Math.abs(value) <= 0x7fff)) throw new RangeError(`Not a smallint: ${value}`);
    this.#length(2);
    this.#int2(value);
  }

  integer(value: number): void {
    if (!(Math.abs(value) <= INT4_MAX)) throw new RangeError(`Not an integer: ${value}`);
    this.#length(4);
    this.#view.setInt32(this.#at, value);
    this.#at += 4;
  }

  bigint(value: number): void {
    if (!Number.isSafeInteger(value)) throw new RangeError(`Not a whole number: ${value}`);
    this.#length(8);
    this.#view.setInt32(this.#at, Math.floor(value / 2 ** 32));
    this.#view.setUint32(this.#at + 4, value >>> 0);
    this.#at += 8;
  }

  timestamptz(unix_ms: number): void {
    this.bigint((unix_ms - EPOCH_MS) * 1_000);
  }

  end(): Uint8Array {
    this.#room(2);
    this.#int2(-1);
    return this.#bytes.subarray(0, this.#at);
  }

  /** `version` stands in front of the text where it is not 0. */
  #string(value: string, version: number): void {
    const extra = version === 0 ? 0 : 1;
    this.#room(4 + extra + 3 * value.length);
    const start = this.#at + 4 + extra;
    if (extra > 0) this.#bytes[start - 1] = version;
    const written = this.#characters(value, start);
    this.#view.setInt32(this.#at, extra + written);
    this.#at = start + written;
  }

  /** Names are short and ASCII: a call into the encoder for each costs more than the loop. */
  #characters(value: string, start: number): number {
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i);
      if (code > 0x7f) return encoder.encodeInto(value, this.#bytes.subarray(start)).written;
      this.#bytes[start + i] = code;
    }
    return value.length;
  }

  #length(bytes: number): void {
    this.#room(4 + bytes);
    this.#view.setInt32(this.#at, bytes);
    this.#at += 4;
  }

  #int2(value: number): void {
    this.#view.setInt16(this.#at, value);
    this.#at += 2;
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const size = Math.max(2 * this.#bytes.length, this.#at + bytes);
    if (size > BYTES_MAX) throw new RangeError(`More than ${BYTES_MAX} bytes of rows for one COPY`);
    const grown = new Uint8Array(size);
    grown.set(this.#bytes);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}
