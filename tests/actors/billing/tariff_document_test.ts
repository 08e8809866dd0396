import assert from "node:assert/strict";
import { tariffOf, tariffs } from "../../../actors/billing/tariff/catalogue.ts";
import { tariffDocument } from "../../../actors/billing/tariff/document.ts";
import { faultsOf } from "../../../protocol/schema.ts";
import { checkTariff } from "../../../actors/billing/tariff/check.ts";
import { requestOf } from "../../../actors/billing/tariff/examples.ts";
import { quote } from "../../../actors/billing/tariff/quote.ts";

for (const tariff of tariffs()) {
  for (const version of tariff.versions) {
    assert.ok(version.examples.length > 0, `${tariff.id} ${version.effective_from}: no example`);
    for (const example of version.examples) {
      Deno.test(`quote() recomputes ${tariff.id} from ${version.effective_from}: ${example.what}`, () => {
        const result = quote(tariff, requestOf(example));
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

for (const tariff of tariffs()) {
  Deno.test(`${tariff.id} has no fault, and is worked out by hand`, () => {
    assert.deepEqual(checkTariff(structuredClone(tariff)), {
      document: tariff,
      faults: [],
      more: 0,
    });
    for (const { examples, settlement, source, not_stated } of tariff.versions) {
      // What happens at payment is off in every tariff that comes with the product.
      assert.ok((settlement ?? []).every((rule) => !rule.enabled));
      if (tariff.id === "msedcl-lt-1b") continue;
      assert.ok(examples.every(({ note }) => /\d+\.\d\d/.test(note ?? "")), "no sum by hand");
      const marked = source.page !== null || tariff.example_only !== undefined ||
        not_stated!.some((note) => note.includes("page"));
      assert.ok(marked, "a page that is not recorded is not marked");
    }
  });
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
  ["a settlement switched on without a when", (d) => {
    d.versions[0]!.settlement![0]!.enabled = true;
  }, /say when, paid_late/],
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
