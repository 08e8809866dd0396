/** Values typed in from FIPS-197 (updated 2023): figure 7 and appendices A, B and C. */
import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import { ctr, ecb } from "@noble/ciphers/aes.js";
import { concat, fromHex, toHex } from "../../../protocol/bytes.ts";
import {
  type AesStep,
  decryptBlock,
  encryptBlock,
  traceBlock,
} from "../../../protocol/paper/aes.ts";
import { expandKey } from "../../../protocol/paper/aes_key.ts";
import { inverse, INVERSE_S_BOX, multiply, S_BOX } from "../../../protocol/paper/gf256.ts";
import { seeded } from "../../../protocol/paper/random.ts";

const S_BOX_TABLE = fromHex(
  "637c777bf26b6fc53001672bfed7ab76ca82c97dfa5947f0add4a2af9ca472c0" +
    "b7fd9326363ff7cc34a5e5f171d8311504c723c31896059a071280e2eb27b275" +
    "09832c1a1b6e5aa0523bd6b329e32f8453d100ed20fcb15b6acbbe394a4c58cf" +
    "d0efaafb434d338545f9027f503c9fa851a3408f929d38f5bcb6da2110fff3d2" +
    "cd0c13ec5f974417c4a77e3d645d197360814fdc222a908846eeb814de5e0bdb" +
    "e0323a0a4906245cc2d3ac629195e479e7c8376d8dd54ea96c56f4ea657aae08" +
    "ba78252e1ca6b4c6e8dd741f4bbd8b8a703eb5664803f60e613557b986c11d9e" +
    "e1f8981169d98e949b1e87e9ce5528df8ca1890dbfe6426841992d0fb054bb16",
);

Deno.test("S_BOX is the table of the standard though it is computed", () => {
  strictEqual(toHex(S_BOX), toHex(S_BOX_TABLE));
  for (let a = 0; a < 256; a++) strictEqual(INVERSE_S_BOX[S_BOX[a]!], a);
});

Deno.test("multiply() and inverse() keep the field's laws", () => {
  // Section 4.2: {57} x {13} = {fe}.
  strictEqual(multiply(0x57, 0x83), 0xc1);
  strictEqual(multiply(0x57, 0x13), 0xfe);
  for (let a = 1; a < 256; a++) strictEqual(multiply(a, inverse(a)), 1);
});

function lastWords(key: string, from: number): string {
  return toHex(concat(...expandKey(fromHex(key)))).slice(8 * from);
}

Deno.test("expandKey() gives the words of appendix A for the three lengths", () => {
  const key128 = "2b7e151628aed2a6abf7158809cf4f3c";
  strictEqual(toHex(expandKey(fromHex(key128))[1]!), "a0fafe1788542cb123a339392a6c7605");
  strictEqual(toHex(expandKey(fromHex(key128))[2]!), "f2c295f27a96b9435935807a7359f67f");
  strictEqual(lastWords(key128, 40), "d014f9a8c9ee2589e13f0cc8b6630ca6");
  const key192 = "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b";
  strictEqual(
    lastWords(key192, 6).slice(0, 48),
    "fe0c91f72402f5a5ec12068e6c827f6b0e7a95b95c56fec2",
  );
  strictEqual(lastWords(key192, 48), "e98ba06f448c773c8ecc720401002202");
  const key256 = "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4";
  strictEqual(lastWords(key256, 8).slice(0, 64).slice(0, 8), "9ba35411");
  strictEqual(lastWords(key256, 56), "fe4890d1e6188d0b046df344706c631e");
});

function stateAfter(trace: ReturnType<typeof traceBlock>, round: number, step: AesStep): string {
  const found = trace.find((one) => one.round === round && one.step === step);
  return found === undefined ? "none" : toHex(found.state);
}

Deno.test("traceBlock() shows every state of appendix B", () => {
  const trace = traceBlock(
    fromHex("2b7e151628aed2a6abf7158809cf4f3c"),
    fromHex("3243f6a8885a308d313198a2e0370734"),
  );
  strictEqual(trace.length, 2 + 9 * 4 + 3);
  const expected: readonly (readonly [number, AesStep, string])[] = [
    [0, "Input", "3243f6a8885a308d313198a2e0370734"],
    [0, "AddRoundKey", "193de3bea0f4e22b9ac68d2ae9f84808"],
    [1, "SubBytes", "d42711aee0bf98f1b8b45de51e415230"],
    [1, "ShiftRows", "d4bf5d30e0b452aeb84111f11e2798e5"],
    [1, "MixColumns", "046681e5e0cb199a48f8d37a2806264c"],
    [1, "AddRoundKey", "a49c7ff2689f352b6b5bea43026a5049"],
    [2, "SubBytes", "49ded28945db96f17f39871a7702533b"],
    [2, "ShiftRows", "49db873b453953897f02d2f177de961a"],
    [2, "MixColumns", "584dcaf11b4b5aacdbe7caa81b6bb0e5"],
    [2, "AddRoundKey", "aa8f5f0361dde3ef82d24ad26832469a"],
    [9, "AddRoundKey", "eb40f21e592e38848ba113e71bc342d2"],
    [10, "SubBytes", "e9098972cb31075f3d327d94af2e2cb5"],
    [10, "ShiftRows", "e9317db5cb322c723d2e895faf090794"],
    [10, "MixColumns", "none"],
    [10, "AddRoundKey", "3925841d02dc09fbdc118597196a0b32"],
  ];
  for (const [round, step, state] of expected) {
    strictEqual(stateAfter(trace, round, step), state, `round ${round}, ${step}`);
  }
});

const APPENDIX_C: readonly (readonly [number, string])[] = [
  [16, "69c4e0d86a7b0430d8cdb78070b4c55a"],
  [24, "dda97ca4864cdfe06eaf70a0ec0d7191"],
  [32, "8ea2b7ca516745bfeafc49904b496089"],
];

Deno.test("encryptBlock() and decryptBlock() agree with appendix C for the three lengths", () => {
  const block = fromHex("00112233445566778899aabbccddeeff");
  for (const [length, output] of APPENDIX_C) {
    const roundKeys = expandKey(Uint8Array.from({ length }, (_, i) => i));
    const sealed = encryptBlock(roundKeys, block);
    strictEqual(toHex(sealed), output, `${length} bytes`);
    deepStrictEqual(decryptBlock(roundKeys, sealed), block);
  }
  const trace = traceBlock(Uint8Array.from({ length: 16 }, (_, i) => i), block);
  strictEqual(stateAfter(trace, 1, "SubBytes"), "63cab7040953d051cd60e0e7ba70e18c");
  strictEqual(stateAfter(trace, 1, "ShiftRows"), "6353e08c0960e104cd70b751bacad0e7");
  strictEqual(stateAfter(trace, 1, "MixColumns"), "5f72641557f5bc92f7be3b291db9f91a");
});

Deno.test("the plain AES and the library agree block by block and as a stream", () => {
  const random = seeded(197);
  for (const length of [16, 24, 32]) {
    for (let round = 0; round < 200; round++) {
      const key = random.bytes(length);
      const blocks = random.bytes(16 * random.integer(1, 5));
      const roundKeys = expandKey(key);
      const own = concat(...cut(blocks).map((block) => encryptBlock(roundKeys, block)));
      const library = ecb(key, { disablePadding: true });
      strictEqual(toHex(own), toHex(library.encrypt(blocks)));
      strictEqual(
        toHex(concat(...cut(own).map((block) => decryptBlock(roundKeys, block)))),
        toHex(library.decrypt(own)),
      );
      const nonce = random.bytes(16);
      strictEqual(toHex(counterMode(key, nonce, blocks)), toHex(ctr(key, nonce).encrypt(blocks)));
    }
  }
});

function cut(bytes: Uint8Array): Uint8Array[] {
  return Array.from({ length: bytes.length / 16 }, (_, i) => bytes.subarray(16 * i, 16 * i + 16));
}

/** NIST SP 800-38A section 6.5 on top of the plain block cipher; the counter is the whole block. */
function counterMode(key: Uint8Array, nonce: Uint8Array, bytes: Uint8Array): Uint8Array {
  const counter = nonce.slice();
  const roundKeys = expandKey(key);
  return concat(
    ...cut(bytes).map((block) => {
      const pad = encryptBlock(roundKeys, counter);
      for (let i = 15; i >= 0 && (counter[i] = (counter[i]! + 1) & 0xff) === 0; i--);
      return block.map((byte, i) => byte ^ pad[i]!);
    }),
  );
}

Deno.test("expandKey() and encryptBlock() refuse other lengths with the length in the message", () => {
  throws(() => expandKey(new Uint8Array(17)), /16, 24 or 32 bytes, not 17/);
  throws(() => encryptBlock(expandKey(new Uint8Array(16)), new Uint8Array(15)), /not 15/);
  throws(() => decryptBlock(expandKey(new Uint8Array(16)), new Uint8Array(0)), /not 0/);
  ok(expandKey(new Uint8Array(32)).length === 15);
});
