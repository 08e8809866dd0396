/** The AVR toolchain and simavr: what the firmware is built with and runs in. */
import { join } from "node:path";
import { aptCommand, aptInstall, brewInstall } from "./packages.ts";
import { exists, programOnPath } from "./places.ts";

const PACKAGES = ["gcc-avr", "avr-libc", "libsimavr-dev", "libelf-dev", "gcc", "libc6-dev", "make"];
const FORMULAE = ["osx-cross/avr/avr-gcc", "osx-cross/avr/simavr", "libelf"];
const PREFIXES = ["/usr", "/usr/local", "/opt/homebrew"];

/** Programs and, under one of the prefixes, headers that must be there. */
const PROGRAMS = ["avr-gcc", "avr-objcopy", "make"] as const;
const HEADERS = ["include/simavr/sim_avr.h"] as const;
const HEADERS_LINUX = ["include/libelf.h", "lib/avr/include/avr/io.h"] as const;

export interface AvrState {
  /** Path of avr-gcc when all of it is there. */
  readonly path?: string;
  /** What is missing, by name. Empty when all of it is there. */
  readonly missing: readonly string[];
}

async function underPrefix(file: string): Promise<boolean> {
  const there = await Promise.all(PREFIXES.map((prefix) => exists(join(prefix, file))));
  return there.includes(true);
}

/** Looks for the compiler, the C library of the chip, the simulator's headers and a host compiler. */
export async function findAvr(): Promise<AvrState> {
  const headers = Deno.build.os === "linux" ? [...HEADERS, ...HEADERS_LINUX] : HEADERS;
  const [programs, there, compilers] = await Promise.all([
    Promise.all(PROGRAMS.map((name) => programOnPath(name))),
    Promise.all(headers.map(underPrefix)),
    Promise.all(["cc", "gcc", "clang"].map((name) => programOnPath(name))),
  ]);
  const missing = [
    ...PROGRAMS.filter((_, i) => programs[i] === undefined),
    ...headers.filter((_, i) => !there[i]),
    ...(compilers.some((path) => path !== undefined) ? [] : ["cc"]),
  ];
  const path = programs[0];
  return path === undefined || missing.length > 0 ? { missing } : { path, missing };
}

/** The command that would get it. */
export function howToGetAvr(): string {
  return Deno.build.os === "darwin" ? `brew install ${FORMULAE.join(" ")}` : aptCommand(PACKAGES);
}

/** Installs what is missing. Throws `Error` in one line when it cannot. */
export async function installAvr(): Promise<void> {
  if (Deno.build.os === "darwin") await brewInstall(FORMULAE);
  else await aptInstall(PACKAGES);
  const { missing } = await findAvr();
  if (missing.length > 0) throw new Error(`still missing: ${missing.join(", ")}`);
}
