/**
 * States as bytes: chunks of bounded size, each complete in itself and deflated, whose check sum tells
 * a damaged one. Entry by entry: id, form and length, bytes. A state that is a string of characters 0
 * to 255 is its bytes; any other is its JSON.
 */
import { Buffer } from "node:buffer";
import { deflateSync, inflateSync } from "node:zlib";
import { TerminalError } from "../../protocol/errors.ts";

/** Of one chunk before it is deflated: well below what the broker takes, some milliseconds of work. */
const CHUNK_BYTES = 512 * 1_024;
/** A chunk that says it is longer was not written by us. */
const INFLATED_MAX = 4 * CHUNK_BYTES;
/** The fastest: floats hardly shrink further. */
const LEVEL = 1;
const HEAD_BYTES = 6;
const PACKED = 0;
const JSON_TEXT = 1;

/** The chunks of `states`, in their order, one at a time: each costs some milliseconds. */
export function* chunksOf(states: Readonly<Record<string, unknown>>): Generator<Uint8Array> {
  const bytes = Buffer.allocUnsafe(CHUNK_BYTES);
  let length = 0;
  for (const [id, state] of Object.entries(states)) {
    const entry = entryOf(id, state);
    if (length + entry.size > CHUNK_BYTES && length > 0) {
      yield deflateSync(bytes.subarray(0, length), { level: LEVEL });
      length = 0;
    }
    if (entry.size > CHUNK_BYTES) {
      throw new TerminalError(
        `The state of ${id} takes ${entry.size} bytes, more than a chunk has`,
      );
    }
    bytes.writeUInt8(entry.form, length);
    bytes.writeUInt8(entry.idBytes, length + 1);
    bytes.writeUInt32BE(entry.bodyBytes, length + 2);
    bytes.write(id, length + HEAD_BYTES, "utf8");
    bytes.write(entry.body, length + HEAD_BYTES + entry.idBytes, entry.encoding);
    length += entry.size;
  }
  if (length > 0) yield deflateSync(bytes.subarray(0, length), { level: LEVEL });
}

function entryOf(id: string, state: unknown) {
  const packed = typeof state === "string" && isBytes(state);
  const body = packed ? state : JSON.stringify(state);
  const idBytes = Buffer.byteLength(id, "utf8");
  if (idBytes > 0xff) {
    throw new TerminalError(`The id ${id.slice(0, 40)}... is too long to be kept`);
  }
  const bodyBytes = packed ? body.length : Buffer.byteLength(body, "utf8");
  return {
    ...{ body, idBytes, bodyBytes, size: HEAD_BYTES + idBytes + bodyBytes },
    form: packed ? PACKED : JSON_TEXT,
    encoding: packed ? "latin1" as const : "utf8" as const,
  };
}

function isBytes(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0xff) return false;
  return true;
}

/** Puts the states of one chunk into `states`. Throws `TerminalError` naming `what` when damaged. */
export function readChunk(chunk: Uint8Array, what: string, states: Record<string, unknown>): void {
  try {
    const bytes = inflateSync(chunk, { maxOutputLength: INFLATED_MAX });
    for (let at = 0; at < bytes.length;) {
      const form = bytes.readUInt8(at);
      const idEnd = at + HEAD_BYTES + bytes.readUInt8(at + 1);
      const end = idEnd + bytes.readUInt32BE(at + 2);
      if (end > bytes.length) throw new RangeError("an entry ends behind its end");
      const id = bytes.toString("utf8", at + HEAD_BYTES, idEnd);
      states[id] = form === PACKED
        ? bytes.toString("latin1", idEnd, end)
        : JSON.parse(bytes.toString("utf8", idEnd, end));
      at = end;
    }
  } catch (error) {
    throw new TerminalError(`${what} is damaged: ${(error as Error).message}`, { cause: error });
  }
}
