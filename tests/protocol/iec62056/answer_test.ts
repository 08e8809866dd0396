import assert from "node:assert/strict";
import fc from "fast-check";
import { AnsweringLine, type AnsweringMeter } from "../../../protocol/iec62056/answer.ts";
import { energyText } from "../../../protocol/iec62056/block.ts";
import { bytesOf, textOf } from "../../../protocol/iec62056/characters.ts";
import { MeterReader } from "../../../protocol/iec62056/reader.ts";
import { converse, defaults, type Meter } from "./world.ts";

const meter = (address: string, energy_wh = 123_456): AnsweringMeter => ({
  address,
  identification: "SAm5SAMAY-SOFT-1",
  registers: () => ({
    consumerNumber: `1700000000${address}`,
    serialNumber: `SN${address}`,
    energy_wh,
    flags: 0x18,
    coverOpenings: 2,
    version: "SOFT-1.0",
  }),
});

const on = (line: AnsweringLine): Meter => (sent, now_ms) => line.take(bytesOf(sent), now_ms);

const read = (line: AnsweringLine, address: string) =>
  converse(new MeterReader({ ...defaults, address }), on(line));

Deno.test("AnsweringLine gives the registers of the firmware to the reader", () => {
  const { readout } = read(new AnsweringLine([meter("07")]), "");
  assert.equal(readout?.check, "bcc");
  assert.equal(readout?.consumerNumber, "170000000007");
  assert.deepEqual(readout?.registers.map(({ obis, text, unit }) => [obis, text, unit]), [
    ["0-0:97.97.0", "00000018", null],
    ["1-0:0.0.0", "170000000007", null],
    ["0-0:96.1.0", "SN07", null],
    ["1-0:0.2.0", "SOFT-1.0", null],
    ["1-0:1.8.0", "000123.456", "kWh"],
    ["0-0:96.51.1", "00002", null],
  ]);
});

Deno.test("AnsweringLine lets the addressed meter alone answer, leading zeros apart", () => {
  const line = new AnsweringLine([meter("07"), meter("0123"), meter("700")]);
  assert.equal(read(line, "7").readout?.consumerNumber, "170000000007");
  assert.equal(read(line, "00123").readout?.consumerNumber, "17000000000123");
  assert.equal(read(line, "8").failure?.reason, "silent");
  assert.equal(read(line, "").failure?.reason, "silent");
});

Deno.test("AnsweringLine sends data at the acknowledged speed, and only when asked in time", () => {
  const ask = (acknowledgement: string, after_ms: number) => {
    const line = new AnsweringLine([meter("1")]);
    line.take(bytesOf("\0\0\0/?1!\r\n"), 0);
    return line.take(bytesOf(acknowledgement), after_ms);
  };
  assert.equal(ask("\x06050\r\n", 300)[0]?.baud, 9_600);
  assert.equal(ask("\x06000\r\n", 300)[0]?.baud, 300);
  assert.deepEqual(ask("\x06050\r\n", 2_300), []);
  assert.deepEqual(ask("\x06051\r\n", 300), []); // programming mode
  assert.deepEqual(ask("\x06090\r\n", 300), []);
  assert.deepEqual(ask("050\r\n", 300), []);
  assert.deepEqual(new AnsweringLine([meter("1")]).take(bytesOf("\x06050\r\n"), 0), []);
});

Deno.test("AnsweringLine forgets a meter when another is called", () => {
  const line = new AnsweringLine([meter("1"), meter("2")]);
  line.take(bytesOf("/?1!\r\n"), 0);
  line.take(bytesOf("/?9!\r\n"), 10);
  assert.deepEqual(line.take(bytesOf("\x06050\r\n"), 20), []);
});

Deno.test("AnsweringLine answers the same however the request is split, after any noise", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(6), (noise, cut) => {
    const line = new AnsweringLine([meter("1")]);
    line.take(noise, 0);
    const request = bytesOf("/?1!\r\n");
    line.take(request.subarray(0, cut), 0);
    const replies = cut === 6 ? [] : line.take(request.subarray(cut), 0);
    if (cut < 6) assert.equal(textOf(replies[0]!.bytes), "/SAm5SAMAY-SOFT-1\r\n");
  }));
});

Deno.test("AnsweringLine takes a line that is too long for noise", () => {
  const line = new AnsweringLine([meter("1")]);
  line.take(bytesOf("/?1!\r\n"), 0);
  assert.deepEqual(line.take(bytesOf(`/${"x".repeat(50)}\r\n`), 100), []);
  assert.equal(line.take(bytesOf("\x06050\r\n"), 200).length, 1);
});

Deno.test("AnsweringLine refuses two meters with one address", () => {
  assert.throws(() => new AnsweringLine([meter("1"), meter("001")]), /Two meters/);
  assert.throws(() => new AnsweringLine([{ ...meter("1"), identification: "x" }]), RangeError);
});

Deno.test("energyText() is exact and starts again after six digits of kWh", () => {
  assert.equal(energyText(0), "000000.000");
  assert.equal(energyText(999_999_999), "999999.999");
  assert.equal(energyText(1_000_000_001), "000000.001");
  assert.equal(energyText(-5), "000000.000");
});
