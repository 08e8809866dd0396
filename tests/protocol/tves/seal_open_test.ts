import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import { concat, fromHex, toHex, utf8 } from "../../../protocol/bytes.ts";
import { type ParsedFrame, parseFrame } from "../../../protocol/tves/frame.ts";
import { openFrame, type OpenResult } from "../../../protocol/tves/open.ts";
import { frameContext, frameKeys } from "../../../protocol/tves/schedule.ts";
import { sealFrame } from "../../../protocol/tves/seal.ts";
import { suites } from "../../../protocol/tves/suites.ts";
import { candidateSeconds } from "../../../protocol/tves/window_width.ts";
import { blindGcm, keysOf, sharedData, typedVectors, type Vector } from "./vectors.ts";

function parsed(bytes: Uint8Array): ParsedFrame {
  const result = parseFrame(bytes);
  if (!result.ok) throw new Error(result.reason);
  return result.frame;
}

function open(vector: Vector, bytes: Uint8Array, arrival_s = vector.t + 0.5): OpenResult {
  const frame = parsed(bytes);
  const window = { arrival_s, expectedOffset_s: 0, window_s: 10, hint: frame.hint };
  return openFrame(frame, keysOf(vector), candidateSeconds(window));
}

function assertVector(vector: Vector): void {
  const secondKey = keysOf(vector).secondKey(vector.t)!;
  strictEqual(toHex(secondKey), vector.secondKey);
  const plaintext = fromHex(vector.plaintext);
  const frame = sealFrame({ ...vector, t_s: vector.t, secondKey, plaintext });
  strictEqual(toHex(frame), vector.frame);
  const opened = open(vector, fromHex(vector.frame), vector.t + 7.25);
  ok(opened.opened);
  strictEqual(opened.t_s, vector.t);
  strictEqual(toHex(opened.plaintext), vector.plaintext);
}

Deno.test("sealFrame() and openFrame() agree with the typed vectors byte for byte", () => {
  for (const vector of typedVectors) assertVector(vector);
});

Deno.test("sealFrame() and openFrame() agree with every vector of the specification", () => {
  const vectors = sharedData("tves_vectors.json") as Vector[] | undefined;
  if (vectors === undefined) return;
  ok(vectors.length >= 6);
  for (const vector of vectors) assertVector(vector);
});

Deno.test("openFrame() says no_key_in_window when the second lies just outside the window", () => {
  const frame = fromHex(blindGcm.frame);
  strictEqual(open(blindGcm, frame, blindGcm.t + 10.999).opened, true);
  deepStrictEqual(open(blindGcm, frame, blindGcm.t + 11), {
    opened: false,
    reason: "no_key_in_window",
    trials: 21,
  });
  strictEqual(open(blindGcm, frame, blindGcm.t - 10).opened, true);
  strictEqual(open(blindGcm, frame, blindGcm.t - 10.001).opened, false);
});

Deno.test("openFrame() does not count candidates without a key when the meter is enrolled later", () => {
  const late = { ...blindGcm, enrolmentDay: Math.floor(blindGcm.t / 86_400) + 1 };
  deepStrictEqual(open(late, fromHex(blindGcm.frame)), {
    opened: false,
    reason: "no_key_in_window",
    trials: 0,
  });
});

Deno.test("openFrame() runs no AEAD when the commitment differs, even if the tag would fit", () => {
  for (const suite of [1, 2, 3] as const) {
    const aead = suites[suite];
    const vector = { ...blindGcm, suite };
    const secondKey = keysOf(vector).secondKey(vector.t)!;
    const plaintext = utf8("sealed by someone who holds the key");
    const honest = sealFrame({ ...vector, t_s: vector.t, secondKey, plaintext });
    const header = honest.slice(0, 16);
    const { key } = frameKeys(secondKey, header);
    // The tag is right for the commitment that stands in the frame, and that commitment is wrong.
    const commitment = new Uint8Array(16).fill(0xa5);
    const { nonce, aad } = frameContext(header, commitment, vector.t);
    const crafted = concat(header, commitment, aead.seal({ key: key(), nonce, aad }, plaintext));
    const result = open(vector, crafted);
    deepStrictEqual(result, { opened: false, reason: "no_key_in_window", trials: 21 });
    // And one whose tag is right for the true commitment.
    const swapped = honest.slice();
    swapped.set(commitment, 16);
    strictEqual(open(vector, swapped).opened, false);
  }
});

Deno.test("openFrame() stops at the first candidate that fits when the tag is wrong", () => {
  const bad = fromHex(blindGcm.frame);
  bad[bad.length - 1]! ^= 1;
  const asked: number[] = [];
  const keys = keysOf(blindGcm);
  const counting = {
    secondKey(t_s: number) {
      asked.push(t_s);
      return keys.secondKey(t_s);
    },
  };
  const candidates = [blindGcm.t - 1, blindGcm.t, blindGcm.t + 1];
  const result = openFrame(parsed(bad), counting, candidates);
  deepStrictEqual(result, { opened: false, reason: "tag_mismatch", trials: 2 });
  deepStrictEqual(asked, [blindGcm.t - 1, blindGcm.t]);
});

Deno.test("openFrame() erases the second's key when the frame is open, and when it is not", () => {
  const keys = keysOf(blindGcm);
  let place: Uint8Array | undefined;
  const watched = {
    secondKey(t_s: number, into?: Uint8Array) {
      place = keys.secondKey(t_s, into);
      ok(place === into && place!.some((byte) => byte !== 0));
      return place;
    },
  };
  for (const t_s of [blindGcm.t, blindGcm.t + 1]) {
    const { opened } = openFrame(parsed(fromHex(blindGcm.frame)), watched, [t_s]);
    strictEqual(opened, t_s === blindGcm.t);
    ok(place!.every((byte) => byte === 0));
  }
});

Deno.test("openFrame() finds the second at once when the frame gives a hint", () => {
  const secondKey = keysOf(blindGcm).secondKey(blindGcm.t)!;
  const plaintext = new Uint8Array();
  const hinted = sealFrame({ ...blindGcm, hint: true, t_s: blindGcm.t, secondKey, plaintext });
  strictEqual(hinted.length, 48);
  const result = open(blindGcm, hinted, blindGcm.t + 9);
  ok(result.opened);
  strictEqual(result.trials, 1);
  strictEqual(result.plaintext.length, 0);
});

Deno.test("openFrame() refuses a frame of another meter, generation or key", () => {
  const frame = fromHex(blindGcm.frame);
  for (
    const other of [
      { ...blindGcm, meterId: "MH00113979" },
      { ...blindGcm, generation: 3 },
      { ...blindGcm, enrolmentDay: blindGcm.enrolmentDay - 1 },
      { ...blindGcm, key: "00" + blindGcm.key.slice(2) },
    ]
  ) strictEqual(open(other, frame).opened, false);
});

Deno.test("sealFrame() names the field when it does not fit the header", () => {
  const secondKey = new Uint8Array(32);
  const good = { ...blindGcm, t_s: blindGcm.t, secondKey, plaintext: new Uint8Array(3) };
  const bad = [
    [{ alias: 2 ** 32 }, /alias/],
    [{ generation: 256 }, /generation/],
    [{ boot: 65_536 }, /boot/],
    [{ sequence: 0 }, /sequence starts at 1/],
    [{ sequence: 2 ** 32 }, /sequence/],
    [{ sequence: 1.5 }, /sequence/],
    [{ t_s: -1 }, /Unix time/],
    [{ t_s: 1.5 }, /Unix time/],
    [{ plaintext: new Uint8Array(65_536) }, /plaintext/],
  ] as const;
  for (const [change, message] of bad) throws(() => sealFrame({ ...good, ...change }), message);
  strictEqual(sealFrame({ ...good, plaintext: new Uint8Array(65_535) }).length, 65_583);
});
