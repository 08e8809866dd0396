/** One JSON document on stdin, for commands that take more than fits on a command line. */
import { TerminalError } from "../../protocol/errors.ts";
import { parseJson, type z } from "../../protocol/schema.ts";
import { UsageError } from "./command.ts";

/** More than any document that a command takes, in bytes. */
const DOCUMENT_MAX = 1 << 20;

/** What `readJsonInput` reads from: stdin, or a stand-in. */
export interface Input {
  readonly readable: ReadableStream<Uint8Array>;
  isTerminal(): boolean;
}

/**
 * The document on `input` as `schema` has it. A person at a terminal is told what is awaited. Throws
 * `UsageError` that names every fault, in one line.
 */
export async function readJsonInput<S extends z.ZodType>(
  schema: S,
  what: string,
  input: Input = Deno.stdin,
): Promise<z.output<S>> {
  if (input.isTerminal()) {
    console.error(`Type ${what} as JSON, then Ctrl-D on a line of its own:`);
  }
  const text = await readText(input.readable, what);
  if (text.trim() === "") {
    throw new UsageError(`Nothing on stdin: pipe in ${what} as JSON; --help shows an example`);
  }
  try {
    return parseJson(schema, text, what);
  } catch (error) {
    if (error instanceof TerminalError) throw new UsageError(error.message);
    throw error;
  }
}

async function readText(readable: ReadableStream<Uint8Array>, what: string): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let length = 0;
  for await (const chunk of readable) {
    length += chunk.length;
    if (length > DOCUMENT_MAX) throw new UsageError(`${what}: more than ${DOCUMENT_MAX} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
