import assert from "node:assert/strict";
import { TerminalError } from "../../../protocol/errors.ts";
import { readDltBook } from "../../../streams/delivery/dlt_file.ts";
import { builtInTemplates, segmentsOf, smsTextOf } from "../../../streams/delivery/sms_text.ts";
import { sampleBill, utility } from "./sample.ts";

const RULES = { templates: builtInTemplates(utility.name), segments_max: 3 };

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
  const { body: text } = smsTextOf(sampleBill("en"), "bill", RULES);
  assert.match(text, /MH-2026-27\/000001.*Apr 2026.*Rs 2,950, due 21-05-2026/);
  assert.deepEqual(
    [segmentsOf(text).encoding, segmentsOf(text).segments],
    ["GSM-7", 1],
  );
});

Deno.test("smsTextOf() writes Marathi in two UCS-2 segments", () => {
  const { body: text } = smsTextOf(sampleBill("mr"), "bill", RULES);
  assert.match(text, /वीज बिल MH-2026-27\/000001.*देय रक्कम रु\. 2,950, देय दिनांक 21-05-2026/);
  assert.deepEqual(
    [segmentsOf(text).encoding, segmentsOf(text).segments],
    ["UCS-2", 2],
  );
});

Deno.test("smsTextOf() refuses a text that takes more segments than are allowed", () => {
  assert.equal(smsTextOf(sampleBill("mr"), "bill", { ...RULES, segments_max: 2 }).segments, 2);
  assert.throws(
    () => smsTextOf(sampleBill("mr"), "bill", { ...RULES, segments_max: 1 }),
    /takes 2 segments of UCS-2, SAMAY_SMS_SEGMENTS_MAX is 1; it was not sent/,
  );
});

const DLT = {
  entity_id: "1101234567890123456",
  header: "SAMAYV",
  templates: [{
    template_id: "1107160000000000001",
    kind: "bill",
    language: "en",
    text: "Samay Vidyut: Dear {#var#}, bill {#var#} of Rs {#var#} is due on {#var#}. (1912)",
    variables: ["name", "number", "amount", "due_on"],
  }],
};

Deno.test("smsTextOf() sends the registered text, word for word, from its header", () => {
  const { templates } = readDltBook(JSON.stringify(DLT), "file");
  const rules = { templates, segments_max: 3 };
  const { body, template } = smsTextOf(sampleBill("en"), "bill", rules);
  assert.equal(
    body,
    "Samay Vidyut: Dear Kshama Dnyaneshwar Kulkarni, bill MH-2026-27/000001 of Rs 2,950 is due " +
      "on 21-05-2026. (1912)",
  );
  assert.deepEqual([template.template_id, template.header], ["1107160000000000001", "SAMAYV"]);
  // What is not registered is not sent: neither in Marathi, nor with a name that is too long.
  assert.throws(() => smsTextOf(sampleBill("mr"), "bill", rules), TerminalError);
  const { consumer } = sampleBill("en");
  const long = sampleBill("en", { consumer: { ...consumer, name: "K".repeat(31) } });
  assert.throws(
    () => smsTextOf(long, "bill", rules),
    /does not match template 1107160000000000001: name "K+" is not of 1 to 30 .* not sent/,
  );
  const two = sampleBill("en", { consumer: { ...consumer, name: "Kshama\nKulkarni" } });
  assert.throws(() => smsTextOf(two, "bill", rules), /does not match/);
});

Deno.test("readDltBook() names every fault, by template", () => {
  const [template] = DLT.templates;
  const of = (more: object) => JSON.stringify({ ...DLT, templates: [{ ...template, ...more }] });
  const fault = (text: string) => {
    try {
      readDltBook(text, "dlt.json");
    } catch (error) {
      assert.ok(error instanceof TerminalError);
      return error.message;
    }
    assert.fail("taken");
  };
  assert.match(fault("{"), /dlt.json: not JSON/);
  assert.match(fault(of({ variables: ["number"] })), /0001: the text has 4 \{#var#\}.*names 1/);
  assert.match(
    fault(of({ text: "{#var#}", variables: ["amount"] })),
    /no words of its own; .*variables has no number/,
  );
  assert.match(fault(of({ variables: ["nickname"] })), /templates.0.variables.0/);
  assert.match(fault(JSON.stringify({ ...DLT, entity_id: "x" })), /entity_id: 10 to 25 digits/);
  assert.match(
    fault(JSON.stringify({ ...DLT, templates: [template, template] })),
    /a second text for a bill in en/,
  );
});
