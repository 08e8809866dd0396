/** Brings `nats-server` and `nats` by the first route that works; each one that fails is said. */
import { join } from "node:path";
import type { Progress } from "../terminal/progress.ts";
import { execute } from "./execute.ts";
import { type FoundTool, searchTool } from "./find.ts";
import { aptUnpack, brewInstall } from "./packages.ts";
import { programOnPath, toolsBinDir, toolsDir } from "./places.ts";
import { download, unpack } from "./release.ts";
import { isAtLeast, type ToolPin, versionIn } from "./versions.ts";

interface Route {
  readonly name: string;
  /** Throws `Error` in one line. */
  readonly attempt: (workDir: string) => Promise<void>;
}

const GO_LIMIT_MS = 600_000;
const GO_VERSION_LIMIT_MS = 10_000;
/** From 1.21 on, go fetches the toolchain that a module asks for. */
const GO_OLDEST = "1.21";
const TICK_MS = 1_000;
const MEBIBYTE = 1_048_576;

/** Puts `content` at `.tools/bin/<name>` in one step, so that nobody runs half a program. */
async function place(name: string, content: Uint8Array, workDir: string): Promise<void> {
  await Deno.mkdir(toolsBinDir, { recursive: true });
  const file = join(workDir, `${name}.new`);
  await Deno.writeFile(file, content, { mode: 0o755 });
  await Deno.rename(file, join(toolsBinDir, name));
}

function releaseRoute(pin: ToolPin, progress: Progress): Route {
  return {
    name: `release ${pin.release}`,
    async attempt(workDir) {
      const host = `${Deno.build.os}-${Deno.build.arch}`;
      const archive = pin.archives[host];
      if (archive === undefined) throw new Error(`no published SHA-256 for ${host}, so not used`);
      const bytes = await download(archive, (received, total) => {
        const [done, all] = [received, total].map((size) => Math.ceil(size / MEBIBYTE));
        progress.update(done!, all!, "MiB");
      });
      await place(pin.name, await unpack(bytes, archive.url, pin.name, workDir), workDir);
    },
  };
}

function goRoute(pin: ToolPin, progress: Progress): Route {
  return {
    name: `go install ${pin.goModule}`,
    async attempt(workDir) {
      const go = await programOnPath("go", ["/usr/local/go/bin"]);
      if (go === undefined) throw new Error("go is not on PATH");
      const said = await execute(go, ["version"], { limit_ms: GO_VERSION_LIMIT_MS });
      const version = versionIn(said.stdout);
      if (version === undefined || !isAtLeast(version, GO_OLDEST)) {
        throw new Error(`${go} is ${version ?? "broken"}, needs ${GO_OLDEST} or newer`);
      }
      const start_ms = performance.now();
      const elapsed_s = () => Math.round((performance.now() - start_ms) / 1_000);
      const ticker = setInterval(
        () => progress.update(elapsed_s(), GO_LIMIT_MS / 1_000, "s at most, compiling"),
        TICK_MS,
      );
      const built = await execute(go, ["install", "-trimpath", pin.goModule], {
        limit_ms: GO_LIMIT_MS,
        cwd: workDir,
        env: {
          GOBIN: workDir,
          GOFLAGS: "-modcacherw",
          CGO_ENABLED: "0",
          // Without a home folder go has no place of its own to work in.
          ...(Deno.env.has("HOME") ? {} : {
            GOPATH: join(toolsDir, "go"),
            GOCACHE: join(toolsDir, "go-cache"),
          }),
        },
      }).finally(() => clearInterval(ticker));
      if (!built.ok) throw new Error(built.lastLine);
      await place(pin.name, await Deno.readFile(join(workDir, pin.name)), workDir);
    },
  };
}

const DEBIAN_PLACE: Readonly<Record<string, string>> = { "nats-server": "usr/sbin/nats-server" };
const HOMEBREW: Readonly<Record<string, string>> = {
  "nats-server": "nats-server",
  "nats": "nats-io/nats-tools/nats",
};

function packageRoute(pin: ToolPin): Route {
  if (Deno.build.os === "darwin") {
    return { name: "Homebrew", attempt: () => brewInstall([HOMEBREW[pin.name]!]) };
  }
  return {
    name: "the distribution's package",
    async attempt(workDir) {
      const place_ = DEBIAN_PLACE[pin.name];
      if (place_ === undefined) throw new Error(`Debian has no package of ${pin.name}`);
      await aptUnpack(pin.name, workDir);
      await place(pin.name, await Deno.readFile(join(workDir, place_)), workDir);
    },
  };
}

/** The commands that would get `pin`, for a person to type. */
export function howToGet(pin: ToolPin): string {
  if (Deno.build.os === "darwin") return `brew install ${HOMEBREW[pin.name]}`;
  const own = `GOBIN=${toolsBinDir} go install ${pin.goModule}`;
  return DEBIAN_PLACE[pin.name] === undefined ? own : `sudo apt-get install ${pin.name}, or ${own}`;
}

/** Finds or brings the tool. Undefined when every route failed; each failure was said. */
export async function bringTool(
  pin: ToolPin,
  progress: Progress,
): Promise<FoundTool | undefined> {
  const { found, refused } = await searchTool(pin.name);
  for (const reason of refused) progress.stage(`  ${pin.name}: ${reason}`);
  if (found !== undefined) return found;
  for (const route of [releaseRoute(pin, progress), goRoute(pin, progress), packageRoute(pin)]) {
    progress.stage(`  ${pin.name}: trying ${route.name} ...`);
    const workDir = await Deno.makeTempDir({ dir: toolsDir, prefix: "work-" });
    try {
      await route.attempt(workDir);
      const result = await searchTool(pin.name);
      if (result.found !== undefined) return result.found;
      throw new Error(result.refused.at(-1) ?? `no ${pin.name} afterwards`);
    } catch (error) {
      progress.stage(`  ${pin.name}: ${route.name} failed: ${(error as Error).message}`);
    } finally {
      await Deno.remove(workDir, { recursive: true });
    }
  }
  return undefined;
}
