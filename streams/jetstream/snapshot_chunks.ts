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
  // As text, and all of it to bytes at once: a call for each entry takes longer than the bytes do.
  let entries: string[] = [];
  let length = 0;
  for (const [id, state] of Object.entries(states)) {
    const entry = entryOf(id, state);
    if (length + entry.length > CHUNK_BYTES && length > 0) {
      yield chunkOf(entries);
      entries = [];
      length = 0;
    }
    entries.push(entry);
    length += entry.length;
  }
  if (length > 0) yield chunkOf(entries);
}

function chunkOf(entries: readonly string[]): Uint8Array {
  return deflateSync(Buffer.from(entries.join(""), "latin1"), { level: LEVEL });
}

/** One entry, each character a byte. */
function entryOf(id: string, state: unknown): string {
  const packed = typeof state === "string" && BYTES.test(state);
  const name = ASCII.test(id) ? id : utf8Of(id);
  const body = packed ? state : utf8Of(JSON.stringify(state));
  if (name.length > 0xff) {
    throw new TerminalError(`The id ${id.slice(0, 40)}... is too long to keep`);
  }
  const size = HEAD_BYTES + name.length + body.length;
  if (size > CHUNK_BYTES) {
    throw new TerminalError(`The state of ${id} takes ${size} bytes, more than a chunk has`);
  }
  const form = packed ? PACKED : JSON_TEXT;
  const length = body.length;
  return String.fromCharCode(
    form,
    name.length,
    0,
    length >> 16,
    length >> 8 & 0xff,
    length & 0xff,
  ) +
    name + body;
}

/** A packed state is bytes. */
const BYTES = /^[\0-\xff]*$/;
const ASCII = /^[\0-\x7f]*$/;

function utf8Of(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
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
