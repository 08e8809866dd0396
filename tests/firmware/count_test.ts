/** The firmware image on the simulated chip: what it counts, and what it keeps when the power goes. */
import assert from "node:assert/strict";
import type { SimulatedMeter } from "../../streams/simulator/simulated_meter.ts";
import {
  flags,
  hasTools,
  pass,
  readOut,
  register,
  TEST_SPEED,
  until,
  withMeter,
} from "./support.ts";

const ready = await hasTools("the firmware image and its count", ["make", "gcc", "avr-gcc"]);
const test = (name: string, fn: () => Promise<void>) => Deno.test({ name, ignore: !ready, fn });

/** Bits of F.F (docs/firmware.md, flags). */
const EEPROM_TORN = 0x02;
const WATCHDOG = 0x04;
const COVER_OPEN = 0x08;
const COVER_WAS_OPENED = 0x10;
const UNWARNED_CUT = 0x40;

/** With 1000 impulses per kWh a pulse is one Wh: the last digit of the register. */
const ONE_WH = { impulsesPerKwh: 1000, initialEnergy_wh: 5_000 };

async function energy_wh(meter: SimulatedMeter): Promise<number> {
  return Math.round(Number(register(await readOut(meter), "1.8.0")) * 1000);
}

test("the meter counts every pulse when a load draws power", () =>
  withMeter({ watts: 9_000 }, async (meter) => {
    await meter.setSpeed(200);
    await until("200 pulses", async () => (await meter.status()).pulses >= 200);
    await meter.setWatts(0);
    await meter.setSpeed(TEST_SPEED);
    await pass(meter, 0.1); // the last pulse may still be under way
    const { pulses } = await meter.status();
    assert.equal(await energy_wh(meter), Math.floor(pulses / 3.2));
  }));

test("the meter counts a pulse of 30 ms and nothing shorter", () =>
  withMeter(ONE_WH, async (meter) => {
    for (const length_ms of [1, 10, 29, 29, 30, 31, 200]) {
      await meter.command(`pulse ${length_ms}`);
      await pass(meter, 0.3);
    }
    assert.equal(await energy_wh(meter), 5_003);
  }));

test("the meter loses nothing when the supply gives its early warning", () =>
  withMeter({ ...ONE_WH, watts: 30_000 }, async (meter) => {
    await pass(meter, 2);
    await meter.setWatts(0);
    await pass(meter, 0.1);
    const before = await readOut(meter);
    await meter.failPower();
    await meter.restore();
    const after = await readOut(meter);
    assert.ok(Number(register(before, "1.8.0")) > 5.01);
    assert.equal(register(after, "1.8.0"), register(before, "1.8.0"));
    assert.equal(flags(after), 0);
  }));

test("the meter falls back to its last save and says so when power is cut without warning", () =>
  withMeter(ONE_WH, async (meter) => {
    await pass(meter, 11); // the save that reopens the ring after the start
    await meter.command("pulse 40");
    await pass(meter, 0.3);
    assert.equal(await energy_wh(meter), 5_001);
    await meter.cutPower();
    await meter.restore();
    const block = await readOut(meter);
    assert.equal(register(block, "1.8.0"), "000005.000");
    assert.equal(flags(block), UNWARNED_CUT);
  }));

test("the meter uses the slot before and says so when power goes in the middle of a save", async () => {
  // Every byte in turn, on top of every kind of leftover, is the host test's part.
  for (const byte of [1, 6, 15]) {
    await withMeter(ONE_WH, async (meter) => {
      await meter.setSpeed(100);
      await meter.command(`cut at-eeprom-byte ${byte}`);
      await until("the cut", async () => !(await meter.status()).powered);
      await meter.setSpeed(TEST_SPEED);
      await meter.restore();
      const block = await readOut(meter);
      assert.equal(register(block, "1.8.0"), "000005.000");
      // A first byte that is cut leaves the slot erased: nothing was lost, and nothing is seen.
      assert.equal(flags(block), byte === 1 ? 0 : EEPROM_TORN);
    });
  }
});

test("the meter notices the torn save when the supply holds for less than it needs", () =>
  withMeter(ONE_WH, async (meter) => {
    await meter.command("pulse 40");
    await pass(meter, 0.3);
    await meter.failPower(25);
    await meter.restore();
    const block = await readOut(meter);
    assert.equal(register(block, "1.8.0"), "000005.000");
    assert.equal(flags(block), EEPROM_TORN);
    await meter.command("pulse 40");
    await pass(meter, 0.3);
    await meter.failPower(70); // the least that docs/firmware.md asks for
    await meter.restore();
    const again = await readOut(meter);
    assert.equal(register(again, "1.8.0"), "000005.001");
    assert.equal(flags(again), EEPROM_TORN); // latched, and no new fault
  }));

test("the meter shows the cover while it is open and remembers it afterwards", () =>
  withMeter({}, async (meter) => {
    await meter.setCover("open");
    await pass(meter, 0.2);
    const open = await readOut(meter);
    assert.equal(flags(open), COVER_OPEN | COVER_WAS_OPENED);
    assert.equal(register(open, "C.51.1"), "00001");
    await meter.setCover("closed");
    await pass(meter, 0.2);
    assert.equal(flags(await readOut(meter)), COVER_WAS_OPENED);
    await meter.cutPower(); // the first opening is saved at once
    await meter.restore();
    const after = await readOut(meter);
    assert.ok(flags(after) & COVER_WAS_OPENED);
    assert.equal(register(after, "C.51.1"), "00001");
  }));

test("the meter is restarted by its watchdog when its clock stops", () =>
  withMeter(ONE_WH, async (meter) => {
    await meter.command("pulse 40");
    await pass(meter, 0.3);
    await meter.command("hang");
    await pass(meter, 2.5);
    const block = await readOut(meter);
    assert.equal(flags(block), WATCHDOG);
    assert.equal(register(block, "1.8.0"), "000005.001"); // RAM outlives the reset
  }));
