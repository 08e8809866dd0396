/** One set-up at a time on one work tree: a lock on a file, which ends with the process at the latest. */
import { join } from "node:path";

/** Waiting longer than this is worth a word. */
const PATIENCE_MS = 500;

/** Runs `work` while nobody else does so in `folder`; `onWait` is called when that takes time. */
export async function withLock<T>(
  folder: string,
  onWait: () => void,
  work: () => Promise<T>,
): Promise<T> {
  await Deno.mkdir(folder, { recursive: true });
  const file = await Deno.open(join(folder, "setup.lock"), { create: true, write: true });
  try {
    const timer = setTimeout(onWait, PATIENCE_MS);
    await file.lock(true).finally(() => clearTimeout(timer));
    return await work();
  } finally {
    file.close();
  }
}
