/** The file of an export: beside its place until it is whole, so that half of one never passes for it. */
import { Failure } from "../terminal/command.ts";

const BUFFER_BYTES = 1 << 16;
const encoder = new TextEncoder();

export interface ExportFile extends Disposable {
  write(text: string): void;
  /** It is whole: it gets its name. */
  finish(): void;
}

/** A new file at `path`; gone again where it is not finished. Throws `Failure` when it stands already. */
export function createExportFile(path: string): ExportFile {
  // Nobody can have put something there that it would write into.
  const part = `${path}.${crypto.randomUUID()}.part`;
  if (stands(path)) {
    throw new Failure(`${path} exists already and is not overwritten: give another`);
  }
  const file = open(part);
  const buffer = new Uint8Array(BUFFER_BYTES);
  let filled = 0;
  let open_ = true;
  const writeAll = (bytes: Uint8Array) => {
    for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
  };
  const flush = () => {
    writeAll(buffer.subarray(0, filled));
    filled = 0;
  };
  return {
    write(text) {
      const bytes = encoder.encode(text);
      if (filled + bytes.length > BUFFER_BYTES) flush();
      if (bytes.length > BUFFER_BYTES) return writeAll(bytes);
      buffer.set(bytes, filled);
      filled += bytes.length;
    },
    finish() {
      flush();
      file.syncSync();
      file.close();
      open_ = false;
      // A link refuses where something stands by now; a rename would put it away.
      try {
        Deno.linkSync(part, path);
      } catch (error) {
        if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
        throw new Failure(`${path} was made by somebody else meanwhile and is not overwritten`);
      } finally {
        Deno.removeSync(part);
      }
    },
    [Symbol.dispose]() {
      if (!open_) return;
      file.close();
      Deno.removeSync(part);
    },
  };
}

function stands(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw new Failure(`${path} cannot be looked at: ${(error as Error).message}`);
  }
}

/** A new one or none. Customers' data is for its owner alone. */
function open(part: string): Deno.FsFile {
  try {
    return Deno.openSync(part, { write: true, createNew: true, mode: 0o600 });
  } catch (error) {
    throw new Failure(`The export cannot be written: ${(error as Error).message}`);
  }
}
