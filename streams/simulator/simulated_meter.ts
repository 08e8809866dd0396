/**
 * A meter on this machine: the real firmware image on a simulated chip, a pseudo-terminal as its
 * serial line, a file as its EEPROM.
 */
import { TerminalError } from "../../protocol/errors.ts";
import { buildFirmware } from "./build_firmware.ts";
import { SimulatorProcess } from "./simulator_process.ts";
import { eepromImage, identityOf, type MeterIdentity } from "./eeprom_image.ts";

export interface SimulatedMeterOptions extends MeterIdentity {
  /** The load in watts; at 3200 impulses per kWh at most 17,578 W (S0 limit). */
  readonly watts: number;
  /** Holds the EEPROM. Made for this identity when it does not exist; else its count goes on. */
  readonly eepromFile: string;
  /** Simulated seconds in a second, over 0 and at most 10,000. Default 1. */
  readonly speed?: number;
  /** Speak at this speed from the first byte (300 to 9600) instead of starting at 300. */
  readonly fixedBaud?: number;
  /** Garbage for a reader whose speed differs from the meter's. Default false. */
  readonly strictLine?: boolean;
  /** Even parity in bit 7, as a reader set to 8N1 sees a 7E1 line. Default false. */
  readonly showParity?: boolean;
}

export interface SimulatedMeterStatus {
  readonly powered: boolean;
  /** Since the power came on. */
  readonly simulated_s: number;
  /** S0 pulses given since the simulation began. */
  readonly pulses: number;
  readonly watts: number;
}

export interface SimulatedMeter extends AsyncDisposable {
  /** The line's device, for example `/dev/pts/3`. It stays the same when the power goes. */
  readonly serialPath: string;
  setWatts(watts: number): Promise<void>;
  /** Changes the pace, for example to let a month pass and then read at 1. */
  setSpeed(speed: number): Promise<void>;
  setCover(position: "open" | "closed"): Promise<void>;
  /** The power goes at once, even in the middle of an EEPROM write. */
  cutPower(): Promise<void>;
  /** The supply fails with its early warning; resolves when the power has gone. */
  failPower(holdUp_ms?: number): Promise<void>;
  /** The power is back: RAM is lost, the EEPROM as it was. */
  restore(): Promise<void>;
  status(): Promise<SimulatedMeterStatus>;
  /** Any command of firmware/simulator/README.md, for tests. */
  command(text: string): Promise<void>;
  /** Ends the process in order (the meter saves its count). Safe to call twice. */
  stop(): Promise<void>;
}

/** Makes the EEPROM file, or sees to it that the one there belongs to this meter. */
async function prepareEeprom(options: SimulatedMeterOptions): Promise<void> {
  const image = eepromImage(options);
  try {
    await Deno.writeFile(options.eepromFile, image, { createNew: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    const found = identityOf(await Deno.readFile(options.eepromFile));
    if (
      found?.consumerNumber !== options.consumerNumber ||
      found.serialNumber !== options.serialNumber
    ) {
      throw new TerminalError(
        `${options.eepromFile} is the EEPROM of ${
          found ? `meter ${found.serialNumber} of consumer ${found.consumerNumber}` : "no meter"
        }: name another file, or remove it to start a new meter.`,
      );
    }
  }
}

/** Whether the chip has power, and a way to wait for a change. */
class Power {
  on = false;
  #waiting: { readonly on: boolean; resolve(): void }[] = [];

  set(on: boolean): void {
    this.on = on;
    for (const waiter of this.#waiting.filter((one) => one.on === on)) waiter.resolve();
    this.#waiting = this.#waiting.filter((one) => one.on !== on);
  }

  async until(on: boolean, process: SimulatorProcess): Promise<void> {
    if (this.on === on) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ on, resolve });
    await Promise.race([promise, process.gone]);
    if (this.on !== on && process.ended) throw process.ended;
  }
}

function simulatorArguments(image: string, options: SimulatedMeterOptions): string[] {
  const args = ["--firmware", image, "--eeprom", options.eepromFile];
  args.push("--watts", String(options.watts), "--speed", String(options.speed ?? 1));
  if (options.strictLine) args.push("--strict-line");
  if (options.showParity) args.push("--show-parity");
  return args;
}

/**
 * Builds what is needed, starts the meter, and returns once its firmware listens on the line.
 *
 * @throws {TerminalError} no toolchain, an identity that does not fit, a load that the S0 interface
 * cannot tell, or an EEPROM file of another meter.
 */
export async function startSimulatedMeter(
  options: SimulatedMeterOptions,
): Promise<SimulatedMeter> {
  const { image, simulator } = await buildFirmware(options.fixedBaud);
  await prepareEeprom(options);
  const power = new Power();
  const ready = Promise.withResolvers<string>();
  const process = new SimulatorProcess(simulator, simulatorArguments(image, options), (event) => {
    if (event.event === "power") power.set(event.on);
    else ready.resolve(event.serial);
  });
  const serialPath = await Promise.race([ready.promise, process.gone]);
  if (serialPath === undefined) {
    throw process.ended ?? new TerminalError("The simulated meter ended before it was ready.");
  }
  return controls(process, power, serialPath);
}

function controls(process: SimulatorProcess, power: Power, serialPath: string): SimulatedMeter {
  const command = async (text: string) => {
    await process.command(text);
  };
  const stop = () => process.stop();
  return {
    serialPath,
    command,
    stop,
    setWatts: (watts) => command(`watts ${watts}`),
    setSpeed: (speed) => command(`speed ${speed}`),
    setCover: (position) => command(`cover ${position}`),
    async cutPower() {
      process.signal("SIGUSR1");
      await power.until(false, process);
    },
    async failPower(holdUp_ms = 130) {
      await command(`power off ${holdUp_ms}`);
      await power.until(false, process);
    },
    restore: () => command("power on"),
    async status() {
      const { powered = false, simulated_s = 0, pulses = 0, watts = 0 } = await process.command(
        "status",
      );
      return { powered, simulated_s, pulses, watts };
    },
    [Symbol.asyncDispose]: stop,
  };
}
