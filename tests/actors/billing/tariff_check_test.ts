/** Every kind of fault that a tariff file can have, and that all of them are told at once. */
import assert from "node:assert/strict";
import { tariffOf, tariffs } from "../../../actors/billing/tariff/catalogue.ts";
import fc from "fast-check";
import { checkTariff, FAULTS_MAX } from "../../../actors/billing/tariff/check.ts";

/** A document of any shape, to be spoiled. */
// deno-lint-ignore no-explicit-any
type Loose = any;

const faultsIn = (raw: unknown) => checkTariff(raw).faults;
const copyOf = (id: string): Loose => structuredClone(tariffOf(id));

/** Tariff, what is spoiled in it, and the one fault that this makes: its place and words. */
const single: [string, string, (d: Loose) => void, string, RegExp][] = [
  [
    "an unknown field",
    "rajasthan-lt-1",
    (d) => d.versions[0].charges[0].rats = 1,
    "versions[0].charges[0].rats",
    /unknown field/,
  ],
  [
    "an unknown field above all",
    "rajasthan-lt-1",
    (d) => d.currency = "INR",
    "currency",
    /unknown field/,
  ],
  ["a field that is missing", "rajasthan-lt-1", (d) => delete d.utility, "utility", /is missing/],
  [
    "an unknown kind",
    "karnataka-lt-1",
    (d) => d.versions[0].charges[1].kind = "per_kw",
    "versions[0].charges[1].kind",
    /one of slabs, per_unit/,
  ],
  [
    "a rate as text",
    "rajasthan-lt-1",
    (d) => d.versions[0].charges[0].slabs[1].rate = "6.00",
    "versions[0].charges[0].slabs[1].rate",
    /must be a number/,
  ],
  [
    "a rate of parts",
    "rajasthan-lt-1",
    (d) => d.versions[0].charges[0].slabs[1].rate = 6.5,
    "versions[0].charges[0].slabs[1].rate",
    /must be a whole number/,
  ],
  ["an id with blanks", "rajasthan-lt-1", (d) => d.id = "My tariff", "id", /small letters/],
  [
    "a date in words",
    "rajasthan-lt-1",
    (d) => d.versions[0].effective_from = "1 April 2026",
    "versions[0].effective_from",
    /YYYY-MM-DD/,
  ],
  [
    "a gap between versions",
    "msedcl-lt-1b",
    (d) => d.versions[0].effective_to = "2025-06-28",
    "versions[0].effective_to",
    /gap of 2 days, from 2025-06-29 to 2025-06-30/,
  ],
  [
    "an overlap of versions",
    "msedcl-lt-1b",
    (d) => d.versions[0].effective_to = "2025-07-02",
    "versions[0].effective_to",
    /overlap of 2 days/,
  ],
  [
    "an open version in the middle",
    "msedcl-lt-1b",
    (d) => d.versions[1].effective_to = null,
    "versions[1].effective_to",
    /only the last one is open/,
  ],
  [
    "slabs out of order",
    "rajasthan-lt-1",
    (d) => d.versions[0].charges[0].slabs[1].to_units = 40,
    "versions[0].charges[0].slabs[1].to_units",
    /40 is not more than 50/,
  ],
  [
    "a slab without an end in the middle",
    "rajasthan-lt-1",
    (d) => d.versions[0].charges[0].slabs[1].to_units = null,
    "versions[0].charges[0].slabs[1].to_units",
    /the last one alone is null/,
  ],
  [
    "a last slab with an end",
    "rajasthan-lt-1",
    (d) => d.versions[0].charges[0].slabs[3].to_units = 900,
    "versions[0].charges[0].slabs[3].to_units",
    /the last one is null/,
  ],
  [
    "brackets out of order",
    "rajasthan-lt-1",
    (d) => d.versions[0].charges[1].brackets[1].to_units = 150,
    "versions[0].charges[1].brackets[1].to_units",
    /150 is not more than 150/,
  ],
  [
    "power factors out of order",
    "example-commercial-tod",
    (d) => d.versions[0].charges[4].brackets[1].below = 900,
    "versions[0].charges[4].brackets[1].below",
    /not more than 900/,
  ],
  [
    "a telescopic slab after a whole one",
    "example-non-telescopic",
    (d) => d.versions[0].charges[0].slabs[7].whole = false,
    "versions[0].charges[0].slabs[7]",
    /must be whole too/,
  ],
  [
    "a code that is there twice",
    "karnataka-lt-1",
    (d) => {
      d.versions[0].charges[1].code = "energy";
      for (const example of d.versions[0].examples) delete example.paise_by_code.fixed;
    },
    "versions[0].charges[1].code",
    /code of another charge/,
  ],
  [
    "a code that is the name of a sum",
    "karnataka-lt-1",
    (d) => {
      d.versions[0].charges[1].code = "rounding";
      for (const example of d.versions[0].examples) delete example.paise_by_code.fixed;
    },
    "versions[0].charges[1].code",
    /name of a sum/,
  ],
  [
    "a percentage of what is not there",
    "msedcl-lt-1b",
    (d) => d.versions[0].charges[4].of[1] = "enrgy",
    "versions[0].charges[4].of[1]",
    /no charge "enrgy" before it/,
  ],
  [
    "a fuel adjustment of what is not there",
    "msedcl-lt-1b",
    (d) => d.versions[0].charges[3].slabs_of = "enrgy",
    "versions[0].charges[3].slabs_of",
    /no charge "enrgy"/,
  ],
  [
    "a fuel adjustment of a fixed charge",
    "msedcl-lt-1b",
    (d) => d.versions[0].charges[3].slabs_of = "fixed",
    "versions[0].charges[3].slabs_of",
    /of kind per_month, not slabs or per_unit/,
  ],
  [
    "a season that is none",
    "example-commercial-tod",
    (d) => d.versions[0].charges[1].rates[0].season = "sumer",
    "versions[0].charges[1].rates[0].season",
    /no season "sumer"/,
  ],
  [
    "a condition by a season that is none",
    "karnataka-lt-1",
    (d) => d.versions[0].charges[1].when = { seasons: ["hot"] },
    "versions[0].charges[1].when.seasons[0]",
    /no season "hot"/,
  ],
  [
    "a condition that never holds",
    "karnataka-lt-1",
    (d) => d.versions[0].charges[1].when = { units_over: 50, units_to: 50 },
    "versions[0].charges[1].when",
    /never applies/,
  ],
  [
    "a month in no season",
    "example-commercial-tod",
    (d) => d.versions[0].seasons[0].months.pop(),
    "versions[0].seasons",
    /no season has the month 9/,
  ],
  [
    "a month in two seasons",
    "example-commercial-tod",
    (d) => d.versions[0].seasons[1].months.push(4),
    "versions[0].seasons[1].months[6]",
    /month 4 is in a season already/,
  ],
  [
    "two seasons of one name",
    "example-commercial-tod",
    (d) => {
      d.versions[0].seasons = [{ name: "summer", months: [1, 2, 3, 4, 5, 6] }, {
        name: "summer",
        months: [7, 8, 9, 10, 11, 12],
      }];
      d.versions[0].charges[1].rates = [{ band: "solar", percent_hundredths: -1 }];
    },
    "versions[0].seasons[1].name",
    /name of another one/,
  ],
  [
    "hours that no band has",
    "example-commercial-tod",
    (d) => d.versions[0].time_of_day.bands[0].hours = ["00:00-08:30"],
    "versions[0].time_of_day.bands",
    /no band has the minute 08:30/,
  ],
  [
    "hours that two bands have",
    "example-commercial-tod",
    (d) => d.versions[0].time_of_day.bands[0].hours = ["00:00-09:01"],
    "versions[0].time_of_day.bands[1].hours[0]",
    /09:00-17:00 overlaps/,
  ],
  [
    "hours that are none",
    "example-commercial-tod",
    (d) => d.versions[0].time_of_day.bands[0].hours = ["0-9"],
    "versions[0].time_of_day.bands[0].hours[0]",
    /hours like 09:00-17:00/,
  ],
  [
    "a band that is none",
    "example-commercial-tod",
    (d) => d.versions[0].charges[1].rates[2].band = "dusk",
    "versions[0].charges[1].rates[2].band",
    /no band "dusk"/,
  ],
  [
    "a band with two rates",
    "example-commercial-tod",
    (d) => d.versions[0].charges[1].rates[2].band = "solar",
    "versions[0].charges[1].rates[2]",
    /has a rate already/,
  ],
  [
    "a band with a rate and a percentage",
    "example-commercial-tod",
    (d) => d.versions[0].charges[1].rates[2].rate = 1,
    "versions[0].charges[1].rates[2]",
    /one of percent_hundredths and rate/,
  ],
  [
    "bands of another measure",
    "example-commercial-tod",
    (d) => d.versions[0].time_of_day.measure = "kwh",
    "versions[0].charges[1].of",
    /bands are in kwh, the charge it is of in kvah/,
  ],
  [
    "a minimum of nothing",
    "example-commercial-tod",
    (d) => delete d.versions[0].charges[6].amount_paise,
    "versions[0].charges[6]",
    /needs amount_paise or paise_a_kw/,
  ],
  [
    "a cycle of no days",
    "tnpdcl-lt-1a",
    (d) => d.versions[0].cycle.days.min = 65,
    "versions[0].cycle.days",
    /min 65 is more than max 64/,
  ],
  [
    "a settlement switched on without a when",
    "msedcl-lt-1b",
    (d) => d.versions[2].settlement[0].enabled = true,
    "versions[2].settlement[0].when",
    /say when/,
  ],
  [
    "a settlement of what is not there",
    "msedcl-lt-1b",
    (d) => d.versions[2].settlement[0].of = ["totl"],
    "versions[2].settlement[0].of",
    /no charge "totl", nor total/,
  ],
  [
    "no example",
    "karnataka-lt-1",
    (d) => d.versions[0].examples = [],
    "versions[0].examples",
    /at least one example/,
  ],
  [
    "a total that does not come out",
    "karnataka-lt-1",
    (d) => d.versions[0].examples[1].total_paise += 1,
    "versions[0].examples[1].total_paise",
    /1146\.01 rupees are stated, 1146\.00 are computed/,
  ],
  [
    "a line that does not come out",
    "karnataka-lt-1",
    (d) => d.versions[0].examples[1].paise_by_code.fixed = 0,
    "versions[0].examples[1].paise_by_code.fixed",
    /0\.00 rupees are stated, 450\.00/,
  ],
  [
    "an example of a charge that is not there",
    "karnataka-lt-1",
    (d) => d.versions[0].examples[1].paise_by_code.duty = 0,
    "versions[0].examples[1].paise_by_code.duty",
    /no charge of this version/,
  ],
  [
    "an example without what is needed",
    "karnataka-lt-1",
    (d) => delete d.versions[0].examples[1].sanctioned_w,
    "versions[0].examples[1]",
    /cannot be computed: .*sanctioned load/,
  ],
  [
    "an example of another time",
    "karnataka-lt-1",
    (d) => d.versions[0].examples[1].to = "2027-04-02",
    "versions[0].examples[1].to",
    /while this version is in force/,
  ],
  [
    "an example that ends before it begins",
    "karnataka-lt-1",
    (d) => d.versions[0].examples[1].to = "2026-06-01",
    "versions[0].examples[1].to",
    /must be after from/,
  ],
  [
    "a total that falls unannounced",
    "rajasthan-lt-1",
    (d) => {
      d.versions[0].charges[1].brackets[1].amount_paise = 100;
      d.versions[0].examples = d.versions[0].examples.slice(0, 1);
    },
    "versions[0].charges",
    /falls as more is used: in 30 days.*150 units cost 987\.50 rupees and 151 units/,
  ],
];

for (const [what, id, spoil, path, message] of single) {
  Deno.test(`checkTariff() names ${what}`, () => {
    const raw = copyOf(id);
    spoil(raw);
    const faults = faultsIn(raw);
    assert.deepEqual(faults.map((fault) => fault.path), [path], JSON.stringify(faults));
    assert.match(faults[0]!.message, message);
  });
}

Deno.test("checkTariff() names all faults, those of shape, of order and of sums together", () => {
  const raw = copyOf("msedcl-lt-1b");
  raw.curency = "INR";
  raw.versions[0].effective_to = "2025-06-01"; // A gap.
  raw.versions[0].charges[0].slabs[0].rate = "4.71"; // No number.
  raw.versions[0].charges[0].slabs[1].to_units = 90; // Out of order, beside the wrong number.
  raw.versions[1].charges[4].of.push("demand"); // Not there.
  raw.versions[2].examples[0].total_paise = 1; // Does not come out, in a version that is sound.
  raw.versions[1].examples = [];
  // In the order of the file.
  assert.deepEqual(faultsIn(raw).map((fault) => fault.path), [
    "versions[0].effective_to",
    "versions[0].charges[0].slabs[0].rate",
    "versions[0].charges[0].slabs[1].to_units",
    "versions[1].charges[4].of[4]",
    "versions[1].examples",
    "versions[2].examples[0].total_paise",
    "curency",
  ]);
  assert.equal(checkTariff(raw).document, null);
});

Deno.test("checkTariff() names a version that ends before it begins", () => {
  const raw = copyOf("karnataka-lt-1");
  raw.versions[0].effective_to = "2026-03-01";
  const [fault] = faultsIn(raw);
  assert.equal(fault!.path, "versions[0].effective_to");
  assert.match(fault!.message, /is before effective_from/);
});

const words: [unknown, RegExp][] = [
  [{ kwh: "24", reason: "" }, /kwh: must be a number.*reason: must have at least 1 letters/],
  [{ kwh: 0, reason: 7 }, /kwh: must be more than 0.*reason: must be text/],
  [{ kwh: 1e9, reason: "x" }, /kwh: must be at most 10000000/],
  ["24 kWh", /must be an object/],
];

for (const [value, message] of words) {
  Deno.test(`checkTariff() says in plain words what is wrong with ${JSON.stringify(value)}`, () => {
    const raw = copyOf("karnataka-lt-1");
    raw.units_a_day_max = value;
    assert.match(faultsIn(raw).map((one) => `${one.path}: ${one.message}`).join("; "), message);
  });
}

Deno.test("checkTariff() lets a total fall where the tariff says why, and computes it all the same", () => {
  const raw = copyOf("rajasthan-lt-1");
  raw.versions[0].charges[1].brackets[1].amount_paise = 100;
  raw.versions[0].examples = raw.versions[0].examples.slice(0, 1);
  assert.ok(checkTariff(raw).document !== null, "a broken promise is no reason not to compute");
  raw.total_may_fall = "as the order has it";
  assert.deepEqual(faultsIn(raw), []);
});

for (const raw of [null, 7, "tariff", [], {}, { versions: {} }, { versions: [null, 3, []] }]) {
  Deno.test(`checkTariff() has words for ${JSON.stringify(raw)}`, () => {
    const { document, faults } = checkTariff(raw);
    assert.equal(document, null);
    assert.ok(faults.length > 0 && faults.every(({ message }) => message !== ""));
  });
}

Deno.test("checkTariff() tells of so many faults, and counts the rest", () => {
  const raw = copyOf("rajasthan-lt-1");
  for (let i = 0; i < FAULTS_MAX + 5; i++) raw[`field_${i}`] = i;
  const { faults, more } = checkTariff(raw);
  assert.deepEqual([faults.length, more], [FAULTS_MAX, 5]);
});

/** The places of all values in `value`. */
function placesIn(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== "object" || value === null) return [path];
  const keys = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return [path, ...keys.flatMap((key) => placesIn((value as Loose)[key], [...path, key]))];
}

Deno.test("checkTariff() never fails, whatever stands in the place of anything", () => {
  const documents = tariffs().map((tariff) => ({ tariff, places: placesIn(tariff).slice(1) }));
  const odd = fc.oneof(
    fc.constantFrom<unknown>(
      null,
      -1,
      0,
      0.5,
      1e300,
      2 ** 53,
      9e15,
      "",
      "2026-02-30",
      [],
      {},
      true,
    ),
    fc.integer(),
    fc.jsonValue({ maxDepth: 2 }),
  );
  const spoiled = fc.constantFrom(...documents).chain(({ tariff, places }) =>
    fc.tuple(
      fc.constant(tariff),
      fc.array(fc.tuple(fc.constantFrom(...places), odd), { maxLength: 3 }),
    )
  );
  fc.assert(
    fc.property(spoiled, ([tariff, changes]) => {
      const raw: Loose = structuredClone(tariff);
      for (const [path, value] of changes) {
        const parent = path.slice(0, -1).reduce((at: Loose, key) => at?.[key], raw);
        if (typeof parent === "object" && parent !== null) parent[path.at(-1)!] = value;
      }
      const { document, faults } = checkTariff(raw);
      assert.ok(document !== null || faults.length > 0);
      assert.ok(faults.every(({ path, message }) => path !== "" && message !== ""));
    }),
    { numRuns: 150 },
  );
});
