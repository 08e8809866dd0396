/** The bytes of a file that a person names on the command line. */
import { Failure } from "../terminal/command.ts";

/** The whole file, of at most `bytes_max`. Throws `Failure` that says what is wrong with it. */
export async function readFileBounded(path: string, bytes_max: number): Promise<Uint8Array> {
  try {
    using file = await Deno.open(path);
    const { size, isFile } = await file.stat();
    if (!isFile) throw new Failure(`${path} is no file`);
    if (size > bytes_max) {
      throw new Failure(`${path} has ${size} bytes, at most ${bytes_max} are taken: divide it`);
    }
    // A file that grows meanwhile is read as far as it was.
    const bytes = new Uint8Array(size);
    let filled = 0;
    while (filled < size) {
      const read = await file.read(bytes.subarray(filled));
      if (read === null) break;
      filled += read;
    }
    return bytes.subarray(0, filled);
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(`${path} cannot be read: ${(error as Error).message}`);
  }
}
