import { ok, strictEqual, throws } from "node:assert/strict";
import { fromHex, toHex } from "../../../protocol/bytes.ts";
import {
  type Aead,
  aes256gcm,
  chacha20Poly1305,
  hkdfExpand,
  hkdfExtract,
} from "../../../protocol/tves/primitives.ts";
import { sharedData } from "./vectors.ts";

interface AeadCase {
  readonly tcId: number;
  readonly key: string;
  readonly iv: string;
  readonly aad: string;
  readonly msg: string;
  readonly ct: string;
  readonly tag: string;
  readonly result: "valid" | "invalid" | "acceptable";
}

interface HkdfCase {
  readonly tcId: number;
  readonly ikm: string;
  readonly salt: string;
  readonly info: string;
  readonly size: number;
  readonly okm: string;
  readonly result: "valid" | "invalid";
}

interface Wycheproof<T> {
  readonly testGroups: readonly {
    readonly keySize: number;
    readonly ivSize?: number;
    readonly tagSize?: number;
    readonly tests: readonly T[];
  }[];
}

function assertAead(aead: Aead, test: AeadCase): void {
  const input = { key: fromHex(test.key), nonce: fromHex(test.iv), aad: fromHex(test.aad) };
  const opened = aead.open(input, fromHex(test.ct + test.tag));
  if (test.result !== "valid") return strictEqual(opened, undefined, `case ${test.tcId}`);
  strictEqual(opened && toHex(opened), test.msg, `case ${test.tcId}`);
  strictEqual(toHex(aead.seal(input, fromHex(test.msg))), test.ct + test.tag, `case ${test.tcId}`);
}

function runWycheproof(name: string, aead: Aead, least: number): void {
  const data = sharedData(`wycheproof/${name}`) as Wycheproof<AeadCase> | undefined;
  if (data === undefined) return;
  const tests = data.testGroups
    .filter(({ keySize, ivSize, tagSize }) => keySize === 256 && ivSize === 96 && tagSize === 128)
    .flatMap(({ tests }) => tests);
  ok(tests.length >= least, `${tests.length} cases`);
  for (const test of tests) assertAead(aead, test);
}

Deno.test("aes256gcm agrees with Wycheproof, good and bad", () => {
  runWycheproof("aes_gcm_test.json", aes256gcm, 60);
});

Deno.test("chacha20Poly1305 agrees with Wycheproof, good and bad", () => {
  runWycheproof("chacha20_poly1305_test.json", chacha20Poly1305, 250);
});

Deno.test("HKDF agrees with Wycheproof, good and bad", () => {
  const data = sharedData("wycheproof/hkdf_sha256_test.json") as Wycheproof<HkdfCase> | undefined;
  if (data === undefined) return;
  for (const { tests } of data.testGroups) {
    for (const test of tests) {
      const prk = hkdfExtract(fromHex(test.salt), fromHex(test.ikm));
      const derive = () => hkdfExpand(prk, [fromHex(test.info)], test.size);
      if (test.result === "valid") strictEqual(toHex(derive()), test.okm, `case ${test.tcId}`);
      else throws(derive, RangeError);
    }
  }
});

Deno.test("HKDF agrees with RFC 5869 appendix A.1", () => {
  const prk = hkdfExtract(fromHex("000102030405060708090a0b0c"), new Uint8Array(22).fill(0x0b));
  strictEqual(toHex(prk), "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
  strictEqual(
    toHex(hkdfExpand(prk, [fromHex("f0f1f2f3f4f5f6f7f8f9")], 42)),
    "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
  );
});

Deno.test("chacha20Poly1305 agrees with RFC 8439 section 2.8.2", () => {
  assertAead(chacha20Poly1305, {
    tcId: 0,
    key: "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
    iv: "070000004041424344454647",
    aad: "50515253c0c1c2c3c4c5c6c7",
    msg: "4c616469657320616e642047656e746c656d656e206f662074686520636c617373206f66202739393a2049" +
      "66204920636f756c64206f6666657220796f75206f6e6c79206f6e652074697020666f7220746865206675" +
      "747572652c2073756e73637265656e20776f756c642062652069742e",
    ct: "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb" +
      "69da92728b1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad6" +
      "75945585808b4831d7bc3ff4def08e4b7a9de576d26586cec64b6116",
    tag: "1ae10b594f09e26a7e902ecbd0600691",
    result: "valid",
  });
});

Deno.test("aes256gcm agrees with test case 14 of the GCM submission to NIST", () => {
  assertAead(aes256gcm, {
    tcId: 0,
    key: "00".repeat(32),
    iv: "00".repeat(12),
    aad: "",
    msg: "00".repeat(16),
    ct: "cea7403d4d606b6e074ec5d3baf39d18",
    tag: "d0d1c8a799996bf0265b98b5d48ab919",
    result: "valid",
  });
});

Deno.test("an AEAD tells a wrong length from a wrong tag", () => {
  const input = { key: new Uint8Array(32), nonce: new Uint8Array(12), aad: new Uint8Array() };
  for (const aead of [aes256gcm, chacha20Poly1305]) {
    strictEqual(aead.open(input, new Uint8Array(15)), undefined);
    strictEqual(aead.open(input, new Uint8Array(16)), undefined);
    throws(() => aead.open({ ...input, key: new Uint8Array(16) }, new Uint8Array(16)), RangeError);
    throws(() => aead.seal({ ...input, nonce: new Uint8Array(8) }, new Uint8Array(1)), RangeError);
  }
});
