/** The firmware image on the simulated chip, seen from its serial line (IEC 62056-21 mode C). */
import assert from "node:assert/strict";
import { hasTools, IDENTITY, isWholeBlock, RawLine, withMeter } from "./support.ts";

const ready = await hasTools("the firmware image on its line", ["make", "gcc", "avr-gcc"]);
const test = (name: string, fn: () => Promise<void>) => Deno.test({ name, ignore: !ready, fn });

const IDENTIFICATION = "/SAM5SAMAY-SEM-1\r\n";

test("the meter sends every register and a right block check when it is read", () =>
  withMeter({ initialEnergy_wh: 123_456 }, async (meter) => {
    await using line = await RawLine.open(meter.serialPath);
    assert.equal(await line.identify(), IDENTIFICATION);
    await line.send("\x06050\r\n");
    const block = await line.receive(isWholeBlock);
    assert.equal(
      block.slice(0, -1),
      `\x02F.F(00000000)\r\n0.0.0(${IDENTITY.consumerNumber})\r\nC.1.0(${IDENTITY.serialNumber})\r\n` +
        "0.2.0(SEM-1.0)\r\n0.3.0(3200*imp/kWh)\r\n1.8.0(000123.456*kWh)\r\nC.51.1(00000)\r\n!\r\n\x03",
    );
    const bcc = [...block.slice(1, -1)].reduce((sum, c) => sum ^ c.charCodeAt(0), 0);
    assert.equal(block.charCodeAt(block.length - 1), bcc);
  }));

test("the meter starts at 300 baud and switches when the reader agrees to 9600", () =>
  withMeter({ strictLine: true }, async (meter) => {
    await using line = await RawLine.open(meter.serialPath);
    assert.equal(await line.identify(), IDENTIFICATION);
    await line.send("\x06050\r\n");
    // The last byte of the acknowledgement must be on the meter's side at 300 before the switch.
    await new Promise((resolve) => setTimeout(resolve, 50));
    await line.setBaud(9600);
    assert.match(await line.receive(isWholeBlock), /1\.8\.0\(/);
    // After the block it listens at 300 again, and hears nothing at 9600.
    assert.equal(await line.identify("/?!\r\n", 200), "");
    await line.setBaud(300);
    assert.equal(await line.identify("\r\n/?!\r\n"), IDENTIFICATION);
    await line.send("\x06050\r\n");
    assert.doesNotMatch(await line.receive(isWholeBlock, 300), /1\.8\.0/); // still at 300: garbage
  }));

test("the meter sends its data at 300 baud when the reader asks for that", () =>
  withMeter({ strictLine: true, speed: 20 }, async (meter) => {
    await using line = await RawLine.open(meter.serialPath);
    await line.identify();
    await line.send("\x06000\r\n");
    assert.match(await line.receive(isWholeBlock), /1\.8\.0\(/);
  }));

test("the meter goes back to 300 baud when no acknowledgement comes", () =>
  withMeter({ strictLine: true }, async (meter) => {
    await using line = await RawLine.open(meter.serialPath);
    assert.equal(await line.identify(), IDENTIFICATION);
    assert.equal(await line.receive((got) => got !== "", 900), "");
    await line.setBaud(9600);
    assert.equal(await line.identify("/?!\r\n", 200), "");
    await line.setBaud(300);
    assert.equal(await line.identify("\r\n/?!\r\n"), IDENTIFICATION);
  }));

test("the meter hears its request when wake-up bytes come first", () =>
  withMeter({}, async (meter) => {
    await using line = await RawLine.open(meter.serialPath);
    assert.equal(await line.identify("\0".repeat(66) + "/?!\r\n"), IDENTIFICATION);
  }));

test("the meter answers its own address and keeps silent to others and to nonsense", () =>
  withMeter({ deviceAddress: "0042" }, async (meter) => {
    await using line = await RawLine.open(meter.serialPath);
    for (const request of ["/?43!\r\n", "/?4!\r\n", "/?42\r\n", "?!\r\n", "\x01B0\x03q"]) {
      assert.equal(await line.identify(request, 250), "", request);
    }
    assert.equal(await line.identify("/?00042!\r\n"), IDENTIFICATION);
  }));

test("the meter speaks 7E1 when a reader looks at all eight bits", () =>
  withMeter({ showParity: true }, async (meter) => {
    await using line = await RawLine.open(meter.serialPath, { framing: "8N1" });
    await line.send("/?!\r\n");
    const bytes = [...await line.receive((got) => got.endsWith("\n"))]; // LF has two ones, so its parity bit is clear
    assert.ok(bytes.some((c) => c.charCodeAt(0) > 0x7f));
    for (const c of bytes) {
      const ones = c.charCodeAt(0).toString(2).replaceAll("0", "").length;
      assert.equal(ones % 2, 0);
    }
    const seven = bytes.map((c) => String.fromCharCode(c.charCodeAt(0) & 0x7f)).join("");
    assert.equal(seven, IDENTIFICATION);
  }));

test("the meter speaks at 9600 baud from the first byte when it is built so", () =>
  withMeter({ strictLine: true, fixedBaud: 9600 }, async (meter) => {
    await using line = await RawLine.open(meter.serialPath, { baud: 9600 });
    assert.match(await line.readOut(), /1\.8\.0\(/);
    assert.match(await line.readOut(), /1\.8\.0\(/);
  }));
