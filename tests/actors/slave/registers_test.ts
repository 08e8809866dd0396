import assert from "node:assert/strict";
import { hasEnergy, registersToSend, scaleDecimal } from "../../../actors/slave/registers.ts";
import { readoutOf } from "../../../protocol/iec62056/readout.ts";

Deno.test("scaleDecimal() moves the point without a floating-point number", () => {
  const cases: [string, number, number | undefined][] = [
    ["001234.567", 3, 1_234_567],
    ["0000.001", 3, 1],
    // 1.005 * 1000 is 1004.9999999999999 in floating point.
    ["1.005", 3, 1_005],
    ["4.35", 3, 4_350],
    ["999999.999", 3, 999_999_999],
    ["9007199254740.991", 3, Number.MAX_SAFE_INTEGER],
    ["9007199254740.992", 3, undefined],
    ["12.3456", 3, 12_345],
    ["-0.5", 3, -500],
    ["-0.0001", 3, 0],
    ["12.", 3, 12_000],
    ["7", 0, 7],
    [" 12 ", 0, 12],
    ["", 3, undefined],
    ["1e3", 3, undefined],
    [".5", 3, undefined],
    ["12,5", 3, undefined],
  ];
  for (const [text, places, value] of cases) assert.equal(scaleDecimal(text, places), value, text);
});

Deno.test("scaleDecimal() gives back every watt-hour of a display with three decimals", () => {
  for (let wh = 999_000_000; wh < 999_005_000; wh++) {
    const digits = String(wh).padStart(9, "0");
    assert.equal(scaleDecimal(`${digits.slice(0, 6)}.${digits.slice(6)}`, 3), wh);
  }
});

Deno.test("registersToSend() takes energies, powers and the error register of the present", () => {
  const block = [
    "F.F(0000001C)",
    "0.0.0(C-1)",
    "1.8.0(001234.567*kWh)",
    "1.8.0*01(001000.000*kWh)",
    "1.8.0(001234.567*kWh)",
    "3.8.0(000001.5*kvarh)",
    "1.7.0(0.25*kW)",
    "32.7.0(230.1*V)",
    "C.1.0(12345)",
  ].join("\r\n");
  const registers = registersToSend(readoutOf("/SAM5", block, "bcc"), 42);
  assert.deepEqual(registers, [
    { obis: "0-0:97.97.0", value: 0x1c, unit: "", read_at_ms: 42 },
    { obis: "1-0:1.8.0", value: 1_234_567, unit: "Wh", read_at_ms: 42 },
    { obis: "1-0:3.8.0", value: 1_500, unit: "varh", read_at_ms: 42 },
    { obis: "1-0:1.7.0", value: 250, unit: "W", read_at_ms: 42 },
  ]);
  assert.equal(hasEnergy(registers), true);
  assert.equal(hasEnergy(registersToSend(readoutOf("/X", "F.F(00)", "bcc"), 42)), false);
});

Deno.test("registersToSend() sends the consumer number behind the others, where it is a number", () => {
  const of = (consumer: string) =>
    registersToSend(readoutOf("/X", `0.0.0(${consumer})\r\n1.8.0(1*kWh)`, "bcc"), 42)
      .slice(1).map(({ obis, value, unit }) => [obis, value, unit]);
  assert.deepEqual(of("170012340001"), [["1-0:0.0.0", 170_012_340_001, ""]]);
  assert.deepEqual(of("C-1"), []);
  assert.deepEqual(of("1234567890123456"), [], "it would not be exact");
});

Deno.test("registersToSend() stops at 64 registers", () => {
  const energies = Array.from({ length: 90 }, (_, i) => `1-0:1.8.${i}(1*kWh)`);
  const registers = registersToSend(
    readoutOf("/X", ["0.0.0(17)", ...energies].join("\r\n"), "bcc"),
    1,
  );
  assert.equal(registers.length, 64);
  assert.ok(registers.every(({ unit }) => unit === "Wh"));
});
