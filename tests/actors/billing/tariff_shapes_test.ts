/** Each shape of charge, with sums that one can do in the head. */
import assert from "node:assert/strict";
import { tariffOf } from "../../../actors/billing/tariff/catalogue.ts";
import { InputsMissing } from "../../../actors/billing/tariff/inputs.ts";
import { quote } from "../../../actors/billing/tariff/quote.ts";
import { roundTo } from "../../../actors/billing/tariff/rounding.ts";
import { TerminalError } from "../../../protocol/errors.ts";
import { chargesOf, energy, june, linesOf, tariffWith } from "./tariff_fixture.ts";

const head = { code: "x", description: "X" };

Deno.test("slabs: a month that ends in a whole slab costs all its units at that rate", () => {
  const slabs = [{ to_units: 100, rate: 10_000 }, { to_units: 200, rate: 20_000 }, {
    to_units: null,
    rate: 30_000,
  }];
  const telescopic = tariffWith([{ ...head, kind: "slabs", telescopic: true, slabs }]);
  const whole = tariffWith([{ ...head, kind: "slabs", telescopic: false, slabs }]);
  const mixed = tariffWith([{
    ...head,
    kind: "slabs",
    telescopic: true,
    slabs: slabs.map((slab, i) => i === 2 ? { ...slab, whole: true } : slab),
  }]);
  const paise = (tariff: typeof whole, units: number) => quote(tariff, june(units)).total_paise;
  assert.deepEqual([100, 101, 200, 201].map((units) => paise(telescopic, units)), [
    10_000,
    10_200,
    30_000,
    30_300,
  ]);
  assert.deepEqual([0, 100, 101, 200, 201].map((units) => paise(whole, units)), [
    0,
    10_000,
    20_200,
    40_000,
    60_300,
  ]);
  assert.deepEqual([100, 200, 201].map((units) => paise(mixed, units)), [10_000, 30_000, 60_300]);
  assert.equal(quote(whole, june(150)).lines[0]!.description, "X, all units, being 101 to 200");
});

Deno.test("slabs: a rate change within the month does not change the bracket of the month", () => {
  const charge = (rate: number) => ({
    ...head,
    kind: "slabs",
    telescopic: false,
    slabs: [{ to_units: 100, rate: 10_000 }, { to_units: null, rate }],
  });
  const one = tariffWith([charge(20_000)], { effective_to: "2026-06-10" });
  const next = tariffWith([charge(30_000)], { effective_from: "2026-06-11" });
  const both = { ...one, versions: [...one.versions, ...next.versions] };
  // 101 units: 34 in 10 days, 67 in 20. Each part alone would have more room, or less.
  assert.deepEqual(chargesOf(quote(both, june(101))).map(({ units, rate }) => [units, rate]), [
    [34, 20_000],
    [67, 30_000],
  ]);
  assert.deepEqual(chargesOf(quote(both, june(100))).map(({ rate }) => rate), [10_000, 10_000]);
});

Deno.test("slabs: no unit is lost before whole slabs when a part's limit is rounded down", () => {
  const charge = {
    ...head,
    kind: "slabs",
    telescopic: true,
    slabs: [{ to_units: 180, rate: 10_000 }, { to_units: null, rate: 20_000, whole: true }],
  };
  const one = tariffWith([charge], { effective_to: "2026-06-10" });
  const next = tariffWith([charge], { effective_from: "2026-06-11" });
  const both = { ...one, versions: [...one.versions, ...next.versions] };
  // 31 days: limit 185. The first 10 have 60 of 185 units, and 0.33 months make the limit 59.
  const ask = { ...june(185), to: "2026-07-02" };
  assert.deepEqual(chargesOf(quote(both, ask)).map((line) => line.units), [60, 125]);
  assert.equal(quote(both, ask).total_paise, 18_500);
});

Deno.test("slabs: limits may be stated for more months than one", () => {
  const slabs = [{ to_units: 200, rate: 10_000 }, { to_units: null, rate: 20_000 }];
  const tariff = tariffWith([
    { ...head, kind: "slabs", telescopic: true, limits_for_months: 2, slabs },
  ]);
  assert.deepEqual(linesOf(tariff, june(101)), [["x", 10_000], ["x", 200]]);
});

Deno.test("cycle: a normal one of two months costs two months, whatever its days", () => {
  const cycle = { months: 2, days: { min: 56, max: 64 }, limits: "by_days" };
  const slabs = [{ to_units: 100, rate: 10_000 }, { to_units: null, rate: 20_000 }];
  const charges = [
    { ...head, kind: "slabs", telescopic: true, slabs },
    { ...head, code: "fixed", kind: "per_month", amount_paise: 5_000 },
  ];
  const ask = { ...june(203), to: "2026-08-01" }; // 61 days, 2.03 months
  const by_days = tariffWith(charges, { cycle });
  assert.deepEqual(linesOf(by_days, ask), [["x", 20_300], ["fixed", 10_000]]);
  const whole = tariffWith(charges, { cycle: { ...cycle, limits: "whole" } });
  assert.deepEqual(linesOf(whole, ask), [["x", 20_000], ["x", 600], ["fixed", 10_000]]);
  // 30 days are no normal cycle of this tariff: one month by days.
  assert.deepEqual(linesOf(whole, june(0)), [["x", 0], ["fixed", 5_000]]);
});

Deno.test("per_month: one amount for all, or one by phases, more in municipal areas", () => {
  const flat = tariffWith([{ ...head, kind: "per_month", amount_paise: 5_000 }]);
  assert.deepEqual(linesOf(flat, june(0, { phase: 3, municipal: true })), [["x", 5_000]]);
  const more = tariffWith([
    { ...head, kind: "per_month", amount_paise: { "1": 1, "3": 2 }, municipal_paise: 40 },
  ]);
  assert.deepEqual(linesOf(more, june(0, { phase: 3, municipal: true })), [["x", 42]]);
});

Deno.test("per_kw_month: a part of a kW counts as the tariff says, or is refused", () => {
  const by = (part_of_kw: string | null) =>
    tariffWith([{ ...head, kind: "per_kw_month", paise_a_kw: 10_000, part_of_kw }]);
  const ask = june(0, { sanctioned_w: 2_500 });
  assert.deepEqual(linesOf(by("exact"), ask), [["x", 25_000]]);
  assert.deepEqual(linesOf(by("next_whole"), ask), [["x", 30_000]]);
  assert.throws(
    () => quote(by(null), ask),
    (error) => error instanceof TerminalError && /2\.5 kW.*not stated.*guessed/.test(error.message),
  );
  assert.deepEqual(linesOf(by(null), june(0, { sanctioned_w: 2_000 })), [["x", 20_000]]);
});

Deno.test("bracket_month: the amount hangs on the units of the cycle, scaled by its months", () => {
  const brackets = [{ to_units: 100, amount_paise: 1_000 }, { to_units: null, amount_paise: null }];
  const tariff = tariffWith([{ ...head, kind: "bracket_month", brackets }]);
  assert.deepEqual(linesOf(tariff, june(100)), [["x", 1_000]]);
  assert.deepEqual(linesOf(tariff, { ...june(103), to: "2026-07-02" }), [["x", 1_000]]);
  assert.throws(() => quote(tariff, june(101)), /over 100 kWh: not stated in the order/);
});

Deno.test("demand: the floor of the contract, and what is above it", () => {
  const charge = { ...head, kind: "demand", paise_a_kva: 100 };
  const rules = { contract_floor_hundredths: 7_500, excess_surcharge_hundredths: 5_000 };
  const [plain, ruled] = [tariffWith([charge]), tariffWith([{ ...charge, ...rules }])];
  const at = (demand_va: number) => june(0, { demand_va, contract_va: 100_000 });
  assert.deepEqual(linesOf(plain, june(0, { demand_va: 45_500 })), [["x", 4_550]]);
  assert.deepEqual(linesOf(ruled, at(60_000)), [["x", 7_500]]);
  assert.deepEqual(linesOf(ruled, at(100_000)), [["x", 10_000]]);
  assert.deepEqual(linesOf(ruled, at(110_000)), [["x", 11_000], ["x", 500]]);
});

Deno.test("power_factor: given, or kWh over kVAh of the whole cycle", () => {
  const tariff = tariffWith([energy, {
    ...head,
    kind: "power_factor",
    of: ["energy"],
    brackets: [
      { below: 900, percent_hundredths: 200 },
      { below: 950, percent_hundredths: 0 },
      { below: null, percent_hundredths: -100 },
    ],
  }]);
  const rebate = (more: Parameters<typeof june>[1]) => linesOf(tariff, june(1_000, more)).slice(1);
  assert.deepEqual(rebate({ power_factor_thousandths: 899 }), [["x", 2_000]]);
  assert.deepEqual(rebate({ power_factor_thousandths: 900 }), []);
  assert.deepEqual(rebate({ power_factor_thousandths: 950 }), [["x", -1_000]]);
  assert.deepEqual(rebate({ kvah: 1_112 }), [["x", 2_000]]); // 0.899
  assert.deepEqual(rebate({ kvah: 1_111 }), []); // 0.900
  assert.deepEqual(linesOf(tariff, june(0, { kvah: 0 })), [["energy", 0], ["x", 0]]);
});

const tod = tariffWith([energy, {
  ...head,
  kind: "time_of_day",
  of: "energy",
  rates: [
    { band: "day", season: "hot", percent_hundredths: -1_500 },
    { band: "day", season: "cool", rate: -5_000 },
    { band: "night", percent_hundredths: 2_000 },
  ],
}], {
  seasons: [{ name: "hot", months: [4, 5, 6, 7, 8, 9] }, {
    name: "cool",
    months: [1, 2, 3, 10, 11, 12],
  }],
  time_of_day: {
    measure: "kwh",
    bands: [{ name: "day", hours: ["06:00-22:00"] }, { name: "night", hours: ["22:00-06:00"] }],
  },
});

Deno.test("time_of_day: less by day and more by night, and by season", () => {
  const bands = { day: 600, night: 400 };
  assert.deepEqual(linesOf(tod, june(1_000, { bands })), [
    ["energy", 100_000],
    ["x", -9_000],
    ["x", 8_000],
  ]);
  const cool = { ...june(1_000, { bands }), from: "2026-10-01", to: "2026-10-31" };
  assert.deepEqual(linesOf(tod, cool)[1], ["x", -30_000]);
});

Deno.test("quote() splits a period where the season turns", () => {
  const bands = { day: 600, night: 400 };
  const turn = { ...june(1_000, { bands }), from: "2026-09-16", to: "2026-10-16" };
  assert.deepEqual(
    quote(tod, turn).parts.map(({ season, from, to, units }) => [season, from, to, units]),
    [["hot", "2026-09-16", "2026-10-01", 500], ["cool", "2026-10-01", "2026-10-16", 500]],
  );
  assert.deepEqual(linesOf(tod, turn).filter(([code]) => code === "x"), [
    ["x", -4_500],
    ["x", 4_000],
    ["x", -15_000],
    ["x", 4_000],
  ]);
});

Deno.test("minimum: what is missing to it, by the connection and by the load", () => {
  const tariff = tariffWith([energy, {
    ...head,
    kind: "minimum",
    amount_paise: 1_000,
    paise_a_kw: 2_000,
    of: ["energy"],
  }]);
  const ask = (units: number) => linesOf(tariff, june(units, { sanctioned_w: 1_500 }));
  assert.deepEqual(ask(0), [["energy", 0], ["x", 4_000]]);
  assert.deepEqual(ask(39), [["energy", 3_900], ["x", 100]]);
  assert.deepEqual(ask(40), [["energy", 4_000]]);
});

Deno.test("rebates and surcharges: below zero a unit, a month or of others, and under conditions", () => {
  const tariff = tariffWith([
    energy,
    { ...head, kind: "per_unit", rate: -1_000, when: { units_to: 100 } },
    { ...head, code: "y", kind: "per_month", amount_paise: -50, when: { phases: [3] } },
    { ...head, code: "z", kind: "percentage", percent_hundredths: -1_000, of: ["energy"] },
  ]);
  assert.deepEqual(linesOf(tariff, june(100)), [["energy", 10_000], ["x", -1_000], ["z", -1_000]]);
  assert.deepEqual(linesOf(tariff, june(101)), [["energy", 10_100], ["z", -1_010]]);
  assert.deepEqual(linesOf(tariff, june(101, { phase: 3 }))[1], ["y", -50]);
  const gift = tariffWith([{ ...head, kind: "per_month", amount_paise: -50 }]);
  assert.throws(() => quote(gift, june(0)), /rebates are more than the charges by 50 paise/);
});

Deno.test("fuel adjustment follows one rate, and the slab at which a whole month goes", () => {
  const fac = (code: string) => ({ ...head, code: "fac", kind: "slab_adjustment", slabs_of: code });
  const single = tariffWith([energy, fac("energy")]);
  assert.deepEqual(linesOf(single, june(100, { fac_rates: [5_000] }))[1], ["fac", 5_000]);
  assert.throws(
    () => quote(single, june(1, { fac_rates: [1, 2] })),
    /2 FAC rates for 1 slab: give/,
  );
  const slabs = [{ to_units: 100, rate: 10_000 }, { to_units: null, rate: 20_000 }];
  const whole = tariffWith([{ ...head, kind: "slabs", telescopic: false, slabs }, fac("x")]);
  assert.deepEqual(linesOf(whole, june(101, { fac_rates: [1_000, 2_000] })), [
    ["x", 20_200],
    ["fac", 2_020],
  ]);
});

Deno.test("payable: to the nearest step, always up, or always down", () => {
  const paid = (payable_rounding: string | undefined, units: number) => {
    const rounding = payable_rounding === undefined ? {} : { payable_rounding };
    const result = quote(
      tariffWith([energy], { payable_step_paise: 1_000, ...rounding }),
      june(units),
    );
    assert.equal(result.total_paise + result.rounding_paise, result.payable_paise);
    return result.payable_paise;
  };
  assert.deepEqual([14, 15, 20].map((units) => paid(undefined, units)), [1_000, 2_000, 2_000]);
  assert.deepEqual([11, 20].map((units) => paid("up", units)), [2_000, 2_000]);
  assert.deepEqual([19, 20].map((units) => paid("down", units)), [1_000, 2_000]);
  assert.deepEqual(["up", "down"].map((way) => roundTo(-1, 10, way as "up")), [0, -10]);
});

Deno.test("settlement: off says nothing, on says what payment would change, and no line has it", () => {
  const rule = (when: string, enabled: boolean, cap_paise: number | null = null) => ({
    code: when,
    description: when,
    percent_hundredths: 125,
    of: ["total"],
    cap_paise,
    when,
    enabled,
  });
  const off = tariffWith([energy], { settlement: [rule("paid_late", false)] });
  assert.deepEqual(quote(off, june(1_000)).settlement, []);
  const on = tariffWith([energy], {
    settlement: [rule("paid_late", true), rule("paid_digitally", true, 500)],
  });
  const result = quote(on, june(1_000));
  assert.deepEqual(result.settlement.map(({ when, amount_paise }) => [when, amount_paise]), [
    ["paid_late", 1_250],
    ["paid_digitally", -500],
  ]);
  assert.equal(result.payable_paise, 100_000);
});

Deno.test("quote() names all inputs that a tariff needs and nobody gave", () => {
  const commercial = tariffOf("example-commercial-tod");
  assert.throws(() => quote(commercial, june(1)), (error) => {
    assert.ok(error instanceof InputsMissing);
    assert.deepEqual([...error.inputs].sort(), ["bands", "contract", "demand", "kvah"]);
    return true;
  });
  assert.throws(() => quote(tariffOf("karnataka-lt-1"), june(1)), /computed from sanctioned load/);
});

const lost: [string, Partial<Parameters<typeof june>[1]>, RegExp][] = [
  ["kVAh", { kvah: 1 }, /not computed from kVAh/],
  ["demand and contract", { demand_va: 1, contract_va: 1 }, /maximum demand and contract demand/],
  ["a power factor", { power_factor_thousandths: 900 }, /not computed from power factor/],
  ["bands", { bands: { day: 1 } }, /not computed from units by the time of day/],
  ["a fuel adjustment", { fac_rates: [1] }, /not computed from fuel adjustment/],
];

for (const [what, more, message] of lost) {
  Deno.test(`quote() refuses ${what} where the tariff would lose it without a word`, () => {
    assert.throws(() => quote(tariffWith([energy]), june(1, more)), message);
  });
}

const wrong: [string, Parameters<typeof june>[1], RegExp][] = [
  ["a band that is none", { bands: { day: 1, noon: 0 } }, /those of test are day, night/],
  ["a band left out", { bands: { day: 1 } }, /give each, 0 where/],
  ["bands that sum to less", { bands: { day: 1, night: 2 } }, /sum to 3 kWh, and all are 10 kWh/],
  ["a band below zero", { bands: { day: 11, night: -1 } }, /whole number from 0/],
];

for (const [what, more, message] of wrong) {
  Deno.test(`quote() refuses ${what}`, () => {
    assert.throws(() => quote(tod, june(10, more)), message);
  });
}

Deno.test("quote() refuses powers and energies that cannot be", () => {
  const tariff = tariffWith([{ ...energy, measure: "kvah" }]);
  assert.throws(() => quote(tariff, june(10, { kvah: 9 })), /9 kVAh are less than 10 kWh/);
  assert.throws(() => quote(tariff, june(10, { kvah: 10.5 })), /whole number/);
  const load = tariffWith([{ ...head, kind: "per_kw_month", paise_a_kw: 1, part_of_kw: "exact" }]);
  assert.throws(() => quote(load, june(10, { sanctioned_w: 0 })), /load in kW of 0: from 0.001 to/);
  assert.throws(
    () => quote(load, june(10, { sanctioned_w: 1_000_000_001 })),
    /from 0.001 to 1000000$/,
  );
});

Deno.test("quote() says what the source of a tariff does not state", () => {
  const said = quote(tariffOf("tnpdcl-lt-1a"), june(1)).not_stated;
  assert.ok(said.some((note) => /one month or of the two months/.test(note)));
  assert.deepEqual(quote(tariffOf("msedcl-lt-1b"), june(1)).not_stated, []);
});
