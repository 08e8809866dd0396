import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { concat, equalConstantTime, fromHex, toHex, utf8 } from "../../protocol/bytes.ts";

Deno.test("toHex() and fromHex() undo each other", () => {
  strictEqual(toHex(Uint8Array.of(0, 1, 0x7f, 0x80, 0xff)), "00017f80ff");
  deepStrictEqual(fromHex("00017F80fF"), Uint8Array.of(0, 1, 0x7f, 0x80, 0xff));
  strictEqual(fromHex("").length, 0);
  fc.assert(fc.property(fc.uint8Array(), (bytes) => deepStrictEqual(fromHex(toHex(bytes)), bytes)));
});

Deno.test("fromHex() throws when the text is not whole bytes of hex", () => {
  for (const bad of ["0", "0g", "0x00", " 00", "00 ", "00\n", "é0"]) {
    throws(() => fromHex(bad), SyntaxError, JSON.stringify(bad));
  }
});

Deno.test("concat() puts the parts one after the other in a new array", () => {
  const first = Uint8Array.of(1, 2);
  const whole = concat(first, new Uint8Array(), Uint8Array.of(3));
  deepStrictEqual(whole, Uint8Array.of(1, 2, 3));
  whole[0] = 9;
  strictEqual(first[0], 1);
  strictEqual(concat().length, 0);
});

Deno.test("equalConstantTime() tells equal from different in every byte and length", () => {
  const bytes = Uint8Array.from({ length: 16 }, (_, i) => i);
  strictEqual(equalConstantTime(bytes, bytes.slice()), true);
  for (let i = 0; i < bytes.length; i++) {
    const other = bytes.slice();
    other[i]! ^= 0x80;
    strictEqual(equalConstantTime(bytes, other), false);
  }
  strictEqual(equalConstantTime(bytes, bytes.subarray(1)), false);
  strictEqual(equalConstantTime(new Uint8Array(), new Uint8Array()), true);
});

Deno.test("utf8() gives the bytes of text in any script", () => {
  strictEqual(toHex(utf8("samay")), "73616d6179");
  strictEqual(toHex(utf8("समय")), "e0a4b8e0a4aee0a4af");
});
