import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { concat, fromHex, toHex } from "../../../protocol/bytes.ts";
import { encodeHeader, parseFrame } from "../../../protocol/tves/frame.ts";
import { blindGcm, hintedChaCha } from "./vectors.ts";

function reasonOf(bytes: Uint8Array): string {
  const result = parseFrame(bytes);
  return result.ok ? "ok" : result.reason;
}

function changed(hex: string, index: number, value: number): Uint8Array {
  const bytes = fromHex(hex);
  bytes[index] = value;
  return bytes;
}

Deno.test("parseFrame() splits a frame into its fields", () => {
  const result = parseFrame(fromHex(hintedChaCha.frame));
  ok(result.ok);
  const { header, commitment, sealed, ...fields } = result.frame;
  deepStrictEqual(fields, {
    suite: 3,
    hint: hintedChaCha.t % 256,
    clockQuality: 1,
    alias: hintedChaCha.alias,
    generation: 2,
    boot: 2191,
    sequence: 15205,
  });
  strictEqual(toHex(concat(header, commitment, sealed)), hintedChaCha.frame);
});

Deno.test("parseFrame() says wrong_length when bytes are missing or too many", () => {
  const frame = fromHex(blindGcm.frame);
  for (const length of [0, 1, 15, 47, 48, frame.length - 1]) {
    strictEqual(reasonOf(frame.subarray(0, length)), "wrong_length", `${length} bytes`);
  }
  strictEqual(reasonOf(concat(frame, Uint8Array.of(0))), "wrong_length");
  strictEqual(reasonOf(changed(blindGcm.frame, 3, 0x25)), "wrong_length");
});

Deno.test("parseFrame() says unknown_version when the version is not 2", () => {
  for (let version = 0; version < 16; version++) {
    const expected = version === 2 ? "ok" : "unknown_version";
    strictEqual(reasonOf(changed(blindGcm.frame, 0, version << 4 | 1)), expected);
  }
});

Deno.test("parseFrame() says unknown_suite for every suite but 1, 2 and 3", () => {
  for (let suite = 0; suite < 16; suite++) {
    const expected = suite >= 1 && suite <= 3 ? "ok" : "unknown_suite";
    strictEqual(reasonOf(changed(blindGcm.frame, 0, 0x20 | suite)), expected, `suite ${suite}`);
  }
});

Deno.test("parseFrame() says unknown_flags when a reserved flag is set", () => {
  for (let bit = 3; bit < 8; bit++) {
    strictEqual(reasonOf(changed(blindGcm.frame, 1, 1 << bit)), "unknown_flags", `bit ${bit}`);
  }
  for (const quality of [0, 1, 2, 3]) {
    strictEqual(reasonOf(changed(blindGcm.frame, 1, quality << 1)), "ok");
  }
});

Deno.test("parseFrame() says unknown_flags when a hint stands in a frame without its flag", () => {
  strictEqual(reasonOf(changed(blindGcm.frame, 9, 1)), "unknown_flags");
});

Deno.test("parseFrame() gives back what encodeHeader() was given", () => {
  const header = fc.record({
    suite: fc.constantFrom(1 as const, 2 as const, 3 as const),
    hint: fc.option(fc.nat(255), { nil: undefined }),
    clockQuality: fc.constantFrom(0 as const, 1 as const, 2 as const, 3 as const),
    alias: fc.nat(0xffff_ffff),
    generation: fc.nat(255),
    boot: fc.nat(0xffff),
    sequence: fc.integer({ min: 1, max: 0xffff_ffff }),
  }, { noNullPrototype: true });
  fc.assert(fc.property(header, fc.nat(300), (fields, length) => {
    const result = parseFrame(concat(encodeHeader(fields, length), new Uint8Array(length + 32)));
    ok(result.ok);
    const { header: _header, commitment: _commitment, sealed, ...back } = result.frame;
    deepStrictEqual(back, fields);
    strictEqual(sealed.length, length + 16);
  }));
});

Deno.test("parseFrame() never throws, whatever the bytes", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    parseFrame(bytes);
    const start = concat(Uint8Array.of(0x21, 0, 0, bytes.length), bytes, new Uint8Array(44));
    parseFrame(start);
  }));
});
