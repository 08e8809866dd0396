/**
 * The first load of all modules, done by the set-up under a time limit.
 *
 * With an empty compile cache the runtime (2.9.6) now and then waits for itself for ever while a
 * CommonJS package requires an ES module. What was compiled until then is kept, so a try that hangs
 * is ended and the next one gets further; with a full cache it does not happen.
 */
import { join } from "node:path";
import { execute } from "./execute.ts";
import { exists, projectDir, toolsDir } from "./places.ts";

const LIMIT_MS = 30_000;
const TRIES_MAX = 4;

/** The cache belongs to a runtime and a home; the modules to a lock file. */
async function stateOfCache(): Promise<string> {
  const home = Deno.env.get("DENO_DIR") ?? Deno.env.get("HOME") ?? "";
  const lock = await Deno.stat(join(projectDir, "deno.lock"));
  return `${Deno.version.deno} ${home} ${lock.mtime?.getTime() ?? 0}\n`;
}

/** Fills the compile cache; `say` is called if it must. Returns undefined, or why it failed. */
export async function warmModules(say: () => void): Promise<string | undefined> {
  const mark = join(toolsDir, "warm");
  const state = await stateOfCache();
  if (await exists(mark) && await Deno.readTextFile(mark) === state) return undefined;
  say();
  let reason = "";
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const done = await execute(Deno.execPath(), [
      ...["run", "-q", "--no-prompt", "--allow-env", "--allow-sys", "--allow-read"],
      ...["--allow-ffi=node_modules", "streams/tools/warm_modules.ts"],
    ], { limit_ms: LIMIT_MS, cwd: projectDir });
    if (done.ok) {
      await Deno.writeTextFile(mark, state);
      return undefined;
    }
    reason = done.lastLine;
  }
  return reason;
}
