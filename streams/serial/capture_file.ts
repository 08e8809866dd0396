/** A recorded telegram instead of a line: raw bytes, or a JSON list of the strings a meter sent. */
import { TerminalError } from "../../protocol/errors.ts";
import { bytesOf, type Framing } from "../../protocol/iec62056/characters.ts";
import { parseCapture } from "../../protocol/iec62056/capture.ts";
import type { Readout } from "../../protocol/iec62056/readout.ts";
import { isSocketName } from "./line.ts";

const MAX_FILE_BYTES = 1_048_576;

/** Whether `name` is a regular file. What cannot be looked at is left to the one who opens it. */
export async function isCaptureFile(name: string): Promise<boolean> {
  if (isSocketName(name)) return false;
  try {
    return (await Deno.stat(name)).isFile;
  } catch (error) {
    if (error instanceof Error) return false;
    throw error;
  }
}

/** The first whole telegram in the file `path`. Throws `TerminalError`: a file does not change. */
export async function readCapture(path: string, framing: Framing): Promise<Readout> {
  const { size } = await Deno.stat(path);
  if (size > MAX_FILE_BYTES) {
    throw new TerminalError(`${path}: ${size} bytes is too long for a captured telegram (1 MiB).`);
  }
  const result = parseCapture(bytesOfCapture(await Deno.readFile(path)), framing);
  if ("failure" in result) throw new TerminalError(`${path}: ${result.failure.message}`);
  return result.readout;
}

function bytesOfCapture(bytes: Uint8Array): Uint8Array {
  if (bytes[0] !== 0x5b) return bytes;
  const list = jsonOrNull(new TextDecoder().decode(bytes));
  if (!Array.isArray(list) || list.some((part) => typeof part !== "string")) {
    throw new TerminalError("A capture in JSON is a list of the strings that the meter sent.");
  }
  return bytesOf(list.join(""));
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
