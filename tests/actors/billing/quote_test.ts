import assert from "node:assert/strict";
import fc from "fast-check";
import { TerminalError } from "../../../protocol/errors.ts";
import { tariffOf } from "../../../actors/billing/tariff/catalogue.ts";
import { dateOf, dayOf } from "../../../actors/billing/tariff/dates.ts";
import { monthsHundredths, scaledLimit } from "../../../actors/billing/tariff/months.ts";
import { shareByDays } from "../../../actors/billing/tariff/shares.ts";
import { quote } from "../../../actors/billing/tariff/quote.ts";
import type { QuoteRequest } from "../../../actors/billing/tariff/request.ts";
import { divideHalfUp } from "../../../actors/billing/tariff/rounding.ts";

const tariff = tariffOf("msedcl-lt-1b");
const april: QuoteRequest = {
  from: "2026-04-01",
  to: "2026-05-01",
  units: 250,
  phase: 1,
  municipal: false,
  fac_rates: [],
};
const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);
const amounts = (request: QuoteRequest, code: string) =>
  quote(tariff, request).lines.filter((line) => line.code === code).map((line) =>
    line.amount_paise
  );

/** Any request that the tariff answers, over all three versions. */
const requests = fc.record({
  start: fc.integer({ min: dayOf("2024-04-01"), max: dayOf("2026-09-01") }),
  days: fc.integer({ min: 1, max: 800 }),
  units: fc.integer({ min: 0, max: 3_600 }),
  municipal: fc.boolean(),
  fac_rates: fc.oneof(
    fc.constant([]),
    fc.array(fc.integer({ min: 0, max: 30_000 }), { minLength: 4, maxLength: 4 }),
  ),
}).map(({ start, days, ...rest }): QuoteRequest => ({
  from: dateOf(start),
  to: dateOf(start + days),
  phase: 1,
  ...rest,
}));

Deno.test("quote() has lines that sum to what is to be paid, all of them integers", () => {
  fc.assert(fc.property(requests, (request) => {
    const result = quote(tariff, request);
    const all = result.lines.map((line) => line.amount_paise);
    assert.ok(all.every(Number.isSafeInteger));
    assert.equal(sum(all), result.payable_paise);
    assert.equal(sum(all.slice(0, -1)), result.total_paise);
    assert.equal(result.payable_paise % 1_000, 0);
    assert.ok(Math.abs(result.rounding_paise) <= 500);
    const energy = result.lines.filter((line) => line.code === "energy");
    assert.equal(sum(energy.map((line) => line.units!)), request.units);
    assert.equal(sum(result.parts.map((part) => part.days)), result.days);
  }));
});

Deno.test("quote() never costs less for one unit more", () => {
  fc.assert(fc.property(requests, (request) => {
    fc.pre(request.units < 3_600);
    const more = quote(tariff, { ...request, units: request.units + 1 });
    assert.ok(more.total_paise >= quote(tariff, request).total_paise);
  }));
});

Deno.test("shareByDays() sums to the whole and takes from no part when a unit is added", () => {
  const days = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 6 });
  fc.assert(fc.property(fc.integer({ min: 0, max: 100_000 }), days, (units, parts) => {
    const shares = shareByDays(units, parts);
    assert.equal(sum(shares), units);
    const more = shareByDays(units + 1, parts);
    assert.ok(shares.every((share, i) => more[i]! >= share && share >= 0));
    const exact = parts.map((part) => units * part / sum(parts));
    // Each cut rounds by half a unit at most: one rate change costs half a unit, and so on.
    const off_max = (parts.length - 1) / 2 + 1e-6;
    assert.ok(shares.every((share, i) => Math.abs(share - exact[i]!) <= off_max));
  }));
});

Deno.test("quote() splits a period at a rate change, each part under its own limits", () => {
  const result = quote(tariff, { ...april, from: "2026-03-17", to: "2026-04-17", units: 250 });
  assert.deepEqual(
    result.parts.map(({ from, to, days, months, units }) => ({
      from,
      to,
      days,
      months,
      units,
    })),
    [
      { from: "2026-03-17", to: "2026-04-01", days: 15, months: 0.5, units: 121 },
      { from: "2026-04-01", to: "2026-04-17", days: 16, months: 0.53, units: 129 },
    ],
  );
  const energy = result.lines.filter((line) => line.code === "energy");
  assert.deepEqual(energy.map((line) => [line.units, line.rate]), [
    [50, 42_800],
    [71, 111_000],
    [53, 39_600],
    [76, 108_000],
  ]);
});

Deno.test("quote() charges one month for a cycle of 28 to 32 days, parts of it by days", () => {
  const fixed = (from: string, to: string) => sum(amounts({ ...april, from, to }, "fixed"));
  assert.equal(fixed("2026-06-01", "2026-06-29"), 13_000); // 28 days
  assert.equal(fixed("2026-05-01", "2026-06-02"), 13_000); // 32 days
  assert.equal(fixed("2026-06-01", "2026-06-28"), 11_700); // 27 days, 0.90 months
  assert.equal(fixed("2026-05-01", "2026-06-03"), 14_300); // 33 days, 1.10 months
  assert.equal(fixed("2026-03-17", "2026-04-17"), 13_000); // 31 days over a rate change
});

Deno.test("quote() scales slab limits by months in a normal cycle too", () => {
  assert.equal(monthsHundredths(31), 103);
  assert.equal(scaledLimit(100, { numerator: 103, denominator: 100 }), 103);
  const may = quote(tariff, { ...april, from: "2026-05-01", to: "2026-06-01", units: 103 });
  assert.deepEqual(may.lines.filter((line) => line.code === "energy").map((line) => line.units), [
    103,
  ]);
  assert.equal(may.months, 1.03);
});

Deno.test("quote() leaves the day of the closing reading to the next period", () => {
  const march = quote(tariff, { ...april, from: "2026-03-02", to: "2026-04-01" });
  assert.deepEqual(march.parts.map((part) => part.effective_from), ["2025-07-01"]);
});

Deno.test("quote() takes one FAC rate for all slabs, or one a slab", () => {
  assert.deepEqual(amounts({ ...april, fac_rates: [5_000] }, "fac"), [5_000, 7_500]);
  assert.deepEqual(amounts({ ...april, fac_rates: [5_000, 6_000, 0, 0] }, "fac"), [5_000, 9_000]);
});

Deno.test("quote() adds the municipal charge to the fixed charge", () => {
  assert.deepEqual(amounts({ ...april, municipal: true }, "fixed"), [14_000]);
});

Deno.test("quote() refuses a 3-phase connection where the order states no rate", () => {
  const request: QuoteRequest = { ...april, phase: 3, from: "2026-03-17", to: "2026-04-17" };
  assert.throws(
    () => quote(tariff, request),
    (error) => error instanceof TerminalError && /not stated in the order/.test(error.message),
  );
});

const refused: [string, Partial<QuoteRequest>, RegExp][] = [
  ["negative units", { units: -1 }, /cannot be negative/],
  ["half a unit", { units: 0.5 }, /whole units/],
  ["units that are no number", { units: NaN }, /whole units/],
  ["absurd units", { units: 108_001 }, /at most 108000 \(a low-tension connection/],
  ["equal dates", { to: "2026-04-01" }, /at least a day/],
  ["swapped dates", { to: "2026-03-01" }, /earlier date comes first/],
  ["a date that does not exist", { to: "2026-04-31" }, /not a date/],
  ["a date in words", { from: "1 April" }, /not a date/],
  ["a date before the first version", { from: "2024-03-31" }, /known from 2024-04-01/],
  ["a period of decades", { to: "2046-05-01" }, /at most 1827/],
  ["three FAC rates for four slabs", { fac_rates: [1, 2, 3] }, /3 FAC rates for 4 slabs/],
  ["a negative FAC", { fac_rates: [-1] }, /from 0 to 100/],
  ["an absurd FAC", { fac_rates: [1_000_001] }, /from 0 to 100/],
];

for (const [what, change, message] of refused) {
  Deno.test(`quote() refuses ${what}`, () => {
    assert.throws(
      () => quote(tariff, { ...april, ...change }),
      (error) => error instanceof RangeError && message.test(error.message),
    );
  });
}

Deno.test("divideHalfUp() rounds a half upward on both sides of zero", () => {
  assert.deepEqual([5, 4, -5, -4, -6].map((n) => divideHalfUp(n, 10)), [1, 0, 0, 0, -1]);
  assert.equal(divideHalfUp(9_007_199_254_740_991n * 10n + 4n, 10), Number.MAX_SAFE_INTEGER);
  assert.throws(() => divideHalfUp(1, 0), RangeError);
  assert.throws(() => divideHalfUp(2n ** 60n, 1), RangeError);
});
