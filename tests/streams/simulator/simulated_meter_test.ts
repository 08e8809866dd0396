/** The simulated meter as a process: it is read by the real reader, and never outlives its parent. */
import assert from "node:assert/strict";
import { readMeter } from "../../../streams/serial/read_meter.ts";
import { startSimulatedMeter } from "../../../streams/simulator/simulated_meter.ts";
import { eepromImage } from "../../../streams/simulator/eeprom_image.ts";
import { TerminalError } from "../../../protocol/errors.ts";
import { hasTools, IDENTITY, until, withMeter } from "../../firmware/support.ts";

const ready = await hasTools("the simulated meter", ["make", "gcc", "avr-gcc", "ps", "pgrep"]);
const test = (name: string, fn: () => Promise<void>) => Deno.test({ name, ignore: !ready, fn });

async function isRunning(pid: number): Promise<boolean> {
  // The runtime lets nobody but a program with all permissions look into /proc: `ps` looks.
  const { stdout } = await new Deno.Command("ps", { args: ["-o", "stat=", "-p", String(pid)] })
    .output();
  const state = new TextDecoder().decode(stdout).trim();
  // A process that has ended but was not yet waited for is no longer running either.
  return state !== "" && !state.startsWith("Z");
}

/** Simulators that use this EEPROM file, by process id. */
async function simulatorsOf(eepromFile: string): Promise<number[]> {
  const { stdout } = await new Deno.Command("pgrep", {
    args: ["-f", "--", `--eeprom ${eepromFile}`],
  })
    .output();
  return new TextDecoder().decode(stdout).split("\n").filter(Boolean).map(Number);
}

test("startSimulatedMeter() gives a line that readMeter() reads at the standard's speeds", () =>
  withMeter({ initialEnergy_wh: 4_321_987, speed: 1, strictLine: true }, async (meter) => {
    const reading = await readMeter({ line: meter.serialPath });
    assert.match(reading.identification, /SAM5SAMAY-SEM-1/);
    assert.equal(reading.consumerNumber, IDENTITY.consumerNumber);
    const energy = reading.registers.find((one) => one.code === "1.8.0");
    assert.equal(energy?.unit, "kWh");
    assert.equal(Number(energy?.value), 4321.987);
  }));

test("startSimulatedMeter() goes on with the count when its EEPROM file is there", async () => {
  const directory = await Deno.makeTempDir({ prefix: "samay-meter-" });
  const options = { ...IDENTITY, watts: 0, eepromFile: `${directory}/e.bin`, impulsesPerKwh: 1000 };
  try {
    {
      await using first = await startSimulatedMeter({ ...options, initialEnergy_wh: 70 });
      await first.command("pulse 40");
      await new Promise((resolve) => setTimeout(resolve, 100));
    } // stop() is a power failure with its warning
    await using second = await startSimulatedMeter({ ...options, initialEnergy_wh: 70, speed: 5 });
    const { registers } = await readMeter({ line: second.serialPath });
    assert.equal(Number(registers.find((one) => one.code === "1.8.0")?.value), 0.071);
    assert.equal(registers.find((one) => one.code === "F.F")?.value, "00000000");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

test("startSimulatedMeter() refuses an EEPROM file when it belongs to another meter", () =>
  withMeter({}, async (_meter, eepromFile) => {
    const other = { ...IDENTITY, consumerNumber: "2", watts: 0, eepromFile };
    await assert.rejects(
      startSimulatedMeter(other),
      (error: Error) =>
        error instanceof TerminalError && error.message.includes(IDENTITY.consumerNumber),
    );
  }));

test("startSimulatedMeter() says why when the EEPROM file is no EEPROM", async () => {
  const eepromFile = await Deno.makeTempFile();
  try {
    await Deno.writeFile(eepromFile, eepromImage(IDENTITY).subarray(0, 500));
    await assert.rejects(
      startSimulatedMeter({ ...IDENTITY, watts: 0, eepromFile }),
      /EEPROM of no meter/,
    );
  } finally {
    await Deno.remove(eepromFile);
  }
});

test("startSimulatedMeter() refuses a load when S0 pulses cannot tell it", () =>
  withMeter({}, async (meter) => {
    await assert.rejects(meter.setWatts(20_000), /15 pulses a second/);
    await assert.rejects(meter.setWatts(-1), /15 pulses a second/);
    await assert.rejects(meter.setWatts(NaN), TerminalError);
    await meter.setWatts(17_000);
    assert.equal((await meter.status()).watts, 17_000);
    await assert.rejects(withMeter({ watts: 20_000 }, () => Promise.resolve()), /pulses a second/);
  }));

test("stop() leaves no process when it is called, twice or after a crash", () =>
  withMeter({}, async (meter, eepromFile) => {
    assert.equal((await simulatorsOf(eepromFile)).length, 1);
    await meter.stop();
    await meter.stop();
    assert.deepEqual(await simulatorsOf(eepromFile), []);
    await assert.rejects(meter.setWatts(1), /has ended/);
    await assert.rejects(meter.cutPower(), /has ended/);
  }));

test("the simulator ends by itself when its parent is killed", async () => {
  const directory = await Deno.makeTempDir({ prefix: "samay-meter-" });
  const eepromFile = `${directory}/eeprom.bin`;
  const module = new URL("../../../streams/simulator/simulated_meter.ts", import.meta.url);
  const script = `
    import { startSimulatedMeter } from ${JSON.stringify(module.href)};
    await startSimulatedMeter(${JSON.stringify({ ...IDENTITY, watts: 100, eepromFile })});
    console.log("started");
    setInterval(() => undefined, 1000);`;
  const parent = new Deno.Command(Deno.execPath(), {
    args: ["eval", script],
    cwd: new URL("../../..", import.meta.url),
    stdout: "piped",
    stdin: "null",
  }).spawn();
  let killed = false;
  try {
    const reader = parent.stdout.getReader();
    await reader.read();
    const [pid] = await simulatorsOf(eepromFile);
    assert.ok(pid);
    parent.kill("SIGKILL");
    killed = true;
    await until("the simulator to end", async () => !(await isRunning(pid)));
    await reader.cancel();
  } finally {
    if (!killed) parent.kill("SIGKILL");
    await parent.status;
    await Deno.remove(directory, { recursive: true });
  }
});

test("buildFirmware() names the packages when a tool is missing", async () => {
  const module = new URL("../../../streams/simulator/build_firmware.ts", import.meta.url);
  const script = `
    import { buildFirmware } from ${JSON.stringify(module.href)};
    await buildFirmware().catch((error) => console.log(error.name + ": " + error.message));`;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", script],
    cwd: new URL("../../..", import.meta.url),
    env: { PATH: "/nowhere" },
  }).output();
  const said = new TextDecoder().decode(stdout);
  assert.match(said, /TerminalError: The firmware needs make, avr-gcc, gcc: .*gcc-avr avr-libc/);
});
