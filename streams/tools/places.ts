/** Where things lie on this machine. */
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of `deno.json`. */
export const projectDir = fileURLToPath(new URL("../../", import.meta.url));
/** What the set-up brings: nothing outside of it is written, except by a system's package manager. */
export const toolsDir = join(projectDir, ".tools");
export const toolsBinDir = join(toolsDir, "bin");

const EXECUTABLE = 0o111;

async function isProgram(path: string): Promise<boolean> {
  try {
    const info = await Deno.stat(path);
    return info.isFile && (info.mode === null || (info.mode & EXECUTABLE) !== 0);
  } catch (error) {
    // Not there, or in a folder that is none of our business: then it is not ours to run.
    const expected = [Deno.errors.NotFound, Deno.errors.NotADirectory, Deno.errors.PermissionDenied]
      .some((kind) => error instanceof kind) || error instanceof Deno.errors.NotCapable;
    if (!expected) throw error;
    return false;
  }
}

/** Every program called `name` in `folders`, in their order. */
export async function programsIn(name: string, folders: readonly string[]): Promise<string[]> {
  const paths = [...new Set(folders)].filter((folder) => folder !== "")
    .map((folder) => join(folder, name));
  const there = await Promise.all(paths.map(isProgram));
  return paths.filter((_, i) => there[i]);
}

/** The folders of PATH. */
export function pathFolders(path = Deno.env.get("PATH") ?? ""): string[] {
  return path.split(delimiter);
}

/** Folders that hold system programs but are not on every person's PATH (Debian). */
export const SYSTEM_FOLDERS = ["/usr/local/sbin", "/usr/sbin", "/sbin"] as const;

/** The first program called `name` on PATH or in `also`. */
export async function programOnPath(
  name: string,
  also: readonly string[] = [],
): Promise<string | undefined> {
  return (await programsIn(name, [...pathFolders(), ...also]))[0];
}

/** Whether a file or folder is at `path`. */
export async function exists(path: string | URL): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return false;
    }
    throw error;
  }
}
