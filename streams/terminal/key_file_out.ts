/** The file that carries a meter's key to its slave. */
import type { SlaveKeyFile } from "../../protocol/messages/enrolment.ts";
import { Failure } from "./command.ts";

/**
 * The key file, made empty and readable by its owner only; gone again where nothing is written.
 * Throws `Failure` that tells of `option` when the path cannot be used.
 */
export function createKeyFile(
  path: string,
  option: string,
): Disposable & { write(key: SlaveKeyFile): void } {
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(path, { write: true, createNew: true, mode: 0o600 });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) {
      throw new Failure(`${path} exists already and is not overwritten: give another ${option}`);
    }
    throw new Failure(`The key file cannot be written: ${(error as Error).message}`);
  }
  let written = false;
  return {
    write(key) {
      const bytes = new TextEncoder().encode(`${JSON.stringify(key, null, 2)}\n`);
      for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
      file.syncSync();
      written = true;
    },
    [Symbol.dispose]() {
      file.close();
      if (!written) Deno.removeSync(path);
    },
  };
}
