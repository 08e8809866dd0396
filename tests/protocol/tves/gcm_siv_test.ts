import { strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { fromHex, toHex } from "../../../protocol/bytes.ts";
import { suites } from "../../../protocol/tves/suites.ts";
import { placedAt } from "./engines.ts";
import { sealGcmSiv } from "./gcm_siv.ts";

Deno.test("the plain twin of GCM-SIV agrees with RFC 8452 appendices C.2 and C.3", () => {
  const input = {
    key: fromHex("01".padEnd(64, "0")),
    nonce: fromHex("03".padEnd(24, "0")),
    aad: fromHex("01"),
  };
  strictEqual(
    toHex(sealGcmSiv(input, fromHex("0200000000000000"))),
    "1de22967237a813291213f267e3b452f02d01ae33e4ec854",
  );
  const zero = { key: new Uint8Array(32), nonce: new Uint8Array(12), aad: new Uint8Array() };
  strictEqual(
    toHex(
      sealGcmSiv(zero, fromHex("000000000000000000000000000000004db923dc793ee6497c76dcc03a98e108")),
    ),
    "f3f80f2cf0cb2dd9c5984fcda908456cc537703b5ba70324a6793a7bf218d3eaffffffff000000000000000000000000",
  );
});

Deno.test("suite 2 agrees with its plain twin, byte for byte, at every length and offset", () => {
  const bytes = (minLength: number, maxLength = minLength) =>
    fc.uint8Array({ minLength, maxLength });
  const message = fc.record({ key: bytes(32), nonce: bytes(12), aad: bytes(0, 70) });
  let length = 0;
  fc.assert(
    fc.property(message, bytes(300), fc.nat(9), ({ key, nonce, aad }, pool, offset) => {
      const plaintext = placedAt(offset, pool.subarray(0, length++ % 301));
      const input = {
        key: placedAt(offset + 1, key),
        nonce: placedAt(offset + 2, nonce),
        aad: placedAt(offset + 3, aad),
      };
      const sealed = suites[2].seal(input, plaintext);
      strictEqual(toHex(sealed), toHex(sealGcmSiv(input, plaintext)));
      strictEqual(toHex(suites[2].open(input, placedAt(offset, sealed))!), toHex(plaintext));
    }),
    { numRuns: 301, seed: 6 },
  );
});
