/** Whatever is done to a frame, it is refused, and for the reason that one would expect. */
import { ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { concat, fromHex } from "../../../protocol/bytes.ts";
import type { RejectReason } from "../../../protocol/messages/journal.ts";
import { parseFrame } from "../../../protocol/tves/frame.ts";
import { openFrame } from "../../../protocol/tves/open.ts";
import { candidateSeconds } from "../../../protocol/tves/window_width.ts";
import { withEachEngine } from "./engines.ts";
import { blindGcm, keysOf, typedVectors, type Vector } from "./vectors.ts";

/** The whole way: parse, search within ten seconds, open. */
function receive(vector: Vector, bytes: Uint8Array): RejectReason | "opened" {
  const parsed = parseFrame(bytes);
  if (!parsed.ok) return parsed.reason;
  const { frame } = parsed;
  const candidates = candidateSeconds({
    arrival_s: vector.t + 0.5,
    expectedOffset_s: 0,
    window_s: 10,
    hint: frame.hint,
  });
  const result = openFrame(frame, keysOf(vector), candidates);
  return result.opened ? "opened" : result.reason;
}

/** What a flipped bit of the header must lead to; everything else there changes every key. */
function reasonOfHeaderBit(good: Uint8Array, byte: number, bit: number): RejectReason {
  if (byte === 0 && bit >= 4) return "unknown_version";
  if (byte === 0) {
    const suite = (good[0]! ^ 1 << bit) & 0x0f;
    return suite >= 1 && suite <= 3 ? "no_key_in_window" : "unknown_suite";
  }
  if (byte === 1 && bit >= 3) return "unknown_flags";
  const hinted = (good[1]! & 1) !== 0;
  // A hint without its flag is refused, whether the flag was taken away or the hint put there.
  if (byte === 1 && bit === 0 && good[9] !== 0) return "unknown_flags";
  if (byte === 9 && !hinted) return "unknown_flags";
  return byte === 2 || byte === 3 ? "wrong_length" : "no_key_in_window";
}

Deno.test("a frame is refused for the right reason whichever single bit is flipped", () => {
  for (const vector of typedVectors) {
    const good = fromHex(vector.frame);
    for (let i = 0; i < good.length * 8; i++) {
      const [byte, bit] = [i >> 3, i & 7];
      const bad = good.slice();
      bad[byte]! ^= 1 << bit;
      const expected = byte >= 32
        ? "tag_mismatch"
        : byte >= 16
        ? "no_key_in_window"
        : reasonOfHeaderBit(good, byte, bit);
      strictEqual(
        receive(vector, bad),
        expected,
        `suite ${vector.suite}: byte ${byte}, bit ${bit}`,
      );
    }
  }
});

/** `bytes` with the length that they have in the header's field for it. */
function relabelled(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  new DataView(copy.buffer).setUint16(2, bytes.length - 48);
  return copy;
}

Deno.test("a frame is refused however it is cut short or made longer", () => {
  for (const vector of typedVectors) {
    const good = fromHex(vector.frame);
    for (let length = 0; length < good.length; length++) {
      const cut = good.slice(0, length);
      strictEqual(receive(vector, cut), "wrong_length", `${length} bytes`);
      if (length >= 48) strictEqual(receive(vector, relabelled(cut)), "no_key_in_window");
    }
    for (let more = 1; more <= 33; more++) {
      for (const filler of [0x00, 0xff]) {
        const longer = concat(good, new Uint8Array(more).fill(filler));
        strictEqual(receive(vector, longer), "wrong_length", `${more} more`);
        strictEqual(receive(vector, relabelled(longer)), "no_key_in_window", `${more} more`);
      }
    }
  }
});

Deno.test("a frame does not open under another alias, generation, boot or sequence", () => {
  const fields = { alias: [4, 4], generation: [8, 1], boot: [10, 2], sequence: [12, 4] } as const;
  const change = fc.record({
    vector: fc.constantFrom(...typedVectors),
    field: fc.constantFrom(...Object.keys(fields) as (keyof typeof fields)[]),
    value: fc.uint8Array({ minLength: 4, maxLength: 4 }),
  });
  fc.assert(
    fc.property(change, ({ vector, field, value }) => {
      const bad = fromHex(vector.frame);
      const [offset, length] = fields[field];
      bad.set(value.subarray(0, length), offset);
      if (concat(bad).every((byte, i) => byte === fromHex(vector.frame)[i])) return;
      strictEqual(receive(vector, bad), "no_key_in_window", field);
    }),
    { numRuns: 200, seed: 4 },
  );
});

Deno.test("nothing but a reason comes of any bytes at all, on every engine", () => {
  const reasons = new Set<string>();
  const start = fc.constantFrom(...typedVectors.map(({ frame }) => fromHex(frame)));
  const junk = fc.uint8Array({ maxLength: 160, size: "max" });
  const kept = fc.constantFrom(0, 0, 1, 4, 8, 9, 12, 16, 32);
  withEachEngine(() => {
    fc.assert(
      fc.property(start, kept, junk, fc.boolean(), (good, length, tail, relabel) => {
        const bytes = concat(good.subarray(0, length), tail);
        const whole = relabel && bytes.length >= 48 ? relabelled(bytes) : bytes;
        reasons.add(receive(blindGcm, whole));
      }),
      { numRuns: 400, seed: 5 },
    );
  });
  ok(!reasons.has("opened"));
  for (const reason of ["no_key_in_window", "unknown_flags", "unknown_version", "wrong_length"]) {
    ok(reasons.has(reason), `none was ${reason}`);
  }
});
