/** A frame that AES-GCM alone opens with the keys of two seconds, and that the commitment refuses. */
import { deepStrictEqual, notStrictEqual, ok, strictEqual } from "node:assert/strict";
import { concat, fromHex, toHex } from "../../../protocol/bytes.ts";
import { encodeHeader, parseFrame } from "../../../protocol/tves/frame.ts";
import { openFrame } from "../../../protocol/tves/open.ts";
import { type AeadInput, aes256gcm } from "../../../protocol/tves/primitives.ts";
import { frameContext, frameKeys } from "../../../protocol/tves/schedule.ts";
import { withEachEngine } from "./engines.ts";
import { inverse, multiply, openableByBoth, tagOf } from "./ghash.ts";
import { blindGcm, keysOf } from "./vectors.ts";

const keys = keysOf(blindGcm);
const ONE_T = blindGcm.t;
const OTHER_T = blindGcm.t + 3;
const START = fromHex("5a".repeat(32));
const LENGTH = START.length + 16;
const header = encodeHeader({ ...blindGcm, suite: 1, hint: undefined }, LENGTH);

function commitmentOf(t_s: number): Uint8Array {
  return frameKeys(keys.secondKey(t_s)!, header).commitment;
}

/** What AES-GCM is asked with for the second `t_s`, if `commitment` is what goes into the AAD. */
function inputFor(t_s: number, commitment: Uint8Array): AeadInput {
  const key = frameKeys(keys.secondKey(t_s)!, header).key();
  return { key, ...frameContext(header, commitment, t_s) };
}

function open(commitment: Uint8Array, sealed: Uint8Array) {
  const parsed = parseFrame(concat(header, commitment, sealed));
  if (!parsed.ok) throw new Error(parsed.reason);
  return openFrame(parsed.frame, keys, [OTHER_T, ONE_T]);
}

/** AES-GCM alone finds nothing wrong with `sealed`, whichever of the two seconds it tries. */
function assertGcmOpens(inputs: readonly AeadInput[], sealed: Uint8Array): void {
  withEachEngine(() => {
    const opened = inputs.map((input) => aes256gcm.open(input, sealed));
    for (const plaintext of opened) strictEqual(plaintext?.length, LENGTH);
    notStrictEqual(toHex(opened[0]!), toHex(opened[1]!));
  });
}

Deno.test("the plain arithmetic of GCM's tag agrees with test case 16 of the submission to NIST", () => {
  const input = {
    key: fromHex("feffe9928665731c6d6a8f9467308308".repeat(2)),
    nonce: fromHex("cafebabefacedbaddecaf888"),
    aad: fromHex("feedfacedeadbeeffeedfacedeadbeefabaddad2"),
  };
  const ciphertext = fromHex(
    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056" +
      "828838c5f61e6393ba7a0abcc9f662",
  );
  strictEqual(tagOf(input, ciphertext), 0x76fc6ece0f4e1768cddf8853bb2d551bn);
  const x = 0x66e94bd4ef8a2c3b884cfa59ca342b2en;
  strictEqual(multiply(x, inverse(x)), 1n << 127n);
});

Deno.test("openFrame() refuses a ciphertext that AES-GCM opens under the keys of two seconds", () => {
  // The sender puts any bytes into the field: here those of neither second.
  const commitment = new Uint8Array(16).fill(0xa5);
  const inputs = [inputFor(ONE_T, commitment), inputFor(OTHER_T, commitment)];
  const sealed = openableByBoth(inputs[0]!, inputs[1]!, START);
  assertGcmOpens(inputs, sealed);
  deepStrictEqual(open(commitment, sealed), {
    opened: false,
    reason: "no_key_in_window",
    trials: 2,
  });
});

Deno.test("openFrame() opens a two-key ciphertext in the one second that its commitment names", () => {
  const commitment = commitmentOf(ONE_T);
  const inputs = [inputFor(ONE_T, commitment), inputFor(OTHER_T, commitment)];
  const sealed = openableByBoth(inputs[0]!, inputs[1]!, START);
  assertGcmOpens(inputs, sealed);
  const result = open(commitment, sealed);
  ok(result.opened);
  strictEqual(result.t_s, ONE_T);
  strictEqual(result.trials, 2);
});

Deno.test("openFrame() compares the commitment itself: the AAD alone would not tell the seconds apart", () => {
  // For an opener that puts the commitment it derived into the AAD, whatever the frame says.
  const inputs = [ONE_T, OTHER_T].map((t_s) => inputFor(t_s, commitmentOf(t_s)));
  const sealed = openableByBoth(inputs[0]!, inputs[1]!, START);
  assertGcmOpens(inputs, sealed);
  const forged = open(new Uint8Array(16).fill(0xa5), sealed);
  deepStrictEqual(forged, { opened: false, reason: "no_key_in_window", trials: 2 });
  const named = open(commitmentOf(ONE_T), sealed);
  strictEqual(named.opened && named.t_s, ONE_T);
});
