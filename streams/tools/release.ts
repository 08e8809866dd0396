/** Downloads a release archive and lets it through only with the pinned SHA-256. */
import { join } from "node:path";
import { toHex } from "../../protocol/bytes.ts";
import { execute } from "./execute.ts";
import type { Archive } from "./versions.ts";
import { fileInZip } from "./zip.ts";

/** A machine that cannot reach the publisher must not make a person wait. */
const CONNECT_LIMIT_MS = 5_000;
const DOWNLOAD_LIMIT_MS = 300_000;
const UNPACK_LIMIT_MS = 60_000;
const SIZE_MAX = 100 * 1_048_576;

export type OnBytes = (received: number, total: number) => void;

async function body(response: Response, onBytes: OnBytes): Promise<Uint8Array<ArrayBuffer>> {
  const total = Number(response.headers.get("content-length") ?? 0);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let received = 0;
  for await (const part of response.body ?? []) {
    received += part.length;
    if (received > SIZE_MAX) throw new Error(`more than ${SIZE_MAX} bytes`);
    parts.push(part);
    onBytes(received, total);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/**
 * The bytes of `archive`. Throws `Error` in one line when it cannot be reached within 5 s, the answer
 * is not 200, or the SHA-256 differs from the pinned one.
 */
export async function download(
  archive: Archive,
  onBytes: OnBytes = () => {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { hostname } = new URL(archive.url);
  const stop = new AbortController();
  let late = "no answer";
  let timer = setTimeout(() => stop.abort(), CONNECT_LIMIT_MS);
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    const response = await fetch(archive.url, { signal: stop.signal });
    clearTimeout(timer);
    late = "no end";
    timer = setTimeout(() => stop.abort(), DOWNLOAD_LIMIT_MS);
    if (!response.ok) {
      await response.body?.cancel();
      throw new Error(`${hostname} answered ${response.status}`);
    }
    bytes = await body(response, onBytes);
  } catch (error) {
    if (stop.signal.aborted) throw new Error(`${late} from ${hostname} in time`);
    if (error instanceof TypeError) throw new Error(`${hostname} is out of reach`);
    throw error;
  } finally {
    clearTimeout(timer);
  }
  const sha256 = toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
  if (sha256 !== archive.sha256) {
    throw new Error(`SHA-256 is ${sha256}, pinned is ${archive.sha256}: not used`);
  }
  return bytes;
}

/** Takes the file `name` out of `archive` (.zip or .tar.gz), through the folder `workDir`. */
export async function unpack(
  archive: Uint8Array<ArrayBuffer>,
  url: string,
  name: string,
  workDir: string,
): Promise<Uint8Array> {
  if (url.endsWith(".zip")) return fileInZip(archive, name);
  const file = join(workDir, "archive.tar.gz");
  await Deno.writeFile(file, archive);
  const args = ["-xzf", file, "-C", workDir, "--strip-components=1"];
  const done = await execute("tar", args, { limit_ms: UNPACK_LIMIT_MS });
  if (!done.ok) throw new Error(`tar: ${done.lastLine}`);
  return await Deno.readFile(join(workDir, name));
}
