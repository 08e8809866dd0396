/** Takes one file out of a ZIP archive (APPNOTE 6.3): the NATS CLI is published as one. */
import { inflateRawSync } from "node:zlib";

const END_OF_DIRECTORY = 0x06054b50; // 4.3.16
const ENTRY = 0x02014b50; // 4.3.12
const LOCAL_HEADER = 0x04034b50; // 4.3.7
const STORED = 0;
const DEFLATED = 8;
/** A tool of ours has some 30 MB; an archive that claims more is not one. */
const SIZE_MAX = 256 * 1_048_576;

/** The content of the first file whose base name is `name`. Throws `SyntaxError` when none is. */
export function fileInZip(archive: Uint8Array, name: string): Uint8Array {
  const view = new DataView(archive.buffer, archive.byteOffset, archive.byteLength);
  let end = archive.length - 22;
  while (end >= 0 && view.getUint32(end, true) !== END_OF_DIRECTORY) end--;
  if (end < 0) throw new SyntaxError("not a ZIP archive: it has no directory");
  const entries = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  for (let i = 0; i < entries; i++) {
    if (view.getUint32(at, true) !== ENTRY) throw new SyntaxError("the ZIP directory is damaged");
    const nameLength = view.getUint16(at + 28, true);
    const path = new TextDecoder().decode(archive.subarray(at + 46, at + 46 + nameLength));
    if (path.split("/").at(-1) === name) return contentOf(archive, view, at);
    at += 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  throw new SyntaxError(`the ZIP archive has no file ${name}`);
}

function contentOf(archive: Uint8Array, view: DataView, entry: number): Uint8Array {
  const method = view.getUint16(entry + 10, true);
  const packed = view.getUint32(entry + 20, true);
  const size = view.getUint32(entry + 24, true);
  const header = view.getUint32(entry + 42, true);
  if (size > SIZE_MAX) throw new SyntaxError(`the file claims ${size} bytes`);
  if (view.getUint32(header, true) !== LOCAL_HEADER) throw new SyntaxError("the ZIP is damaged");
  const start = header + 30 + view.getUint16(header + 26, true) + view.getUint16(header + 28, true);
  const data = archive.subarray(start, start + packed);
  if (method === STORED) return data;
  if (method !== DEFLATED) throw new SyntaxError(`ZIP method ${method} is not supported`);
  return new Uint8Array(inflateRawSync(data, { maxOutputLength: size }));
}
