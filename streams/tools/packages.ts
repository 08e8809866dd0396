/** The machine's own package manager: apt on Debian and its kin, Homebrew on macOS. */
import { execute, type Execution } from "./execute.ts";
import { programOnPath } from "./places.ts";

const INSTALL_LIMIT_MS = 900_000;
const ASK_LIMIT_MS = 5_000;
const APT_OPTIONS = [
  "-y",
  "-q",
  ...["-o", "DPkg::Lock::Timeout=120"],
  ...["-o", "Acquire::http::Timeout=15"],
  ...["-o", "Acquire::Retries=1"],
];
const APT_ENV = { DEBIAN_FRONTEND: "noninteractive" };

/** How to run something as root: as it is, through sudo that asks nothing, or not at all. */
async function rootPrefix(): Promise<string[] | undefined> {
  if (Deno.uid() === 0) return [];
  const sudo = await programOnPath("sudo");
  if (sudo === undefined) return undefined;
  const asked = await execute(sudo, ["-n", "true"], { limit_ms: ASK_LIMIT_MS });
  return asked.ok ? [sudo, "-n"] : undefined;
}

async function asRoot(prefix: readonly string[], words: readonly string[]): Promise<Execution> {
  // sudo drops the environment: what apt must know goes along on the command line.
  const env = Object.entries(APT_ENV).map(([name, value]) => `${name}=${value}`);
  const [program, ...args] = [...prefix, "env", ...env, ...words];
  return await execute(program!, args, { limit_ms: INSTALL_LIMIT_MS });
}

async function aptUpdate(prefix: readonly string[]): Promise<Execution> {
  return await asRoot(prefix, ["apt-get", "update", ...APT_OPTIONS]);
}

/** The command a person would type to get `packages`. */
export function aptCommand(packages: readonly string[]): string {
  return `sudo apt-get install ${packages.join(" ")}`;
}

/** Installs Debian packages. Throws `Error` in one line when it cannot. */
export async function aptInstall(packages: readonly string[]): Promise<void> {
  if (await programOnPath("apt-get") === undefined) throw new Error("there is no apt-get");
  const prefix = await rootPrefix();
  if (prefix === undefined) throw new Error("needs root, or sudo without a password");
  const words = ["apt-get", "install", "--no-install-recommends", ...APT_OPTIONS, ...packages];
  const first = await asRoot(prefix, words);
  if (first.ok) return;
  // A fresh machine has no package lists, an old one has lists of packages that are gone.
  const updated = await aptUpdate(prefix);
  if (!updated.ok) throw new Error(`apt-get update: ${updated.lastLine}`);
  const second = await asRoot(prefix, words);
  if (!second.ok) throw new Error(`apt-get install: ${second.lastLine}`);
}

/**
 * Downloads a Debian package and unpacks it into `folder`, installing nothing: no root is needed, and
 * no service of it starts. Throws `Error` in one line.
 */
export async function aptUnpack(name: string, folder: string): Promise<void> {
  if (await programOnPath("apt-get") === undefined) throw new Error("there is no apt-get");
  const limits = { limit_ms: INSTALL_LIMIT_MS, cwd: folder, env: APT_ENV };
  const words = ["download", ...APT_OPTIONS, name];
  let got = await execute("apt-get", words, limits);
  if (!got.ok) {
    const prefix = await rootPrefix();
    if (prefix !== undefined && (await aptUpdate(prefix)).ok) {
      got = await execute("apt-get", words, limits);
    }
  }
  if (!got.ok) throw new Error(`apt-get download: ${got.lastLine}`);
  for await (const entry of Deno.readDir(folder)) {
    if (!entry.name.endsWith(".deb")) continue;
    const done = await execute("dpkg-deb", ["-x", entry.name, "."], limits);
    if (!done.ok) throw new Error(`dpkg-deb: ${done.lastLine}`);
    return;
  }
  throw new Error("apt-get download left no package");
}

/** Installs Homebrew formulae. Throws `Error` in one line when it cannot. */
export async function brewInstall(formulae: readonly string[]): Promise<void> {
  const brew = await programOnPath("brew", ["/opt/homebrew/bin", "/usr/local/bin"]);
  if (brew === undefined) throw new Error("Homebrew is not installed (https://brew.sh)");
  const done = await execute(brew, ["install", ...formulae], { limit_ms: INSTALL_LIMIT_MS });
  if (!done.ok) throw new Error(`brew install: ${done.lastLine}`);
}
