import assert from "node:assert/strict";
import { tariffOf, tariffs } from "../../../actors/billing/tariff/catalogue.ts";
import { tariffDocument } from "../../../actors/billing/tariff/document.ts";
import { faultsOf } from "../../../protocol/schema.ts";
import { quote } from "../../../actors/billing/tariff/quote.ts";

for (const tariff of tariffs()) {
  for (const version of tariff.versions) {
    assert.ok(version.examples.length > 0, `${tariff.id} ${version.effective_from}: no example`);
    for (const example of version.examples) {
      Deno.test(`quote() recomputes ${tariff.id} from ${version.effective_from}: ${example.what}`, () => {
        const result = quote(tariff, { ...example, units: example.units_kwh });
        for (const [code, paise] of Object.entries(example.paise_by_code)) {
          const lines = result.lines.filter((line) => line.code === code);
          assert.equal(lines.reduce((sum, line) => sum + line.amount_paise, 0), paise, code);
        }
        assert.equal(result.total_paise, example.total_paise);
        assert.equal(result.payable_paise, example.payable_paise);
      });
    }
  }
}

type Document = ReturnType<typeof tariffOf>;
const faults: [string, (document: Document) => void, RegExp][] = [
  ["a gap between versions", (d) => d.versions[1]!.effective_from = "2025-07-02", /day before/],
  ["an open version in the middle", (d) => d.versions[0]!.effective_to = null, /day before/],
  ["a date that does not exist", (d) => d.versions[0]!.effective_from = "2024-02-30", /YYYY-MM-DD/],
  ["slabs that do not rise", (d) => slabs(d)[1]!.to_units = 100, /limits must rise/],
  ["no last slab without an end", (d) => slabs(d)[3]!.to_units = 900, /limits must rise/],
  ["a fractional rate", (d) => slabs(d)[0]!.rate = 1.5, /int/],
  ["a duty of a charge unknown", (d) => duty(d).of.push("demand"), /no charge "demand"/],
  ["a settlement switched on", (d) => {
    (d.versions[0]!.settlement[0] as { enabled: boolean }).enabled = true;
  }, /false/],
];

for (const [what, damage, message] of faults) {
  Deno.test(`tariffDocument refuses ${what}`, () => {
    const document = structuredClone(tariffOf("msedcl-lt-1b"));
    damage(document);
    const result = tariffDocument.safeParse(document);
    assert.ok(!result.success);
    assert.match(faultsOf(result.error), message);
  });
}

function slabs(document: Document) {
  const charge = document.versions[0]!.charges.find((one) => one.kind === "slabs");
  assert.ok(charge?.kind === "slabs");
  return charge.slabs;
}

function duty(document: Document) {
  const charge = document.versions[0]!.charges.find((one) => one.kind === "percentage");
  assert.ok(charge?.kind === "percentage");
  return charge;
}
