/** `samay decode`: a payload on stdin, readable on stdout. */
import { toHex } from "../../../protocol/bytes.ts";
import { parseFrame } from "../../../protocol/tves/frame.ts";
import type { Command } from "../command.ts";

/** A NATS message is at most 1 MiB with the server's defaults. */
const PAYLOAD_MAX = 1_048_576;

/** What `payload` is, as people read it: JSON laid out, the header of a frame, or hexadecimal. */
export function describePayload(payload: Uint8Array): string {
  const text = asJson(payload);
  if (text !== undefined) return text;
  const parsed = parseFrame(payload);
  if (!parsed.ok) return `${payload.length} bytes (${parsed.reason}): ${toHex(payload)}`;
  const { suite, clockQuality, alias, generation, boot, sequence, sealed, hint } = parsed.frame;
  const second = hint === undefined ? "not told (blind mode)" : `ends in ${hint} mod 256`;
  return [
    `TVES/2 frame, ${payload.length} bytes`,
    `  suite ${suite}, clock quality ${clockQuality}, alias ${alias}`,
    `  generation ${generation}, boot ${boot}, sequence ${sequence}`,
    `  second of sealing: ${second}`,
    `  commitment ${toHex(parsed.frame.commitment)}`,
    `  sealed     ${toHex(sealed)}`,
  ].join("\n");
}

function asJson(payload: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(payload);
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined; // Not JSON.
    throw error;
  }
}

async function run(): Promise<number> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of Deno.stdin.readable) {
    length += chunk.length;
    if (length > PAYLOAD_MAX) break;
    chunks.push(chunk);
  }
  const payload = new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
  console.log(describePayload(payload));
  return 0;
}

export const command: Command = {
  name: "decode",
  summary: "Makes a payload readable for `nats --translate`",
  options: {},
  help: `Reads one payload on stdin and writes what it is on stdout: JSON laid out, or the header
of a sealed frame. The frame stays sealed: no key is needed, and none is used.

  nats stream view FRAMES --translate "deno task -q decode"`,
  run,
};
