/** The folder of key files that an import of meters fills: one file a meter, for its owner alone. */
import { join } from "node:path";
import { Failure } from "../terminal/command.ts";
import { createKeyFile } from "../terminal/key_file_out.ts";
import type { GivenKey } from "./import_meters.ts";

export interface KeyFolder {
  /** Writes each key that is not there yet. Throws `Failure` where another key stands in its file. */
  write(keys: readonly GivenKey[]): void;
  readonly written: number;
  /** They were there, the same: the import was begun before. */
  readonly standing: number;
  /** Meters whose key is given in no file any more, with the reason. */
  readonly withheld: readonly { readonly meter_id: string; readonly why: string }[];
}

/** The folder at `path`, made where it is not there. Throws `Failure` when it cannot be written to. */
export function openKeyFolder(path: string): KeyFolder {
  try {
    Deno.mkdirSync(path, { recursive: true, mode: 0o700 });
    // Before anything is enrolled: keys that cannot be written should not be made.
    const probe = Deno.makeTempFileSync({ dir: path, prefix: ".samay-" });
    Deno.removeSync(probe);
  } catch (error) {
    throw new Failure(`Key files cannot be written to ${path}: ${(error as Error).message}`);
  }
  const folder = {
    written: 0,
    standing: 0,
    withheld: [] as { meter_id: string; why: string }[],
    write(keys: readonly GivenKey[]) {
      for (const { meter_id, key_file, why } of keys) {
        if (key_file === null) {
          folder.withheld.push({ meter_id, why: why ?? "" });
          continue;
        }
        const name = join(path, `${meter_id}.key.json`);
        const text = `${JSON.stringify(key_file, null, 2)}\n`;
        if (textOf(name) === text) {
          folder.standing++;
          continue;
        }
        using file = createKeyFile(name, "--keys");
        file.write(key_file);
        folder.written++;
      }
    },
  };
  return folder;
}

function textOf(name: string): string | undefined {
  try {
    return Deno.readTextFileSync(name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw new Failure(`${name} cannot be read: ${(error as Error).message}`);
  }
}
