import assert from "node:assert/strict";
import { segmentsOf, smsTextOf } from "../../../streams/delivery/sms_text.ts";
import { sampleBill } from "./sample.ts";

Deno.test("segmentsOf() counts septets of GSM-7, an escaped character as two", () => {
  assert.deepEqual(segmentsOf("a".repeat(160)), { encoding: "GSM-7", segments: 1, units: 160 });
  assert.equal(segmentsOf("a".repeat(161)).segments, 2);
  assert.equal(segmentsOf("a".repeat(306)).segments, 2);
  assert.equal(segmentsOf("a".repeat(307)).segments, 3);
  assert.deepEqual(segmentsOf("€".repeat(80)), { encoding: "GSM-7", segments: 1, units: 160 });
  // The escape of the 153rd septet moves to the next segment with its character.
  assert.equal(segmentsOf("a".repeat(152) + "€" + "a".repeat(152)).segments, 3);
});

Deno.test("segmentsOf() counts 16-bit units of UCS-2 as soon as one character needs it", () => {
  assert.deepEqual(segmentsOf("₹1"), { encoding: "UCS-2", segments: 1, units: 2 });
  assert.equal(segmentsOf("क".repeat(70)).segments, 1);
  assert.equal(segmentsOf("क".repeat(71)).segments, 2);
  assert.equal(segmentsOf("क".repeat(134)).segments, 2);
  assert.equal(segmentsOf("क".repeat(135)).segments, 3);
  // A surrogate pair is never cut in two.
  assert.equal(segmentsOf("क".repeat(66) + "😀" + "क".repeat(66)).segments, 3);
});

Deno.test("smsTextOf() says number, amount and due date: one GSM-7 segment in English", () => {
  const text = smsTextOf(sampleBill("en"));
  assert.match(text, /MH-2026-27\/000001.*Apr 2026.*Rs 2,950, due 21-05-2026/);
  assert.deepEqual(
    [segmentsOf(text).encoding, segmentsOf(text).segments],
    ["GSM-7", 1],
  );
});

Deno.test("smsTextOf() writes Marathi in two UCS-2 segments", () => {
  const text = smsTextOf(sampleBill("mr"));
  assert.match(text, /वीज बिल MH-2026-27\/000001.*देय रक्कम रु\. 2,950, देय दिनांक 21-05-2026/);
  assert.deepEqual(
    [segmentsOf(text).encoding, segmentsOf(text).segments],
    ["UCS-2", 2],
  );
});
