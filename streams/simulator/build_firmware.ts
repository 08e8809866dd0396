/**
 * Builds the firmware image and the program that runs it, when they are not up to date.
 *
 * `make` decides what is stale. Programs are renamed into place when they are whole, so that two
 * builds at the same time do no harm.
 */
import { fileURLToPath } from "node:url";
import { TerminalError } from "../../protocol/errors.ts";

export interface BuiltFirmware {
  /** The ELF image for the ATmega328P. */
  readonly image: string;
  /** The simavr host that runs it. */
  readonly simulator: string;
}

const FIRMWARE = new URL("../../firmware/", import.meta.url);
const PACKAGES = "gcc-avr avr-libc libsimavr-dev libelf-dev gcc make";
const ADVICE = `install the toolchain: apt-get install ${PACKAGES}`;
const TOOLS = ["make", "avr-gcc", "gcc"] as const;

async function isOnPath(tool: string): Promise<boolean> {
  try {
    const command = new Deno.Command(tool, {
      args: ["--version"],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    });
    return (await command.output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** The build tools that cannot be found, by name. Headers show only in the build itself. */
export async function missingFirmwareTools(): Promise<string[]> {
  const found = await Promise.all(TOOLS.map(isOnPath));
  return TOOLS.filter((_, i) => !found[i]);
}

/**
 * Builds what is stale and returns where the results lie. With `fixedBaud` the meter speaks at that
 * speed from the first byte, instead of starting at 300.
 *
 * @throws {TerminalError} a tool or a header is missing, or the code does not compile; the message
 * names the packages to install.
 */
export async function buildFirmware(fixedBaud?: number): Promise<BuiltFirmware> {
  const missing = await missingFirmwareTools();
  if (missing.length > 0) {
    throw new TerminalError(`The firmware needs ${missing.join(", ")}: ${ADVICE}.`);
  }
  const variant = fixedBaud === undefined ? [] : [`FIXED_BAUD=${fixedBaud}`];
  const directory = fileURLToPath(FIRMWARE);
  const { success, stderr } = await new Deno.Command("make", {
    args: ["--no-print-directory", "-C", directory, ...variant, "meter", "simulator"],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) {
    const lines = new TextDecoder().decode(stderr).trim().split("\n");
    const reason = lines.find((line) => /error|No such file/i.test(line)) ?? lines.at(-1) ?? "";
    throw new TerminalError(
      `The firmware does not build: ${reason.trim()}. If a header is missing, ${ADVICE}.`,
    );
  }
  const image = `meter/build/meter${fixedBaud === undefined ? "" : `_${fixedBaud}`}.elf`;
  return {
    image: fileURLToPath(new URL(image, FIRMWARE)),
    simulator: fileURLToPath(new URL("simulator/build/simulator", FIRMWARE)),
  };
}
