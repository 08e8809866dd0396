import assert from "node:assert/strict";
import fc from "fast-check";
import { parseDataSets } from "../../../protocol/iec62056/data_sets.ts";
import { readoutOf } from "../../../protocol/iec62056/readout.ts";

const read = (block: string) => readoutOf("/TST5x", block, "none");
const one = (block: string) => read(block).registers[0]!;

Deno.test("parseDataSets() takes several sets on a line and values on the next line", () => {
  assert.deepEqual(parseDataSets("1.8.0(1*kWh)2.8.0(2)\r\n(3)(4*m3)\r\nF.F(00)"), [
    { code: "1.8.0", values: [{ text: "1", unit: "kWh" }] },
    {
      code: "2.8.0",
      values: [{ text: "2", unit: null }, { text: "3", unit: null }, { text: "4", unit: "m3" }],
    },
    { code: "F.F", values: [{ text: "00", unit: null }] },
  ]);
});

Deno.test("parseDataSets() says where a block is no list of data sets", () => {
  for (
    const block of ["1.8.0", "1.8.0(1", "1.8.0)1(", "(1)", "1.8.0(1(2)", "1.8.0(1)rest", "\x06a(1)"]
  ) {
    assert.throws(() => parseDataSets(block), /no "name\(value\)" at character \d+/, block);
  }
});

Deno.test("parseDataSets() refuses a block with more values than its limit", () => {
  assert.throws(() => parseDataSets("1.8.0" + "(1)".repeat(20_001)), /more than 20000 values/);
  assert.throws(() => parseDataSets("1".repeat(33) + "(1)"), SyntaxError);
});

Deno.test("parseDataSets() returns or throws SyntaxError whatever the text", () => {
  fc.assert(fc.property(fc.string({ unit: "binary-ascii" }), (text) => {
    try {
      parseDataSets(text);
    } catch (error) {
      assert(error instanceof SyntaxError);
    }
  }));
});

Deno.test("readoutOf() keeps the exact digits beside the number", () => {
  assert.deepEqual(one("1.8.0(000285.400*kWh)"), {
    obis: "1-0:1.8.0",
    code: "1.8.0",
    value: 285.4,
    unit: "kWh",
    text: "000285.400",
  });
});

Deno.test("readoutOf() gives text when there is no unit: identifiers keep their zeros", () => {
  assert.equal(one("C.1.0(0012)").value, "0012");
  assert.equal(one("F.F(00000000)").value, "00000000");
  assert.equal(one("0.0.0()").value, "");
  assert.equal(one("1.8.0(------*kWh)").value, "------");
});

Deno.test("readoutOf() finds the consumer number, or null", () => {
  assert.equal(read("0.0.0(170000000007)").consumerNumber, "170000000007");
  assert.equal(read("1-0:0.0.0*255(17)").consumerNumber, "17");
  assert.equal(read("0.0.0()").consumerNumber, null);
  assert.equal(read("1.8.0(1*kWh)").consumerNumber, null);
});

Deno.test("readoutOf() takes the quantity of a pair and keeps its time stamp", () => {
  for (const block of ["1.6.0(0.12*kW)(2401010000)", "1.6.0(2401010000)(0.12*kW)"]) {
    const register = one(block);
    assert.deepEqual([register.value, register.unit], [0.12, "kW"]);
    assert.equal(register.values?.length, 2);
  }
});

Deno.test("readoutOf() splits values joined by & as heat meters send them", () => {
  const register = one("9.4(088*C&082*C)");
  assert.deepEqual([register.value, register.unit, register.values], [88, "C", [
    { text: "088", unit: "C" },
    { text: "082", unit: "C" },
  ]]);
});

Deno.test("readoutOf() leaves the names of a heat meter alone", () => {
  const names = read("6.8(29.0*MWh)6.8.1()0.0(123)").registers.map(({ obis }) => obis);
  assert.deepEqual(names, ["6.8", "6.8.1", "0.0"]);
});

Deno.test("readoutOf() finds the gas meter in a one-row profile of DSMR 2.2", () => {
  const block = "0-1:24.3.0(161107190000)(00)(60)(1)(0-1:24.2.1)(m3)\r\n(00001.001)\r\n";
  assert.deepEqual(read(block).registers[1], {
    obis: "0-1:24.2.1",
    code: "0-1:24.2.1",
    value: 1.001,
    unit: "m3",
    text: "00001.001",
  });
});
