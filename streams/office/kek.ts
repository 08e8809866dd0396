/** The key-encryption key: wraps the meters' keys wherever they are kept. */
import { dirname, join } from "node:path";
import { fromHex, toHex } from "../../protocol/bytes.ts";
import { TerminalError } from "../../protocol/errors.ts";

const LENGTH = 32;

export interface KekPlace {
  /** A file with 64 hexadecimal digits. It must be there. */
  readonly file?: string | undefined;
  /** Without `file`: the folder in which `kek` is read. */
  readonly dataDir: string;
  /**
   * Makes the key where it is missing: only where one process holds all roles. A master and an office
   * on two machines that each made their own would never open each other's keys.
   */
  readonly make?: boolean;
}

/** The 32 bytes. Throws `TerminalError` that names the file and what is wrong with it. */
export async function loadKek(place: KekPlace): Promise<Uint8Array> {
  if (place.file !== undefined) return await readKek(place.file);
  const path = join(place.dataDir, "kek");
  if (place.make) await makeKek(path);
  return await readKek(path);
}

async function readKek(path: string): Promise<Uint8Array> {
  let text: string;
  try {
    text = (await Deno.readTextFile(path)).trim();
  } catch (error) {
    throw new TerminalError(
      `The key-encryption key cannot be read: ${(error as Error).message}. ` +
        "Make one with: openssl rand -hex 32",
    );
  }
  if (/^[0-9a-fA-F]{64}$/.test(text)) return fromHex(text);
  throw new TerminalError(
    `The key-encryption key in ${path} is not ${2 * LENGTH} hexadecimal digits. ` +
      "Make one with: openssl rand -hex 32",
  );
}

/** Two processes may start at once: the link makes a whole file appear, for one of them. */
async function makeKek(path: string): Promise<void> {
  if (await exists(path)) return;
  await Deno.mkdir(dirname(path), { recursive: true });
  const key = crypto.getRandomValues(new Uint8Array(LENGTH));
  const part = `${path}.${crypto.randomUUID()}.part`;
  await Deno.writeTextFile(part, `${toHex(key)}\n`, { mode: 0o600 });
  try {
    await Deno.link(part, path);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  } finally {
    await Deno.remove(part);
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
