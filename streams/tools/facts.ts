/** What `samay doctor` reports: each part with its version, its place, and how to get it. */
import { findAvr, howToGetAvr } from "./avr.ts";
import { howToGet } from "./bring.ts";
import { missingFonts } from "./dependencies.ts";
import { searchTool } from "./find.ts";
import { aptCommand } from "./packages.ts";
import { exists, programOnPath, programsIn, projectDir, SYSTEM_FOLDERS } from "./places.ts";
import { isAtLeast, natsCli, natsServer, type ToolPin } from "./versions.ts";

export interface Fact {
  readonly part: string;
  readonly ok: boolean;
  /** The product cannot do its main job without it. */
  readonly essential: boolean;
  readonly version: string;
  /** Where it is, or why it does not count. */
  readonly where: string;
  /** What it is for when it is missing, and the command that would get it. */
  readonly remedy: string;
}

const DENO_OLDEST = "2.9.0";
/** The port that operators expect a broker on; a broker of our own takes any free one. */
const NATS_PORT = 4222;

function fact(part: string, given: Partial<Omit<Fact, "part">> & { ok: boolean }): Fact {
  return { part, essential: false, version: "", where: "", remedy: "", ...given };
}

function denoFact(): Fact {
  const version = Deno.version.deno;
  return fact("Deno", {
    ok: isAtLeast(version, DENO_OLDEST),
    essential: true,
    version,
    where: Deno.execPath(),
    remedy: "npx -y deno@2.9.6 task ..., or https://deno.com",
  });
}

async function toolFact(pin: ToolPin, essential: boolean, use: string): Promise<Fact> {
  const { found, refused } = await searchTool(pin.name);
  return fact(pin.name, {
    ok: found !== undefined,
    essential,
    version: found?.version ?? "",
    where: found?.path ?? refused.join("; "),
    remedy: `${use}: deno task setup, or ${howToGet(pin)}`,
  });
}

async function avrFact(): Promise<Fact> {
  const { path, missing } = await findAvr();
  return fact("AVR toolchain, simavr", {
    ok: path !== undefined,
    where: path ?? `missing ${missing.join(", ")}`,
    remedy: `software meters only without it: deno task setup, or ${howToGetAvr()}`,
  });
}

async function fontsFact(): Promise<Fact> {
  const missing = await missingFonts();
  return fact("fonts", {
    ok: missing.length === 0,
    essential: true,
    where: missing.length === 0 ? "npm packages" : `missing ${missing.join(", ")}`,
    remedy: "bills cannot be printed: deno task setup",
  });
}

/** The newest PostgreSQL server: on PATH, or where Debian and Homebrew keep theirs. */
async function postgresFact(): Promise<Fact> {
  const folders: string[] = [];
  const root = "/usr/lib/postgresql";
  if (await exists(root)) {
    const versions = [...Deno.readDirSync(root)].map((entry) => entry.name);
    versions.sort((a, b) => Number(b) - Number(a));
    folders.push(...versions.map((version) => `${root}/${version}/bin`));
  }
  const path = await programOnPath("postgres") ?? (await programsIn("postgres", folders))[0];
  const version = /postgresql\/(\d+)\//.exec(path ?? "")?.[1] ?? "";
  return fact("PostgreSQL", {
    ok: path !== undefined,
    version,
    where: path ?? "",
    remedy: `optional (PGlite serves without it): ${aptCommand(["postgresql"])}`,
  });
}

async function programFact(part: string, name: string, use: string, pack: string): Promise<Fact> {
  const path = await programOnPath(name, SYSTEM_FOLDERS);
  return fact(part, {
    ok: path !== undefined,
    where: path ?? "",
    remedy: `optional, ${use}: ${aptCommand([pack])}`,
  });
}

async function dataFact(): Promise<Fact> {
  const folder = `${projectDir}.samay`;
  const remedy = `Samay keeps its data there: make ${folder} writable, or set SAMAY_DATA_DIR`;
  try {
    await Deno.mkdir(folder, { recursive: true });
    const probe = `${folder}/.doctor-${Deno.pid}`;
    await Deno.writeTextFile(probe, "");
    await Deno.remove(probe);
    return fact("data folder", { ok: true, essential: true, where: folder, remedy });
  } catch (error) {
    const where = (error as Error).message;
    return fact("data folder", { ok: false, essential: true, where, remedy });
  }
}

function canListen(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw error;
  }
}

function portFacts(): Fact[] {
  return [
    fact("loopback ports", {
      ok: canListen(0),
      essential: true,
      where: "127.0.0.1",
      remedy: "no free port on 127.0.0.1: end something that listens",
    }),
    fact("port 4222", {
      ok: canListen(NATS_PORT),
      where: "127.0.0.1",
      remedy: "something listens there, perhaps a broker of yours: SAMAY_NATS_URL uses it",
    }),
  ];
}

/** Everything, essentials first. Looks only; nothing is brought or changed. */
export async function gatherFacts(): Promise<Fact[]> {
  const facts = await Promise.all([
    denoFact(),
    toolFact(natsServer, true, "nothing runs without it"),
    fontsFact(),
    dataFact(),
    ...portFacts(),
    toolFact(natsCli, false, "to look into the streams"),
    avrFact(),
    postgresFact(),
    programFact("chronyd", "chronyd", "for tests of the time client", "chrony"),
    programFact("pdftotext", "pdftotext", "for tests of the bills", "poppler-utils"),
  ]);
  return facts.sort((a, b) => Number(b.essential) - Number(a.essential));
}
