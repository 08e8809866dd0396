/** The file format of PDF 1.7 (ISO 32000-1 section 7): objects in, bytes out. */
import { Buffer } from "node:buffer";
import { deflateSync } from "node:zlib";

/** A stream whose bytes are compressed already: made once, and put into many files. */
export interface PdfStream {
  readonly dictionary: string;
  readonly bytes: Uint8Array;
}

export interface PdfFile {
  /** The number of an object that is to come. */
  reserve(): number;
  /** An object that is no stream, by its text; without a number it gets the next one. */
  add(text: string, number?: number): number;
  addStream(stream: PdfStream): number;
  /** The whole file. `root` and `info` are numbers of objects. */
  bytes(root: number, info: number): Uint8Array<ArrayBuffer>;
}

/** Of a page and its objects: half the time of the usual level, and 2 % more bytes. */
export const LEVEL_FAST = 3;
/** Of what is made once and put into many files. */
export const LEVEL_SMALL = 9;

/** Compresses the bytes of a stream; `entries` go into its dictionary. */
export function pdfStream(
  bytes: Uint8Array | string,
  entries = "",
  level = LEVEL_FAST,
): PdfStream {
  const plain = typeof bytes === "string" ? ENCODER.encode(bytes) : bytes;
  const packed = deflateSync(plain, { level });
  return {
    dictionary: `<</Length ${packed.length}/Filter/FlateDecode${entries}>>`,
    bytes: packed,
  };
}

/** A text string in hex: UTF-16BE behind its byte order mark (section 7.9.2.2). */
export function pdfText(text: string): string {
  let hex = "<FEFF";
  for (let i = 0; i < text.length; i++) {
    hex += text.charCodeAt(i).toString(16).toUpperCase().padStart(4, "0");
  }
  return `${hex}>`;
}

/** A length or coordinate: two decimals are 4 micrometres. */
export function pdfNumber(value: number): string {
  return String(Math.round(value * 100) / 100);
}

/** All text in the file is ASCII; the second line of its head says that the file is not text. */
const ENCODER = new TextEncoder();
const HEADER = new Uint8Array([...ENCODER.encode("%PDF-1.7\n%"), 0xe2, 0xe3, 0xcf, 0xd3, 0x0a]);

/** An empty file. Objects without a stream go into one compressed object stream (section 7.5.7). */
export function createPdfFile(): PdfFile {
  const texts = new Map<number, string>();
  const streams = new Map<number, PdfStream>();
  let last = 0;
  return {
    reserve: () => ++last,
    add(text, number = ++last) {
      texts.set(number, text);
      return number;
    },
    addStream(stream) {
      streams.set(++last, stream);
      return last;
    },
    bytes: (root, info) => assemble(texts, streams, last, `/Root ${root} 0 R/Info ${info} 0 R`),
  };
}

const END = ENCODER.encode("\nendstream\nendobj\n");

function assemble(
  texts: ReadonlyMap<number, string>,
  streams: ReadonlyMap<number, PdfStream>,
  last: number,
  trailer: string,
): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [HEADER];
  let length = parts[0]!.length;
  const offsets = new Map<number, number>();
  const write = (number: number, { dictionary, bytes }: PdfStream) => {
    offsets.set(number, length);
    const head = ENCODER.encode(`${number} 0 obj\n${dictionary}\nstream\n`);
    const whole = [head, bytes, END];
    parts.push(...whole);
    for (const part of whole) length += part.length;
  };
  for (const [number, stream] of streams) write(number, stream);
  const packed = last + 1;
  write(packed, objectStream(texts));
  const table = packed + 1;
  const start = length;
  const places = new Map([...texts.keys()].map((number, i) => [number, i]));
  write(table, referenceTable(table, packed, offsets, places, start, trailer));
  parts.push(ENCODER.encode(`startxref\n${start}\n%%EOF\n`));
  return new Uint8Array(Buffer.concat(parts));
}

function objectStream(texts: ReadonlyMap<number, string>): PdfStream {
  let at = 0;
  const index: string[] = [];
  for (const [number, text] of texts) {
    index.push(`${number} ${at}`);
    at += text.length + 1;
  }
  const head = `${index.join(" ")}\n`;
  const body = `${head}${[...texts.values()].join("\n")}\n`;
  return pdfStream(body, `/Type/ObjStm/N ${texts.size}/First ${head.length}`);
}

/** Where each object is: in the file, or in the object stream (section 7.5.8). */
function referenceTable(
  table: number,
  packed: number,
  offsets: ReadonlyMap<number, number>,
  places: ReadonlyMap<number, number>,
  start: number,
  trailer: string,
): PdfStream {
  const rows = Buffer.alloc((table + 1) * 7);
  for (let number = 0; number <= table; number++) {
    const offset = number === table ? start : offsets.get(number);
    const place = places.get(number);
    const [type, second, third] = offset !== undefined
      ? [1, offset, 0]
      : place !== undefined
      ? [2, packed, place]
      : [0, 0, 65_535];
    rows.writeUInt8(type, number * 7);
    rows.writeUInt32BE(second, number * 7 + 1);
    rows.writeUInt16BE(third, number * 7 + 5);
  }
  return pdfStream(rows, `/Type/XRef/W[1 4 2]/Size ${table + 1}${trailer}`);
}
