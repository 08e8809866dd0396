/** Production against the slow twin: every byte of a frame, from fields drawn at random. */
import { ok, strictEqual } from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { toHex } from "../../../protocol/bytes.ts";
import type { ClockQuality } from "../../../protocol/messages/common.ts";
import { parseFrame } from "../../../protocol/tves/frame.ts";
import { HeadEndKeys } from "../../../protocol/tves/keys.ts";
import { openFrame } from "../../../protocol/tves/open.ts";
import { frameContext, frameKeys } from "../../../protocol/tves/schedule.ts";
import { sealFrame } from "../../../protocol/tves/seal.ts";
import type { Suite } from "../../../protocol/tves/suites.ts";
import { withEachEngine } from "./engines.ts";
import * as twin from "./twin.ts";
import { typedVectors } from "./vectors.ts";

const ENROLLED = 20_500;

const fields = fc.record({
  suite: fc.constantFrom<Suite>(1, 2, 3),
  hint: fc.boolean(),
  clockQuality: fc.constantFrom<ClockQuality>(0, 1, 2, 3),
  alias: fc.nat(0xffff_ffff),
  generation: fc.nat(0xff),
  boot: fc.nat(0xffff),
  sequence: fc.integer({ min: 1, max: 0xffff_ffff }),
  t: fc.integer({ min: ENROLLED * 86_400, max: (ENROLLED + 40) * 86_400 }),
});
const meter = fc.record({
  key: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  meterId: fc.stringMatching(/^[A-Za-z0-9_-]{1,32}$/),
});

Deno.test("sealFrame() agrees with the twin in every byte, and openFrame() opens what it made", () => {
  const pack = fc.uint8Array({ maxLength: 300 });
  withEachEngine(() => {
    fc.assert(
      fc.property(fields, meter, pack, (frame, { key, meterId }, plaintext) => {
        const input = { key, meterId, generation: frame.generation, enrolmentDay: ENROLLED };
        const keys = new HeadEndKeys(input);
        const s = twin.secondKey(input, frame.t);
        const secondKey = keys.secondKey(frame.t)!;
        strictEqual(toHex(secondKey), s.toString("hex"));
        const sealed = sealFrame({ ...frame, t_s: frame.t, secondKey, plaintext });
        const hdr = twin.header(frame, plaintext.length);
        const { com, key: frameKey, nonce, aad } = twin.sealedWith(hdr, frame.t, s);
        strictEqual(toHex(frameKeys(secondKey, hdr).key()), frameKey.toString("hex"));
        const context = frameContext(hdr, com, frame.t);
        strictEqual(toHex(context.nonce), nonce.toString("hex"));
        strictEqual(toHex(context.aad), aad.toString("hex"));
        strictEqual(toHex(sealed), twin.frame(frame, s, plaintext).toString("hex"));
        const parsed = parseFrame(sealed);
        ok(parsed.ok);
        const opened = openFrame(parsed.frame, keys, [frame.t - 1, frame.t]);
        ok(opened.opened);
        strictEqual(toHex(opened.plaintext), toHex(plaintext));
      }),
      { numRuns: 60, seed: 3 },
    );
  });
});

Deno.test("the twin agrees with the typed vectors: it was written from the same text", () => {
  for (const vector of typedVectors) {
    const input = { ...vector, key: Buffer.from(vector.key, "hex") };
    const s = twin.secondKey(input, vector.t);
    strictEqual(s.toString("hex"), vector.secondKey);
    const plaintext = Buffer.from(vector.plaintext, "hex");
    strictEqual(twin.frame(vector, s, plaintext).toString("hex"), vector.frame);
  }
});

Deno.test("nonce and AAD hold seconds beyond 2^32, whose upper half is not zero", () => {
  const header = new Uint8Array(16);
  for (const t of [0, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, 253_402_300_799, 2 ** 53 - 1]) {
    const { nonce } = frameContext(header, new Uint8Array(16), t);
    strictEqual(Buffer.from(nonce).readBigUInt64BE(), BigInt(t));
  }
});
