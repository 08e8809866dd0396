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

Deno.test("parseFrame() says unknown_suite for every suite but 1 and 3", () => {
  for (let suite = 0; suite < 16; suite++) {
    const expected = suite === 1 || suite === 3 ? "ok" : "unknown_suite";
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

Deno.test("parseFrame() never throws, whatever the bytes", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    const result = parseFrame(bytes);
    if (!result.ok) return;
    const { frame } = result;
    deepStrictEqual(encodeHeader(frame, frame.sealed.length - 16), frame.header);
  }));
});
