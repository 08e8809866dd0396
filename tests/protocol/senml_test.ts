import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { concat, fromHex, toHex, utf8 } from "../../protocol/bytes.ts";
import { decodeCbor, encodeCbor } from "../../protocol/cbor.ts";
import { decodePack, encodePack, type Pack, PACK_LENGTH_MAX } from "../../protocol/senml.ts";
import { recordsOf } from "../../protocol/senml_records.ts";

const sealedAt_ms = 1_777_352_968_123;
const pack: Pack = {
  meterId: "MH00113978",
  sealedAt_ms,
  registers: [
    { obis: "1-0:1.8.0", unit: "Wh", value: 12_345_678, read_at_ms: sealedAt_ms },
    { obis: "1-0:3.8.0", unit: "varh", value: -12, read_at_ms: sealedAt_ms - 1_123 },
    { obis: "1-0:0.2.0", unit: "", value: 7, read_at_ms: 0 },
  ],
};

const anyRegister = (before_ms: number) =>
  fc.record({
    obis: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9:./_-]{0,31}$/),
    unit: fc.stringMatching(/^[A-Za-z0-9%/]{0,16}$/),
    value: fc.maxSafeInteger().map((value) => value + 0),
    read_at_ms: fc.integer({ min: 0, max: before_ms }),
  }, { noNullPrototype: true });

const anyPack = fc.maxSafeNat().chain((seed) => {
  const at_ms = seed % 253_402_300_799_999;
  return fc.record({
    meterId: fc.stringMatching(/^[A-Za-z0-9_-]{1,32}$/),
    sealedAt_ms: fc.constant(at_ms),
    registers: fc.array(anyRegister(at_ms), { minLength: 1, maxLength: 64 }),
  }, { noNullPrototype: true });
});

Deno.test("encodePack() writes the integer labels and the floats of RFC 8428", () => {
  const small = { ...pack, meterId: "M1", registers: [pack.registers[1]!] };
  // One array of one map: n, u, v, t, bn, bt in the order of deterministic CBOR.
  strictEqual(
    toHex(encodePack(small)),
    "81" + "a6" + "0069312d303a332e382e30" + "016476617268" + "022b" + "06fbbff1f7ced916872b" +
      "21634d313a" + "22fb41da7c104207df3b",
  );
});

Deno.test("decodePack() gives back what encodePack() was given", () => {
  deepStrictEqual(decodePack(encodePack(pack)), pack);
  fc.assert(fc.property(anyPack, (any) => deepStrictEqual(decodePack(encodePack(any)), any)));
});

Deno.test("decodePack() keeps read_at_ms to the millisecond however often it is sealed again", () => {
  const instant = fc.integer({ min: 0, max: 4_102_444_800_000 });
  const delays = fc.array(fc.integer({ min: 0, max: 40 * 86_400_000 }), { minLength: 1 });
  fc.assert(fc.property(instant, delays, (read_at_ms, delays_ms) => {
    let register = { ...pack.registers[0]!, read_at_ms };
    let sealing_ms = read_at_ms;
    for (const delay_ms of delays_ms) {
      sealing_ms += delay_ms;
      const bytes = encodePack({ ...pack, sealedAt_ms: sealing_ms, registers: [register] });
      register = decodePack(bytes)!.registers[0]!;
      strictEqual(register.read_at_ms, read_at_ms);
    }
  }));
});

Deno.test("encodePack() fits the largest pack into what decodePack() reads", () => {
  const registers = Array.from({ length: 64 }, () => ({
    obis: "9".repeat(32),
    unit: "W".repeat(16),
    value: Number.MIN_SAFE_INTEGER,
    read_at_ms: 1,
  }));
  const largest = { meterId: "M".repeat(32), sealedAt_ms, registers };
  const bytes = encodePack(largest);
  ok(bytes.length <= PACK_LENGTH_MAX, `${bytes.length}`);
  deepStrictEqual(decodePack(bytes), largest);
});

Deno.test("encodePack() names the field when it does not fit a pack", () => {
  const one = pack.registers[0]!;
  const bad: [Partial<Pack>, RegExp][] = [
    [{ meterId: "" }, /meter's name/],
    [{ meterId: "a.b" }, /meter's name/],
    [{ sealedAt_ms: 1.5 }, /sealedAt_ms/],
    [{ sealedAt_ms: -1 }, /sealedAt_ms/],
    [{ registers: [] }, /1 to 64 registers/],
    [{ registers: Array(65).fill(one) }, /1 to 64 registers/],
    [{ registers: [{ ...one, obis: "" }] }, /SenML allows/],
    [{ registers: [{ ...one, obis: "1-0:1.8.0*255" }] }, /SenML allows/],
    [{ registers: [{ ...one, unit: "W".repeat(17) }] }, /Not a unit/],
    [{ registers: [{ ...one, value: 0.5 }] }, /whole number/],
    [{ registers: [{ ...one, value: 2 ** 53 }] }, /whole number/],
    [{ registers: [{ ...one, read_at_ms: 0.5 }] }, /read_at_ms of 1-0:1.8.0/],
    [{ registers: [{ ...one, read_at_ms: sealedAt_ms + 1 }] }, /read after it is sealed/],
  ];
  for (const [change, message] of bad) throws(() => encodePack({ ...pack, ...change }), message);
});

Deno.test("decodePack() gives undefined for what is no pack of ours", () => {
  const good: [number, unknown][] = [[-2, "M1:"], [-3, 1000.5], [0, "1-0:1.8.0"], [2, 5]];
  const encode = (...records: unknown[]) => encodeCbor(records);
  const change = (...entries: [unknown, unknown][]) => encode(new Map([...good, ...entries]));
  ok(decodePack(encode(new Map(good))) !== undefined);
  const bad: [string, Uint8Array][] = [
    ["empty array", encode()],
    ["no array", encodeCbor(new Map(good))],
    ["a number", encodeCbor(5)],
    ["no map", encode(1)],
    ["no base name", encode(new Map(good.slice(1)))],
    ["no base time", encode(new Map(good.filter(([label]) => label !== -3)))],
    ["no name", encode(new Map(good.filter(([label]) => label !== 0)))],
    ["no value", encode(new Map(good.filter(([label]) => label !== 2)))],
    ["base name without its colon", change([-2, "M1"])],
    ["base name that is no identifier", change([-2, "M 1:"])],
    ["base time is text", change([-3, "1000"])],
    ["base time before the epoch", change([-3, -1])],
    ["base time beyond all time", change([-3, 1e300])],
    ["value with a fraction", change([2, 5.5])],
    ["value too large", change([2, 2n ** 60n])],
    ["value is text", change([2, "5"])],
    ["unit is a number", change([1, 5])],
    ["unit too long", change([1, "W".repeat(17)])],
    ["unit of control characters", change([1, "\u0000"])],
    ["name that SenML does not allow", change([0, "a b"])],
    ["name too long", change([0, "9".repeat(33)])],
    ["time after the sealing", change([6, 0.001])],
    ["time before the epoch", change([6, -1001])],
    ["a base value", change([-5, 1])],
    ["a text label", change(["x", 1])],
    ["base name in the second record", encode(new Map(good), new Map(good))],
    ["65 records", encode(new Map(good), ...Array(64).fill(new Map(good.slice(2))))],
    ["bytes behind the pack", concat(encode(new Map(good)), Uint8Array.of(0))],
    ["a key twice", fromHex("81a5" + "21634d313a" + "2201" + "006161" + "0205" + "0206")],
    ["cut short", encode(new Map(good)).subarray(0, -1)],
    ["nothing", new Uint8Array()],
    ["an array without its content", fromHex("9bffffffffffffffff")],
    ["a huge array", fromHex("9affffffff" + "00")],
    ["text of 4 GB", fromHex("7affffffff")],
    ["nested without end", new Uint8Array(PACK_LENGTH_MAX).fill(0x81)],
    ["tags without end", new Uint8Array(PACK_LENGTH_MAX).fill(0xc1)],
    ["more bytes than a pack has", new Uint8Array(PACK_LENGTH_MAX + 1).fill(0x81)],
  ];
  for (const [name, bytes] of bad) strictEqual(decodePack(bytes), undefined, name);
});

Deno.test("decodePack() gives undefined when a pack is padded beyond its largest size", () => {
  // Every label and length in nine bytes, which CBOR allows and no sealing side of ours does.
  const long = (major: string, n: number) => fromHex(major + n.toString(16).padStart(16, "0"));
  const text = (value: string) => concat(long("7b", utf8(value).length), utf8(value));
  const register = concat(
    ...[long("1b", 0), text("9".repeat(32)), long("1b", 1), text("W".repeat(16))],
    ...[long("1b", 2), long("1b", 5), long("1b", 6), long("1b", 0)],
  );
  const base = concat(long("3b", 1), text("M1:"), long("3b", 2), long("1b", 1_000));
  const first = concat(long("bb", 6), base, register);
  const packOf = (rest: number) =>
    concat(
      long("9b", rest + 1),
      first,
      ...Array<Uint8Array>(rest).fill(concat(long("bb", 4), register)),
    );
  strictEqual(decodePack(packOf(9))?.registers.length, 10);
  ok(packOf(63).length > PACK_LENGTH_MAX);
  strictEqual(decodePack(packOf(63)), undefined);
});

Deno.test("decodePack() and recordsOf() never throw, whatever the bytes", () => {
  const good = encodePack(pack);
  const flipped = fc.tuple(fc.nat(good.length - 1), fc.nat(255)).map(([index, value]) => {
    const bytes = good.slice();
    bytes[index] = value;
    return bytes;
  });
  const random = fc.uint8Array({ maxLength: 300 });
  fc.assert(
    fc.property(fc.oneof(flipped, random), (bytes) => {
      const decoded = decodePack(bytes);
      // Whatever is taken for a pack can be written as one again.
      if (decoded !== undefined) deepStrictEqual(decodePack(encodePack(decoded)), decoded);
      const records = recordsOf(bytes);
      if (records !== null) JSON.stringify(records);
      if (decoded !== undefined) ok(records !== null);
    }),
    { numRuns: 3_000 },
  );
});

Deno.test("decodeCbor() refuses more structure than it has room for", () => {
  ok(decodeCbor(concat(Uint8Array.of(0x99, 0x03, 0xff), new Uint8Array(1_023).fill(0x80))));
  const more = concat(Uint8Array.of(0x99, 0x04, 0x00), new Uint8Array(1_024).fill(0x80));
  strictEqual(decodeCbor(more), undefined);
});

Deno.test("recordsOf() gives the records with their labels in text", () => {
  deepStrictEqual(recordsOf(encodePack(pack)), [
    { bn: "MH00113978:", bt: 1777352968.123, n: "1-0:1.8.0", u: "Wh", v: 12_345_678, t: 0 },
    { n: "1-0:3.8.0", u: "varh", v: -12, t: -1.123 },
    { n: "1-0:0.2.0", v: 7, t: -1777352968.123 },
  ]);
});

Deno.test("recordsOf() reads the CBOR example of RFC 8428 section 6", () => {
  const example = fromHex(
    "87a721781b75726e3a6465763a6f773a3130653230373361303130383030363a22fb41d303a15b00106223614120" +
      "050067766f6c7461676501615602fb405e066666666666a3006763757272656e74062402fb3ff3333333333333" +
      "a3006763757272656e74062302fb3ff4cccccccccccda3006763757272656e74062202fb3ff6666666666666a3" +
      "006763757272656e74062102f93e00a3006763757272656e74062002fb3ff999999999999aa300676375727265" +
      "6e74060002fb3ffb333333333333",
  );
  const records = recordsOf(example)!;
  strictEqual(records.length, 7);
  deepStrictEqual(records[0], {
    bn: "urn:dev:ow:10e2073a0108006:",
    bt: 1276020076.001,
    bu: "A",
    bver: 5,
    n: "voltage",
    u: "V",
    v: 120.1,
  });
  deepStrictEqual(records[6], { n: "current", t: 0, v: 1.7 });
});

Deno.test("recordsOf() gives null for what is no SenML pack", () => {
  const bad: [string, unknown][] = [
    ["a map", new Map([[0, "a"]])],
    ["no records", []],
    ["numbers", [1, 2]],
    ["no name", [new Map([[2, 5]])]],
    ["a name with a blank", [new Map<number, unknown>([[0, "a b"], [2, 5]])]],
    ["a value that is text", [new Map<number, unknown>([[0, "a"], [2, "5"]])]],
    ["an integer that JSON cannot hold", [new Map<number, unknown>([[0, "a"], [2, 2n ** 60n]])]],
    ["a field that must be understood", [new Map<unknown, unknown>([[0, "a"], ["x_", 5]])]],
  ];
  for (const [name, value] of bad) strictEqual(recordsOf(encodeCbor(value)), null, name);
});

Deno.test("recordsOf() gives every kind of value and passes over fields it does not know", () => {
  const record = new Map<unknown, unknown>([
    [0, "a"],
    [3, "on"],
    [4, true],
    [5, 1.5],
    [7, 60],
    [
      8,
      Uint8Array.of(251, 255),
    ],
    [99, 1],
    ["note", "x"],
  ]);
  deepStrictEqual(recordsOf(encodeCbor([record])), [
    { n: "a", vs: "on", vb: true, s: 1.5, ut: 60, vd: "-_8" },
  ]);
});
