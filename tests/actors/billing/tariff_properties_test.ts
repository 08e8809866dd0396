/** What holds for every tariff and every request, tried on many. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { tariffs } from "../../../actors/billing/tariff/catalogue.ts";
import type { Charge } from "../../../actors/billing/tariff/charge.ts";
import { dateOf, dayOf } from "../../../actors/billing/tariff/dates.ts";
import type { TariffDocument, TariffVersion } from "../../../actors/billing/tariff/document.ts";
import { inputsOf } from "../../../actors/billing/tariff/inputs.ts";
import { limitMonths, scaledLimit } from "../../../actors/billing/tariff/months.ts";
import { quote } from "../../../actors/billing/tariff/quote.ts";
import type { QuoteRequest } from "../../../actors/billing/tariff/request.ts";
import { sharesOf } from "../../../actors/billing/tariff/shares.ts";
import { partsOf } from "../../../actors/billing/tariff/parts.ts";
import { chargesOf, sum } from "./tariff_fixture.ts";

const UNITS_MAX = 3_000;

/** One unit more of active energy, in this band where there are bands. */
function plusOne(request: QuoteRequest, band: number): QuoteRequest {
  const { bands, kvah } = request;
  const name = Object.keys(bands ?? {})[band % 3];
  return {
    ...request,
    units: request.units + 1,
    kvah: kvah === undefined ? undefined : kvah + 1,
    bands: bands === undefined ? undefined : { ...bands, [name!]: bands[name!]! + 1 },
  };
}

/** Limits a month of slabs and brackets. */
function limitsOf(version: TariffVersion): number[] {
  const steps = version.charges.flatMap((charge) =>
    charge.kind === "slabs"
      ? charge.slabs.map(({ to_units }) => to_units)
      : charge.kind === "bracket_month"
      ? charge.brackets.map(({ to_units }) => to_units)
      : []
  );
  return steps.filter((limit) => limit !== null);
}

/** Any request that `tariff` answers, in its versions from number `oldest` on. */
function requestsTo(tariff: TariffDocument, oldest = 0): fc.Arbitrary<QuoteRequest> {
  const versions = tariff.versions.slice(oldest);
  const first = dayOf(versions[0]!.effective_from);
  const { effective_to } = versions.at(-1)!;
  const last = effective_to === null ? first + 1_400 : dayOf(effective_to) + 1;
  const needed = inputsOf(versions[0]!);
  const some = <T>(needs: boolean, values: fc.Arbitrary<T>) =>
    needs ? values : fc.constant(undefined);
  return fc.record({
    start: fc.integer({ min: first, max: last - 1 }),
    days: fc.oneof(fc.integer({ min: 1, max: 120 }), fc.integer({ min: 28, max: 32 })),
    // Three numbers, so that they can be the units of three bands.
    anyThirds: fc.tuple(...[1, 2, 3].map(() => fc.integer({ min: 0, max: UNITS_MAX / 3 }))),
    // Where it is most likely to go wrong: at a limit.
    near: fc.option(fc.record({
      limit: fc.constantFrom(0, ...limitsOf(versions[0]!)),
      off: fc.integer({ min: -2, max: 2 }),
    })),
    fac: fc.integer({ min: 0, max: 30_000 }),
    municipal: fc.boolean(),
    reactive: fc.integer({ min: 0, max: 1_000 }),
    sanctioned_w: some(needed.has("sanctioned"), fc.integer({ min: 1, max: 20 })),
    demand_va: some(needed.has("demand"), fc.integer({ min: 0, max: 100_000 })),
    contract_va: some(needed.has("contract"), fc.integer({ min: 1, max: 100_000 })),
  }).map(({ start, days: wanted_days, anyThirds, near, fac, reactive, sanctioned_w, ...rest }) => {
    const days = Math.min(wanted_days, last - start);
    const months = limitMonths(days, days, versions[0]!.cycle);
    const thirds = near === null
      ? anyThirds
      : [Math.max(0, scaledLimit(near.limit, months) + near.off), 0, 0];
    const units = sum(thirds);
    const byBand = versions[0]!.time_of_day?.bands.map(({ name }, i) =>
      [name, thirds[i]!] as const
    );
    const kvah = needed.has("kvah") ? units + reactive : undefined;
    // What is not active goes to the first band: bands of kVAh are in sum all of them.
    const bands = byBand?.map(([name, one], i) => [name, i === 0 ? one + reactive : one]);
    return {
      from: dateOf(start),
      to: dateOf(start + days),
      units,
      phase: 1,
      fac_rates: needed.has("fac") ? [fac] : [],
      kvah,
      bands: bands === undefined ? undefined : Object.fromEntries(bands),
      sanctioned_w: sanctioned_w === undefined ? undefined : sanctioned_w * 1_000,
      ...rest,
    };
  });
}

for (const tariff of tariffs()) {
  Deno.test(`${tariff.id}: the lines sum to what is to be paid, to the paisa`, () => {
    fc.assert(fc.property(requestsTo(tariff), (request) => {
      const result = quote(tariff, request);
      const all = result.lines.map((line) => line.amount_paise);
      assert.ok(all.every(Number.isSafeInteger));
      assert.equal(sum(all), result.payable_paise);
      assert.equal(sum(chargesOf(result).map((line) => line.amount_paise)), result.total_paise);
      assert.equal(result.payable_paise % tariff.versions[0]!.payable_step_paise, 0);
      // No unit is lost between slabs, and none is charged twice.
      const energy = result.lines.filter((line) => line.code === "energy");
      assert.equal(sum(energy.map((line) => line.units!)), request.kvah ?? request.units);
    }));
  });

  Deno.test(`${tariff.id}: the parts of a period have in sum what was used in it`, () => {
    fc.assert(fc.property(requestsTo(tariff), (request) => {
      const shares = sharesOf(partsOf(tariff, request.from, request.to), request);
      assert.equal(sum(shares.map(({ energy }) => energy.kwh)), request.units);
      assert.equal(sum(shares.map(({ energy }) => energy.kvah ?? 0)), request.kvah ?? 0);
      for (const [band, units] of Object.entries(request.bands ?? {})) {
        assert.equal(sum(shares.map(({ bands }) => bands![band]!)), units);
        assert.ok(shares.every(({ bands }) => bands![band]! >= 0));
      }
      if (request.bands === undefined) return;
      const ofBands = shares.map(({ bands }) => sum(Object.values(bands!)));
      assert.deepEqual(ofBands, shares.map(({ energy }) => energy.kvah));
    }));
  });
}

for (const tariff of tariffs().filter((one) => one.total_may_fall === undefined)) {
  Deno.test(`${tariff.id} promises that the total never falls as units rise, and keeps it`, () => {
    fc.assert(
      fc.property(requestsTo(tariff), fc.nat(2), (request, band) => {
        const more = quote(tariff, plusOne(request, band));
        assert.ok(more.total_paise >= quote(tariff, request).total_paise);
      }),
      { numRuns: 500 },
    );
  });
}

Deno.test("a tariff that does not promise it does fall: the promise is no empty one", () => {
  const tariff = tariffs().find((one) => one.total_may_fall !== undefined)!;
  const ask = (kwh: number): QuoteRequest => ({
    from: "2026-06-01",
    to: "2026-07-01",
    units: kwh,
    kvah: 10_000,
    phase: 3,
    municipal: false,
    fac_rates: [],
    demand_va: 50_000,
    contract_va: 60_000,
    bands: { night: 3_000, solar: 3_000, evening: 4_000 },
  });
  assert.ok(quote(tariff, ask(9_495)).total_paise < quote(tariff, ask(9_494)).total_paise);
});

/** `tariff` with one version alone, and with that version cut in two at `day`, at the same rates. */
function cutAt(tariff: TariffDocument, version: TariffVersion, day: number) {
  const before = { ...version, effective_to: dateOf(day - 1) };
  const after = { ...version, effective_from: dateOf(day) };
  return {
    whole: { ...tariff, versions: [version] },
    cut: { ...tariff, versions: [before, after] },
  };
}

for (const tariff of tariffs()) {
  for (const [i, version] of tariff.versions.entries()) {
    Deno.test(`${tariff.id} from ${version.effective_from}: a split period is the whole, within rounding`, () => {
      const alone = { ...tariff, versions: [version] };
      fc.assert(
        fc.property(requestsTo(alone), fc.integer({ min: 1, max: 119 }), (request, at) => {
          const [from, to] = [dayOf(request.from), dayOf(request.to)];
          fc.pre(at < to - from);
          const { whole, cut } = cutAt(tariff, tariff.versions[i]!, from + at);
          const one = quote(whole, request);
          const two = quote(cut, request);
          const apart = Math.abs(one.total_paise - two.total_paise);
          const most = roundingPaise(version, two.parts.length, two.lines.length, request);
          assert.ok(apart <= most, `${apart} paise apart, rounding explains ${most}`);
        }),
        { numRuns: 300 },
      );
    });
  }
}

/**
 * The most that rounding can make of a cut. Each part and the whole round their months to 0.005, each
 * limit to half a unit, units to at most one a part, and each line to half a paisa; percentages on top.
 */
function roundingPaise(
  version: TariffVersion,
  parts: number,
  lines: number,
  request: QuoteRequest,
): number {
  const of = version.charges.map((charge) => boundOf(charge, parts + 1, request));
  const percent = sum(
    version.charges.map((charge) =>
      charge.kind === "percentage"
        ? charge.percent_hundredths
        : charge.kind === "power_factor"
        ? 200
        : 0
    ),
  );
  return Math.ceil((sum(of) + lines / 2) * (1 + percent / 10_000));
}

const MONTHS_ROUNDED = 0.005;

function boundOf(charge: Charge, roundings: number, request: QuoteRequest): number {
  switch (charge.kind) {
    case "slabs": {
      const rates = charge.slabs.map(({ rate }) => rate);
      const limits = charge.slabs.slice(0, -1).map(({ to_units }, k) =>
        roundings * (MONTHS_ROUNDED * to_units! + 0.5) * Math.abs(rates[k + 1]! - rates[k]!)
      );
      // A unit that rounding puts into another part may meet the lowest rate for the highest.
      return (sum(limits) + roundings * (Math.max(...rates) - Math.min(...rates))) / 100;
    }
    case "per_month": {
      const { amount_paise, municipal_paise = 0 } = charge;
      const amount = typeof amount_paise === "number" ? amount_paise : amount_paise["1"]!;
      return roundings * MONTHS_ROUNDED * (amount + municipal_paise);
    }
    case "per_kw_month":
      return roundings * MONTHS_ROUNDED * charge.paise_a_kw * request.sanctioned_w! / 1_000;
    case "bracket_month":
      return roundings * MONTHS_ROUNDED * Math.max(...charge.brackets.map((b) => b.amount_paise!));
    case "demand":
      return roundings * MONTHS_ROUNDED * charge.paise_a_kva * 1.5 *
        Math.max(request.demand_va!, request.contract_va!) / 1_000;
    case "minimum":
      return roundings * MONTHS_ROUNDED * charge.amount_paise!;
    case "time_of_day":
      // A unit in another part may be in another season: a quarter of 8 rupees and more.
      return roundings * 800;
    // By unit, at the same rate in every part; percentages are taken of all that.
    case "slab_adjustment":
    case "per_unit":
    case "percentage":
    case "power_factor":
      return 0;
  }
}
