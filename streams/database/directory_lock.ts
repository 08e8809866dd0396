/**
 * One process to a data directory: the embedded database corrupts its files when two write them.
 *
 * The lock is the operating system's own (`flock`), so it vanishes with the process that holds it,
 * however that process ended; nothing stale is left to be judged.
 */
import { dirname } from "node:path";
import { TerminalError } from "../../protocol/errors.ts";

/**
 * Takes the lock of `dataDir` and returns how to let go of it. Throws `TerminalError` that names
 * the process that has it.
 */
export async function lockDirectory(dataDir: string): Promise<() => void> {
  const path = `${dataDir}.lock`;
  await Deno.mkdir(dirname(path), { recursive: true });
  const file = await Deno.open(path, { create: true, read: true, write: true });
  if (!await file.tryLock(true)) {
    const holder = (await Deno.readTextFile(path)).trim();
    file.close();
    throw new TerminalError(
      `The database in ${dataDir} is in use by process ${holder || "(unknown)"}. ` +
        `Stop that process, or give each its own directory, or set DATABASE_URL to a PostgreSQL server`,
    );
  }
  await file.truncate(0);
  await file.write(new TextEncoder().encode(`${Deno.pid}\n`));
  // The file stays: to remove it would let a third process lock a new file beside a waiting one.
  return () => file.close();
}
