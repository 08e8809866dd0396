import assert from "node:assert/strict";
import { indianDateOf } from "../../../protocol/indian_time.ts";
import {
  dateLong,
  groupIndian,
  instantLong,
  kwh,
  periodLong,
  quantity,
  rate,
  rupees,
  rupeesShort,
} from "../../../streams/delivery/format.ts";

Deno.test("groupIndian() groups by thousands, lakhs and crores", () => {
  const cases: [number, string][] = [
    [0, "0"],
    [999, "999"],
    [1000, "1,000"],
    [99_999, "99,999"],
    [100_000, "1,00,000"],
    [12_345_678, "1,23,45,678"],
    [-123_456, "-1,23,456"],
  ];
  for (const [given, wanted] of cases) assert.equal(groupIndian(given), wanted);
});

Deno.test("rupees() keeps the sign and both decimals of an amount in paise", () => {
  assert.equal(rupees(12_345_678), "1,23,456.78");
  assert.equal(rupees(-336), "-3.36");
  assert.equal(rupees(-5), "-0.05");
  assert.equal(rupeesShort(295_000), "2,950");
  assert.equal(rupeesShort(295_050), "2,950.50");
});

Deno.test("rate(), kwh() and quantity() show what was charged, without rounding it away", () => {
  assert.equal(rate(39_600), "3.96");
  assert.equal(rate(5), "0.0005");
  assert.equal(rate(1_300_000), "130.00");
  assert.equal(kwh(14_523_402), "14,523.402");
  assert.equal(quantity(1.03), "1.03");
  assert.equal(quantity(1500), "1,500");
});

Deno.test("dates are those of India, in both languages", () => {
  const beforeMidnightUtc = Date.parse("2026-04-30T18:30:00Z");
  assert.equal(indianDateOf(beforeMidnightUtc), "2026-05-01");
  assert.equal(instantLong(beforeMidnightUtc - 1000, "en"), "30 April 2026, 23:59:59");
  assert.equal(dateLong("2026-05-21", "mr"), "21 मे 2026");
  assert.equal(periodLong("2026-11", "mr"), "नोव्हेंबर 2026");
});
