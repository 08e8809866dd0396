import { ok, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { fromHex, toHex } from "../../../protocol/bytes.ts";
import { ENROLMENT_DAYS_MAX, HeadEndKeys } from "../../../protocol/tves/keys.ts";
import { secondKey } from "./twin.ts";
import { blindGcm, keysOf, typedVectors } from "./vectors.ts";

const DAY = 86_400;
const input = {
  key: fromHex(blindGcm.key),
  generation: 7,
  enrolmentDay: 20_500,
  meterId: "MH-महावितरण",
};
const enrolled_s = input.enrolmentDay * DAY;

Deno.test("HeadEndKeys gives the second keys of the typed vectors", () => {
  for (const vector of typedVectors) {
    strictEqual(toHex(keysOf(vector).secondKey(vector.t)!), vector.secondKey);
  }
});

Deno.test("HeadEndKeys agrees with the slow twin when seconds come in any order", () => {
  const seconds = fc.array(fc.integer({ min: 0, max: 20 * DAY }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(seconds, (offsets) => {
      const keys = new HeadEndKeys(input);
      for (const offset of offsets) {
        const t_s = enrolled_s + offset;
        strictEqual(toHex(keys.secondKey(t_s)!), secondKey(input, t_s).toString("hex"));
      }
    }),
    { numRuns: 40 },
  );
});

Deno.test("HeadEndKeys agrees with the slow twin around the change of hour and day", () => {
  const keys = new HeadEndKeys(input);
  for (const edge of [0, 3_600, 23 * 3_600, DAY, 2 * DAY, 2 * DAY + 3_600, DAY]) {
    for (const away of [-1, 0, 1, -1, 10, -10]) {
      const t_s = enrolled_s + edge + away;
      if (t_s < enrolled_s) continue;
      strictEqual(toHex(keys.secondKey(t_s)!), secondKey(input, t_s).toString("hex"));
    }
  }
});

Deno.test("HeadEndKeys has no key when the second lies before the enrolment or beyond its reach", () => {
  const keys = new HeadEndKeys(input);
  strictEqual(keys.secondKey(enrolled_s - 1), undefined);
  ok(keys.secondKey(enrolled_s) !== undefined);
  strictEqual(keys.secondKey(enrolled_s + (ENROLMENT_DAYS_MAX + 1) * DAY), undefined);
  strictEqual(keys.secondKey(Number.MAX_SAFE_INTEGER), undefined);
  strictEqual(keys.secondKey(NaN), undefined);
});

Deno.test("HeadEndKeys does not walk the chain again when a window crosses midnight", () => {
  const keys = new HeadEndKeys({ ...input, enrolmentDay: 100 });
  const midnight = 30_000 * DAY;
  keys.secondKey(midnight);
  keys.secondKey(midnight - 1);
  // 30,000 days take about 0.3 s to walk; two hundred trials on both sides take 2 ms.
  const started_ms = performance.now();
  for (let i = 0; i < 100; i++) {
    keys.secondKey(midnight + i);
    keys.secondKey(midnight - 1 - i);
  }
  ok(performance.now() - started_ms < 200);
});

Deno.test("HeadEndKeys refuses a key that has not 32 bytes", () => {
  throws(() => new HeadEndKeys({ ...input, key: new Uint8Array(31) }), RangeError);
});
