import { ok, strictEqual, throws } from "node:assert/strict";
import { fromHex, toHex } from "../../../protocol/bytes.ts";
import { type Aead, hkdfExpand, hkdfExtract } from "../../../protocol/tves/primitives.ts";
import { suites } from "../../../protocol/tves/suites.ts";
import { withEachEngine } from "./engines.ts";
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
  withEachEngine(() => {
    for (const test of tests) assertAead(aead, test);
  });
}

function assertKnown(aead: Aead, test: Omit<AeadCase, "tcId" | "result">): void {
  withEachEngine(() => assertAead(aead, { ...test, tcId: 0, result: "valid" }));
}

Deno.test("suite 1 agrees with Wycheproof's AES-GCM on every engine, good and bad", () => {
  runWycheproof("aes_gcm_test.json", suites[1], 60);
});

Deno.test("suite 2 agrees with Wycheproof's AES-GCM-SIV on every engine, good and bad", () => {
  runWycheproof("aes_gcm_siv_test.json", suites[2], 90);
});

Deno.test("suite 3 agrees with Wycheproof's ChaCha20-Poly1305 on every engine, good and bad", () => {
  runWycheproof("chacha20_poly1305_test.json", suites[3], 250);
});

Deno.test("HKDF agrees with Wycheproof on every engine, good and bad", () => {
  const data = sharedData("wycheproof/hkdf_sha256_test.json") as Wycheproof<HkdfCase> | undefined;
  if (data === undefined) return;
  const tests = data.testGroups.flatMap(({ tests }) => tests);
  ok(tests.length >= 80, `${tests.length} cases`);
  withEachEngine(() => {
    for (const test of tests) {
      const prk = hkdfExtract(fromHex(test.salt), fromHex(test.ikm));
      const derive = () => hkdfExpand(prk, [fromHex(test.info)], test.size);
      if (test.result === "valid") strictEqual(toHex(derive()), test.okm, `case ${test.tcId}`);
      else throws(derive, RangeError);
    }
  });
});

/** RFC 5869 appendix A: the first, the second (long, 82 bytes) and the third (nothing but a key). */
const HKDF_KNOWN = [
  {
    ikm: "0b".repeat(22),
    salt: "000102030405060708090a0b0c",
    info: "f0f1f2f3f4f5f6f7f8f9",
    okm: "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
  },
  {
    ikm: hexRun(0x00, 80),
    salt: hexRun(0x60, 80),
    info: hexRun(0xb0, 80),
    okm: "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb" +
      "41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
  },
  {
    ikm: "0b".repeat(22),
    salt: "",
    info: "",
    okm: "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
  },
];

function hexRun(first: number, length: number): string {
  return toHex(Uint8Array.from({ length }, (_, i) => first + i));
}

Deno.test("HKDF agrees with RFC 5869 appendix A on every engine", () => {
  withEachEngine(() => {
    for (const { ikm, salt, info, okm } of HKDF_KNOWN) {
      const prk = hkdfExtract(fromHex(salt), fromHex(ikm));
      strictEqual(toHex(hkdfExpand(prk, [fromHex(info)], okm.length / 2)), okm);
      const [first, second] = [fromHex(info).subarray(0, 3), fromHex(info).subarray(3)];
      strictEqual(toHex(hkdfExpand(prk, [first, second], okm.length / 2)), okm, "info in parts");
    }
  });
});

Deno.test("hkdfExpand() gives 1 to 8160 bytes and says so", () => {
  const prk = new Uint8Array(32);
  const longest = hkdfExpand(prk, [], 8_160);
  for (const length of [1, 31, 32, 33, 48, 64, 65, 8_159]) {
    strictEqual(toHex(hkdfExpand(prk, [], length)), toHex(longest.subarray(0, length)));
  }
  for (const length of [0, -1, 8_161, NaN]) throws(() => hkdfExpand(prk, [], length), RangeError);
});

Deno.test("suite 3 agrees with RFC 8439 section 2.8.2 on every engine", () => {
  assertKnown(suites[3], {
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
  });
});

Deno.test("suite 1 agrees with test cases 13, 14 and 16 of the GCM submission to NIST", () => {
  const zero = { key: "00".repeat(32), iv: "00".repeat(12), aad: "" };
  assertKnown(suites[1], { ...zero, msg: "", ct: "", tag: "530f8afbc74536b9a963b4f1c4cb738b" });
  assertKnown(suites[1], {
    ...zero,
    msg: "00".repeat(16),
    ct: "cea7403d4d606b6e074ec5d3baf39d18",
    tag: "d0d1c8a799996bf0265b98b5d48ab919",
  });
  assertKnown(suites[1], {
    key: "feffe9928665731c6d6a8f9467308308".repeat(2),
    iv: "cafebabefacedbaddecaf888",
    aad: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
    msg: "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e" +
      "2449a6b525b16aedf5aa0de657ba637b39",
    ct: "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b" +
      "1056828838c5f61e6393ba7a0abcc9f662",
    tag: "76fc6ece0f4e1768cddf8853bb2d551b",
  });
});

Deno.test("suite 2 agrees with RFC 8452 appendices C.2 and C.3 on every engine", () => {
  const one = { key: "01".padEnd(64, "0"), iv: "03".padEnd(24, "0") };
  assertKnown(suites[2], {
    ...one,
    aad: "",
    msg: "",
    ct: "",
    tag: "07f5f4169bbf55a8400cd47ea6fd400f",
  });
  assertKnown(suites[2], {
    ...one,
    aad: "",
    msg: "0100000000000000",
    ct: "c2ef328e5c71c83b",
    tag: "843122130f7364b761e0b97427e3df28",
  });
  assertKnown(suites[2], {
    ...one,
    aad: "01",
    msg: "0200000000000000",
    ct: "1de22967237a8132",
    tag: "91213f267e3b452f02d01ae33e4ec854",
  });
  // C.3: the block counter wraps.
  assertKnown(suites[2], {
    key: "00".repeat(32),
    iv: "00".repeat(12),
    aad: "",
    msg: "000000000000000000000000000000004db923dc793ee6497c76dcc03a98e108",
    ct: "f3f80f2cf0cb2dd9c5984fcda908456cc537703b5ba70324a6793a7bf218d3ea",
    tag: "ffffffff000000000000000000000000",
  });
});

Deno.test("an AEAD tells a wrong length from a wrong tag on every engine", () => {
  const input = { key: new Uint8Array(32), nonce: new Uint8Array(12), aad: new Uint8Array() };
  withEachEngine(() => {
    for (const aead of Object.values(suites)) {
      for (let length = 0; length <= 16; length++) {
        strictEqual(aead.open(input, new Uint8Array(length)), undefined);
      }
      throws(
        () => aead.open({ ...input, key: new Uint8Array(16) }, new Uint8Array(16)),
        RangeError,
      );
      throws(
        () => aead.seal({ ...input, nonce: new Uint8Array(8) }, new Uint8Array(1)),
        RangeError,
      );
    }
  });
});
