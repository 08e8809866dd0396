import assert from "node:assert/strict";
import fc from "fast-check";
import { readCsv } from "../../../streams/csv/read_csv.ts";
import { csvLine, guardFormula, unguardFormula } from "../../../streams/csv/write_csv.ts";

Deno.test("csvLine() quotes what needs it, and ends as RFC 4180 says", () => {
  assert.equal(csvLine(["a", 1.5, null, undefined, true]), "a,1.5,,,true\r\n");
  assert.equal(csvLine(['12" pipe', "a,b", "two\nlines"]), '"12"" pipe","a,b","two\nlines"\r\n');
});

Deno.test("csvLine() lets no spreadsheet compute what a customer is called", () => {
  for (const evil of ["=1+2", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", "\t=1", "\r=1"]) {
    assert.match(csvLine([evil]), /^"?'/, evil);
  }
  // Numbers are none: a telephone number, a credit.
  assert.equal(csvLine(["+919800000001", "-12.50", -3]), "+919800000001,-12.50,-3\r\n");
});

Deno.test("what was written is read again as it was", () => {
  const value = fc.string({ unit: "grapheme", maxLength: 30 })
    .filter((text) => text === text.trim() && !text.includes("\0") && text.isWellFormed());
  fc.assert(fc.property(value, value, (a, b) => {
    const bytes = new TextEncoder().encode(`a,b,c\r\n${csvLine([a, b, "x"])}`);
    const shape = { required: ["a", "b", "c"], rows_max: 10, bytes_max: 10_000 };
    const { rows, faults } = readCsv(bytes, shape);
    assert.deepEqual(faults.told, []);
    assert.equal(unguardFormula(rows[0]!.values.a!), a);
    assert.equal(unguardFormula(rows[0]!.values.b!), b);
  }));
  assert.equal(unguardFormula(guardFormula("=1")), "=1");
  assert.equal(unguardFormula("'quoted"), "'quoted");
});
