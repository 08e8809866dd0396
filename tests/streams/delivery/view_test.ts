import assert from "node:assert/strict";
import { invoiceInputs } from "../../../protocol/messages/invoice_inputs.ts";
import { billDocument } from "../../../streams/delivery/bill_document.ts";
import { labelsOf } from "../../../streams/delivery/labels.ts";
import { billView, describe } from "../../../streams/delivery/pdf/view.ts";
import { head, inputsOf, lines, sampleBill, utility } from "./sample.ts";

Deno.test("billDocument() keeps the last eleven months and this one for the chart", () => {
  const history = Array.from({ length: 12 }, (_, i) => ({
    period: `2025-${String(i + 1).padStart(2, "0")}`,
    units_kwh: i,
  }));
  const { chart } = billDocument(head, lines, { ...inputsOf("en"), history }, utility);
  assert.equal(chart.length, 12);
  assert.equal(chart[0]?.period, "2025-02");
  assert.deepEqual(chart.at(-1), { period: "2026-04", units_kwh: 250 });
});

Deno.test("billDocument() sets the rounding apart from the charges", () => {
  const bill = sampleBill("en");
  assert.ok(bill.lines.every((line) => line.code !== "rounding"));
  assert.equal(bill.total_paise + bill.rounding_paise, bill.payable_paise);
  assert.equal(bill.issued_on, "2026-05-01");
});

Deno.test("the sample is what the schema of an invoice's inputs takes", () => {
  for (const language of ["en", "mr"] as const) {
    assert.deepEqual(invoiceInputs.parse(inputsOf(language)), inputsOf(language));
  }
});

Deno.test("describe() says charge, slab, percentage and days in Marathi", () => {
  const say = (code: string, description: string) =>
    describe(
      { code, description, units: 1, rate: 1, amount_paise: 1 },
      labelsOf("mr"),
      "mr",
    );
  assert.equal(say("energy", "Energy charge, units 1 to 100"), "वीज आकार 1–100 युनिट");
  assert.equal(say("fac", "FAC, units over 500"), "इंधन समायोजन आकार 500 पेक्षा जास्त");
  assert.equal(say("duty", "Electricity duty, 16 %"), "वीज शुल्क 16 %");
  assert.equal(say("fixed", "Fixed charge, 1-phase"), "स्थिर आकार");
  assert.equal(
    say("wheeling", "Wheeling charge (2026-03-20 to 2026-04-01)"),
    "वहन आकार (20-03-2026 ते 01-04-2026)",
  );
  assert.equal(say("meter_rent", "Meter rent"), "Meter rent");
});

Deno.test("billView() tells how the reading came about, and when it did not come by frame", () => {
  const facts = Object.fromEntries(billView(sampleBill("en")).provenance.facts);
  assert.equal(facts["Read from the meter"], "30 April 2026, 23:59:58");
  assert.equal(facts["Key of Unix second"], "1777573798 (23:59:58)");
  assert.equal(facts["Clock offset"], "12.3 ms ahead");

  const { closing } = inputsOf("en");
  const bare = {
    ...closing,
    frame_sequence: null,
    journal_sequence: null,
    second_found_s: null,
    trials: null,
    clock_offset_ms: null,
  };
  const imported = billView(sampleBill("en", { closing: { ...bare, source: "import" } }));
  assert.match(imported.provenance.text, /entered from a record/);
  assert.equal(imported.provenance.facts.length, 1);
  const estimated = billView(sampleBill("en", { closing: { ...bare, source: "estimate" } }));
  assert.match(estimated.provenance.text, /No reading could be had/);
  assert.equal(estimated.readings.closing.mark, "estimated");
  assert.equal(estimated.notice?.estimated, true);
});

Deno.test("billView() prints no sanctioned load that is not known", () => {
  const namesOf = (sanctioned_load_w: number) =>
    billView(sampleBill("en", { account: { ...inputsOf("en").account, sanctioned_load_w } }))
      .connection.map(([name]) => name);
  assert.ok(namesOf(3_000).includes("Sanctioned load"));
  assert.ok(!namesOf(0).includes("Sanctioned load"));
});
