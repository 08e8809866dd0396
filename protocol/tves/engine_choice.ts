/**
 * Which engine serves which primitive. The native code serves what it is faster at, and only after it
 * has given a known answer; a runtime that lacks a cipher, or has it wrong, costs speed and no more.
 */
import { equalConstantTime, fromHex, utf8 } from "../bytes.ts";
import type { Aead, Engine, Primitive } from "./engine.ts";

/** One published test vector of an AEAD, in hexadecimal. */
interface KnownSeal {
  readonly key: string;
  readonly nonce: string;
  readonly aad: string;
  readonly plaintext: string;
  readonly sealed: string;
}

/** Test case 16 of the GCM submission to NIST (McGrew and Viega, appendix B). */
const GCM: KnownSeal = {
  key: "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
  nonce: "cafebabefacedbaddecaf888",
  aad: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
  plaintext: "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c9595" +
    "6809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
  sealed: "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e4859" +
    "0dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b",
};

/** RFC 8452 appendix C.2, the fourteenth case: eight bytes under one byte of AAD. */
const GCM_SIV: KnownSeal = {
  key: "0100000000000000000000000000000000000000000000000000000000000000",
  nonce: "030000000000000000000000",
  aad: "01",
  plaintext: "0200000000000000",
  sealed: "1de22967237a813291213f267e3b452f02d01ae33e4ec854",
};

/** RFC 8439 section 2.8.2. */
const CHACHA: KnownSeal = {
  key: "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
  nonce: "070000004041424344454647",
  aad: "50515253c0c1c2c3c4c5c6c7",
  plaintext: "4c616469657320616e642047656e746c656d656e206f662074686520636c617373206f6620" +
    "2739393a204966204920636f756c64206f6666657220796f75206f6e6c79206f6e652074697020666f7220" +
    "746865206675747572652c2073756e73637265656e20776f756c642062652069742e",
  sealed: "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9" +
    "671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fa" +
    "b324e4fad675945585808b4831d7bc3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e90" +
    "2ecbd0600691",
};

const KNOWN_ANSWERS: { readonly [P in Primitive]: (part: Engine[P]) => boolean } = {
  // RFC 4231 section 4.3.
  hmacSha256: (hmac) =>
    equalConstantTime(
      hmac(utf8("Jefe"), [utf8("what do ya want "), utf8("for nothing?")]),
      fromHex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
    ),
  aes256gcm: (aead) => knows(aead, GCM),
  aes256gcmSiv: (aead) => knows(aead, GCM_SIV),
  chacha20Poly1305: (aead) => knows(aead, CHACHA),
};

/** It seals as published, opens that again, and refuses it under another tag or AAD. */
function knows(aead: Aead, known: KnownSeal): boolean {
  const input = { key: fromHex(known.key), nonce: fromHex(known.nonce), aad: fromHex(known.aad) };
  const plaintext = fromHex(known.plaintext);
  const sealed = fromHex(known.sealed);
  const opened = aead.open(input, sealed);
  const good = opened !== undefined && equalConstantTime(opened, plaintext) &&
    equalConstantTime(aead.seal(input, plaintext), sealed);
  const otherTag = sealed.slice();
  otherTag[otherTag.length - 1]! ^= 1;
  const otherAad = { ...input, aad: input.aad.slice(1) };
  return good && aead.open(input, otherTag) === undefined &&
    aead.open(otherAad, sealed) === undefined;
}

/** Whether `part` gives the known answer of its primitive. Never throws. */
export function givesKnownAnswer<P extends Primitive>(primitive: P, part: Engine[P]): boolean {
  try {
    return KNOWN_ANSWERS[primitive](part);
  } catch {
    // A cipher that the runtime does not have says so by throwing; it does not serve then.
    return false;
  }
}

/** The primitives of `wanted` that `native` has and gives the known answer for. */
export function servedBy(native: Partial<Engine>, wanted: readonly Primitive[]): Primitive[] {
  return wanted.filter((primitive) => {
    const part = native[primitive];
    return part !== undefined && givesKnownAnswer(primitive, part);
  });
}

/** `base` with the primitives `served` taken from `native`. */
export function compose(
  base: Engine,
  native: Partial<Engine>,
  served: readonly Primitive[],
): Engine {
  const parts = served.map((primitive) => [primitive, native[primitive]] as const);
  return { ...base, ...Object.fromEntries(parts) };
}
