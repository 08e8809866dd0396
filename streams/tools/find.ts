/** Finds the broker and its command line: on PATH, else where the set-up puts them. */
import { execute } from "./execute.ts";
import { pathFolders, programsIn, SYSTEM_FOLDERS, toolsBinDir } from "./places.ts";
import { isAtLeast, natsCli, natsServer, type ToolPin, versionIn } from "./versions.ts";

export interface FoundTool {
  readonly path: string;
  readonly version: string;
}

export interface SearchResult {
  readonly found?: FoundTool;
  /** Programs of that name which were not accepted, and why. */
  readonly refused: readonly string[];
}

const VERSION_LIMIT_MS = 5_000;
const pins: Readonly<Record<ToolPin["name"], ToolPin>> = {
  "nats-server": natsServer,
  "nats": natsCli,
};

/** Looks in `folders`, in their order, and says what was not accepted. */
export async function searchTool(
  name: ToolPin["name"],
  folders: readonly string[] = [...pathFolders(), ...SYSTEM_FOLDERS, toolsBinDir],
): Promise<SearchResult> {
  const { oldest } = pins[name];
  const refused: string[] = [];
  for (const path of await programsIn(name, folders)) {
    const said = await execute(path, ["--version"], { limit_ms: VERSION_LIMIT_MS });
    const version = versionIn(said.stdout);
    if (!said.ok || version === undefined) {
      refused.push(`${path} does not say its version (${said.lastLine})`);
    } else if (!isAtLeast(version, oldest)) {
      refused.push(`${path} is ${version}, older than ${oldest}`);
    } else return { found: { path, version }, refused };
  }
  return { refused };
}

/** The path and version of `nats-server` or `nats`, or undefined when there is none to use. */
export async function findTool(name: ToolPin["name"]): Promise<FoundTool | undefined> {
  return (await searchTool(name)).found;
}
