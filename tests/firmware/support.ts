/** What the tests of the firmware share: is the toolchain there, a meter to test, a reader of raw bytes. */
import { missingFirmwareTools } from "../../streams/simulator/build_firmware.ts";
import { type Line, type LineSettings, openLine } from "../../streams/serial/line.ts";
import {
  type SimulatedMeter,
  type SimulatedMeterOptions,
  startSimulatedMeter,
} from "../../streams/simulator/simulated_meter.ts";

export const IDENTITY = { consumerNumber: "170000000001", serialNumber: "SEM00000042" };

/** A readout takes two seconds of the meter's time; the tests do not wait that long. */
export const TEST_SPEED = 4;

/** Whether `tools` are on the PATH; says what is skipped when not. */
export async function hasTools(what: string, tools: readonly string[]): Promise<boolean> {
  const missing = (await missingFirmwareTools()).filter((tool) => tools.includes(tool));
  if (missing.length > 0) console.error(`skipped: ${what} (${missing.join(", ")} not found)`);
  return missing.length === 0;
}

/** Runs `use` with a meter of its own, and leaves neither its process nor its file behind. */
export async function withMeter(
  options: Partial<SimulatedMeterOptions>,
  use: (meter: SimulatedMeter, eepromFile: string) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "samay-meter-" });
  const eepromFile = `${directory}/eeprom.bin`;
  try {
    await using meter = await startSimulatedMeter({
      ...IDENTITY,
      watts: 0,
      speed: TEST_SPEED,
      eepromFile,
      ...options,
    });
    await use(meter, eepromFile);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

export const isWholeLine = (got: string) => got.endsWith("\r\n");
/** ETX and the block check character have come. */
export const isWholeBlock = (got: string) => got.at(-2) === "\x03";

/** The raw line: bytes out, and bytes in until they end as wanted or there is silence. */
export class RawLine implements AsyncDisposable {
  readonly #line: Line;
  #reading: Promise<Uint8Array | null> | null = null;

  private constructor(line: Line) {
    this.#line = line;
  }

  static async open(path: string, settings: Partial<LineSettings> = {}): Promise<RawLine> {
    return new RawLine(await openLine(path, { baud: 300, framing: "7E1", ...settings }));
  }

  setBaud(baud: number): Promise<void> {
    return this.#line.setBaud(baud);
  }

  send(bytes: string): Promise<void> {
    return this.#line.write(new TextEncoder().encode(bytes));
  }

  /** What came until there is `enough`, or until `silence_ms` without a byte; a character a byte. */
  async receive(enough: (got: string) => boolean, silence_ms = 1_500): Promise<string> {
    let got = "";
    while (!enough(got)) {
      this.#reading ??= this.#line.read();
      let timer: ReturnType<typeof setTimeout> | undefined;
      const silence = new Promise<"silence">((resolve) => {
        timer = setTimeout(() => resolve("silence"), silence_ms);
      });
      const result = await Promise.race([this.#reading, silence]);
      clearTimeout(timer);
      if (result === "silence") break;
      this.#reading = null;
      if (result === null) break;
      got += String.fromCharCode(...result);
    }
    return got;
  }

  /** Asks for an identification; empty when the meter keeps silent. */
  async identify(request = "/?!\r\n", silence_ms = 1_500): Promise<string> {
    await this.send(request);
    return await this.receive(isWholeLine, silence_ms);
  }

  /** A whole mode C readout: the data block from STX to the block check character. */
  async readOut(): Promise<string> {
    await this.identify();
    await this.send("\x06050\r\n");
    return await this.receive(isWholeBlock);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#line.close();
  }
}

/** One readout over a line of its own. */
export async function readOut(meter: SimulatedMeter): Promise<string> {
  await using line = await RawLine.open(meter.serialPath);
  return await line.readOut();
}

/** The value of a register in a data block, without its unit. */
export function register(block: string, obis: string): string | undefined {
  return block.split("\r\n").map((line) => line.replace("\x02", ""))
    .find((line) => line.startsWith(`${obis}(`))?.replace(/^[^(]*\(([^)*]*).*$/, "$1");
}

/** The error register as a number. */
export function flags(block: string): number {
  return parseInt(register(block, "F.F") ?? "", 16);
}

/** Waits until `holds`, or fails with `what`. */
export async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 200; i++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`waited in vain: ${what}`);
}

/** Lets this much of the meter's time go by. */
export async function pass(meter: SimulatedMeter, simulated_s: number): Promise<void> {
  const end_s = (await meter.status()).simulated_s + simulated_s;
  await until(
    `${simulated_s} s of the meter's time`,
    async () => (await meter.status()).simulated_s >= end_s,
  );
}
