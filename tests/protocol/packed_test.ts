import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { Packer, Unpacker } from "../../protocol/packed.ts";

const value = fc.oneof(
  fc.record({ as: fc.constant("uint" as const), value: fc.maxSafeNat() }),
  fc.record({ as: fc.constant("int" as const), value: fc.maxSafeInteger() }),
  fc.record({
    as: fc.constant("float" as const),
    value: fc.double({ noNaN: true, noDefaultInfinity: true }),
  }),
  fc.record({ as: fc.constant("text" as const), value: fc.string({ unit: "grapheme" }) }),
);

Deno.test("Unpacker gives back what Packer took, to the last bit, and one packer serves many", () => {
  const packer = new Packer();
  fc.assert(
    fc.property(fc.array(value, { maxLength: 200 }), (values) => {
      for (const each of values) {
        if (each.as === "text") packer.text(each.value);
        else packer[each.as](each.value);
      }
      const text = packer.done();
      strictEqual([...text].every((character) => character.charCodeAt(0) <= 0xff), true);
      const packed = new Unpacker(text);
      for (const { as, value } of values) {
        const back = packed[as]();
        strictEqual(Object.is(back, value) || (as === "int" && back === value), true, `${value}`);
      }
      packed.end();
    }),
    { seed: 1, numRuns: 200 },
  );
});

Deno.test("Packer keeps bytes as they are, also where they are many", () => {
  const bytes = Uint8Array.from({ length: 10_000 }, (_, i) => i % 251);
  const packed = new Unpacker(new Packer().bytes(bytes).done());
  deepStrictEqual(packed.bytes(10_000), bytes);
});

Deno.test("Unpacker throws RangeError at what is cut off, no byte, too large or left over", () => {
  throws(() => new Unpacker("").uint(), RangeError);
  throws(() => new Unpacker("\x80").uint(), RangeError);
  throws(() => new Unpacker("\u0905").byte(), RangeError);
  throws(() => new Unpacker("\x05ab").text(), RangeError);
  throws(() => new Unpacker("ab").bytes(3), RangeError);
  throws(() => new Unpacker("\xff".repeat(20)).uint(), RangeError);
  throws(() => new Unpacker("\xff".repeat(20)).int(), RangeError);
  throws(() => new Unpacker(new Packer().float(NaN).done()).float(), RangeError);
  throws(() => new Unpacker("a").end(), RangeError);
});

Deno.test("Packer takes no number that it could not give back", () => {
  for (const value of [-1, 0.5, NaN, 2 ** 53]) throws(() => new Packer().uint(value), RangeError);
  for (const value of [0.5, Infinity, -(2 ** 53)]) {
    throws(() => new Packer().int(value), RangeError);
  }
});
