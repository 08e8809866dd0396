import assert from "node:assert/strict";
import { tariffOf } from "../../../actors/billing/tariff/catalogue.ts";
import { samay } from "../../support/command_line.ts";

const april = ["--from", "2026-04-01", "--to", "2026-05-01"];
const quoteOf = (...more: string[]) =>
  samay("tariff", "quote", "--tariff", "msedcl-lt-1b", ...more);

Deno.test("tariff quote prints the document that other programs rely on", async () => {
  const { code, out } = await quoteOf(...april, "--kwh", "250", "--json");
  assert.equal(code, 0);
  const result = JSON.parse(out);
  assert.deepEqual(Object.keys(result), [
    "tariff",
    "from",
    "to",
    "days",
    "months",
    "units",
    "lines",
    "total_paise",
    "rounding_paise",
    "payable_paise",
  ]);
  assert.deepEqual(
    [result.tariff, result.days, result.months, result.units],
    ["msedcl-lt-1b", 30, 1, 250],
  );
  assert.deepEqual(
    [result.total_paise, result.rounding_paise, result.payable_paise],
    [295_336, -336, 295_000],
  );
  assert.deepEqual(result.lines[1], {
    code: "energy",
    description: "Energy, units 101 to 300",
    units: 150,
    rate: 108_000,
    amount_paise: 162_000,
  });
  assert.deepEqual(result.lines.map((line: { code: string }) => line.code), [
    "energy",
    "energy",
    "wheeling",
    "fixed",
    "fac",
    "fac",
    "duty",
    "rounding",
  ]);
});

Deno.test("tariff quote prints a table for people", async () => {
  const { code, out } = await quoteOf(...april, "--kwh", "200", "--phase", "3", "--fac", "0.50");
  assert.equal(code, 0);
  assert.match(out, /^msedcl-lt-1b, 2026-04-01 to 2026-05-01: 30 days \(1\.00 months\), 200 kWh/);
  assert.match(out, /Total +2,703\.96\n/);
  assert.match(out, /To pay +2,700\.00$/);
});

Deno.test("tariff quote gives the other worked values", async () => {
  const paise = async (kwh: string) =>
    JSON.parse((await quoteOf(...april, "--kwh", kwh, "--json")).out).total_paise;
  assert.deepEqual([await paise("0"), await paise("100"), await paise("101")], [
    15_080,
    79_576,
    81_014,
  ]);
});

const wrong: [string, string[], RegExp][] = [
  ["kWh negative", [...april, "--kwh", "-5"], /cannot be negative/],
  ["kWh in words", [...april, "--kwh", "many"], /whole kWh/],
  ["kWh with a fraction", [...april, "--kwh", "2.5"], /whole kWh/],
  ["kWh empty", [...april, "--kwh", ""], /whole kWh/],
  ["kWh absurd", [...april, "--kwh", "1000000000"], /150 kW/],
  ["kWh beyond numbers", [...april, "--kwh", "9".repeat(40)], /whole kWh/],
  ["dates swapped", ["--from", "2026-05-01", "--to", "2026-04-01", "--kwh", "1"], /earlier date/],
  ["dates equal", ["--from", "2026-05-01", "--to", "2026-05-01", "--kwh", "1"], /at least a day/],
  ["a date malformed", ["--from", "01-04-2026", "--to", "2026-05-01", "--kwh", "1"], /YYYY-MM-DD/],
  ["no such date", ["--from", "2026-02-29", "--to", "2026-05-01", "--kwh", "1"], /YYYY-MM-DD/],
  ["before all versions", ["--from", "2020-01-01", "--to", "2020-02-01", "--kwh", "1"], /known fr/],
  ["phase 2", [...april, "--kwh", "1", "--phase", "2"], /1 or 3/],
  ["two FAC rates", [...april, "--kwh", "1", "--fac", "1,2"], /2 FAC rates for 4 slabs/],
  ["an FAC rate in words", [...april, "--kwh", "1", "--fac", "1,,2,3"], /not a rate/],
  ["an FAC rate negative", [...april, "--kwh", "1", "--fac", "-1"], /not a rate/],
  ["options missing", ["--from", "2026-04-01"], /Missing --to, --kwh/],
  [
    "another unknown tariff",
    [...april, "--kwh", "1", "--tariff", "nope"],
    /known are .*msedcl-lt-1b/,
  ],
];

for (const [what, words, message] of wrong) {
  Deno.test(`tariff quote says in one line what is wrong when given ${what}`, async () => {
    const { code, out, error } = await quoteOf(...words);
    assert.equal(code, 2);
    assert.equal(out, "");
    assert.match(error, message);
    assert.doesNotMatch(error, /\n/);
  });
}

Deno.test("tariff quote fails when the order does not state the rate", async () => {
  const period = ["--from", "2025-08-01", "--to", "2025-09-01", "--kwh", "100"];
  const { code, error } = await quoteOf(...period, "--phase", "3");
  assert.equal(code, 1);
  assert.match(error, /3-phase.*not stated in the order/);
});

Deno.test("tariff list and tariff show print what is known", async () => {
  assert.equal(JSON.parse((await samay("tariff", "list", "--json")).out).length, 8);
  const { out } = await samay("tariff", "list");
  assert.match(out, /2026-04-01 .* yes .* 95 /);
  assert.match(out, /karnataka-lt-1 .* no /);
  assert.match(out, /example-commercial-tod .* no /);
  const shown = await samay("tariff", "show", "msedcl-lt-1b");
  assert.match(shown.out, /Fixed charge, 3-phase +not stated/);
  assert.equal(
    JSON.parse((await samay("tariff", "show", "msedcl-lt-1b", "--json")).out).versions.length,
    3,
  );
  const unknown = await samay("tariff", "show", "nope");
  assert.equal(unknown.code, 2);
  assert.match(unknown.error, /known are .*msedcl-lt-1b/);
});

const commercial = [
  "--tariff",
  "example-commercial-tod",
  "--from",
  "2026-06-01",
  "--to",
  "2026-07-01",
];
const measured = ["--kwh", "9000", "--kvah", "9600", "--kva", "50", "--contract-kva", "60"];
const byDay = ["--tod", "solar=4000,evening=3600,night=2000"];

Deno.test("tariff quote takes what richer tariffs are computed from", async () => {
  const { code, out } = await samay(
    "tariff",
    "quote",
    ...commercial,
    ...measured,
    ...byDay,
    "--json",
  );
  assert.equal(code, 0);
  const result = JSON.parse(out);
  assert.equal(result.payable_paise, 11_684_900);
  assert.deepEqual(result.lines[0], {
    code: "energy",
    description: "Energy",
    units: 9_600,
    rate: 80_000,
    amount_paise: 7_680_000,
    unit: "kVAh",
  });
  const table = (await samay("tariff", "quote", ...commercial, ...measured, ...byDay)).out;
  assert.match(table, /Time of day, solar, -15 % +4000 kVAh +-4,800\.00/);
  const karnataka = ["--tariff", "karnataka-lt-1", "--from", "2026-06-01", "--to", "2026-07-01"];
  const load = JSON.parse(
    (await samay("tariff", "quote", ...karnataka, "--kwh", "120", "--kw", "3", "--json")).out,
  );
  assert.equal(load.total_paise, 114_600);
  assert.ok(load.not_stated.some((note: string) => /part of a kW/.test(note)));
});

const wrongInputs: [string, string[], RegExp][] = [
  ["nothing but kWh", ["--kwh", "1"], /give --kvah, --tod, --kva, --contract-kva; see/],
  ["kVA in words", ["--kwh", "1", "--kva", "many"], /--kva "many": kVA like 45.5/],
  ["a power factor above 1", ["--kwh", "1", "--pf", "1.5"], /power factor of 1.5: from 0 to 1;/],
  ["a load below zero", ["--kwh", "1", "--kw", "-3"], /--kw "-3": kW like 2.5/],
  ["bands in words", ["--kwh", "1", "--tod", "solar"], /like --tod peak=120,normal=130/],
  ["a band twice", ["--kwh", "1", "--tod", "solar=1,solar=2"], /"solar" is given twice/],
  ["bands that are not all", [...measured, "--tod", "solar=1,evening=2,night=3"], /sum to 6 kVAh/],
  ["too few kVAh", [...measured, ...byDay, "--kvah", "8000"], /8000 kVAh are less than 9000 kWh/],
];

for (const [what, words, message] of wrongInputs) {
  Deno.test(`tariff quote says in one line what is wrong when given ${what}`, async () => {
    const { code, out, error } = await samay("tariff", "quote", ...commercial, ...words);
    assert.deepEqual([code, out], [2, ""]);
    assert.match(error, message);
    assert.doesNotMatch(error, /\n/);
  });
}

Deno.test("tariff quote refuses what the tariff would lose without a word", async () => {
  const { code, error } = await quoteOf(...april, "--kwh", "1", "--kvah", "2");
  assert.equal(code, 2);
  assert.match(error, /msedcl-lt-1b is not computed from kVAh: leave that out/);
});

/** A file with `text`, for the time of `use`. */
async function withFile(text: string, use: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile({ suffix: ".json" });
  try {
    await Deno.writeTextFile(path, text);
    await use(path);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("tariff check and quote --file take a tariff of one's own", async () => {
  const mine = structuredClone(tariffOf("rajasthan-lt-1"));
  mine.id = "mine";
  await withFile(JSON.stringify(mine), async (path) => {
    const checked = await samay("tariff", "check", path);
    assert.equal(checked.code, 0);
    assert.match(checked.out, /tariff mine is sound, 1 version, 4 examples computed again$/);
    const month = ["--from", "2026-06-01", "--to", "2026-07-01", "--kwh", "600"];
    const quoted = await samay("tariff", "quote", "--file", path, ...month, "--json");
    assert.equal(JSON.parse(quoted.out).total_paise, 483_750);
    assert.match((await samay("tariff", "show", "--file", path)).out, /\(mine\)/);
    const both = await samay("tariff", "quote", "--file", path, "--tariff", "x", ...month);
    assert.equal(both.code, 2);
    assert.match(both.error, /one of the two/);
  });
});

Deno.test("tariff check names every fault with its place, and ends with 1", async () => {
  const text = JSON.stringify(tariffOf("rajasthan-lt-1"))
    .replace('"rate":60000', '"rate":60000,"rate":"six"').replace('"to_units":150', '"to_units":5');
  await withFile(text, async (path) => {
    const { code, out } = await samay("tariff", "check", path);
    assert.equal(code, 1);
    assert.match(out, /^versions\[0\]\.charges\[0\]\.slabs\[1\]\.rate: is there twice/m);
    assert.match(out, /^versions\[0\]\.charges\[0\]\.slabs\[1\]\.rate: .*number/m);
    assert.match(out, /^versions\[0\]\.charges\[0\]\.slabs\[1\]\.to_units: limits must rise/m);
    assert.match(out, /: 3 faults$/);
    const json = JSON.parse((await samay("tariff", "check", path, "--json")).out);
    assert.deepEqual([json.sound, json.faults.length], [false, 3]);
    const quoted = await samay("tariff", "quote", "--file", path, ...april, "--kwh", "1");
    assert.equal(quoted.code, 1);
    assert.match(quoted.error, /has 3 faults, the first at .*see all: samay tariff check/);
  });
});

Deno.test("tariff check guesses what a field that it does not know was meant to be", async () => {
  const text = JSON.stringify(tariffOf("karnataka-lt-1")).replaceAll(
    '"paise_a_kw"',
    '"paise_a_kW"',
  );
  await withFile(text, async (path) => {
    const { out } = await samay("tariff", "check", path);
    assert.match(out, /^versions\[0\]\.charges\[1\]\.paise_a_kw: is missing$/m);
    assert.match(out, /\.paise_a_kW: unknown field, did you mean paise_a_kw\?$/m);
  });
});

Deno.test("tariff quote --file computes while the examples do not come out yet", async () => {
  const mine = structuredClone(tariffOf("rajasthan-lt-1"));
  mine.versions[0]!.examples = [];
  await withFile(JSON.stringify(mine), async (path) => {
    assert.equal((await samay("tariff", "check", path)).code, 1);
    const month = ["--from", "2026-06-01", "--to", "2026-07-01", "--kwh", "1"];
    assert.equal((await samay("tariff", "quote", "--file", path, ...month)).code, 0);
  });
});

Deno.test("tariff check says what is wrong with a file that is none, or no JSON", async () => {
  await withFile('{"id": ', async (path) => {
    const { code, out } = await samay("tariff", "check", path);
    assert.equal(code, 1);
    assert.match(out, /^\(file\): not JSON: /);
  });
  await withFile(" ".repeat((4 << 20) + 1), async (path) => {
    assert.match((await samay("tariff", "check", path)).error, /a tariff at most 4194304/);
  });
  const nowhere = await samay("tariff", "check", "/nowhere/tariff.json");
  assert.equal(nowhere.code, 1);
  assert.match(nowhere.error, /\/nowhere\/tariff\.json cannot be read/);
  assert.match((await samay("tariff", "check", "/")).error, /is no file/);
});

Deno.test("tariff show tells what a source does not state, and the hours of the day", async () => {
  const tnpdcl = (await samay("tariff", "show", "tnpdcl-lt-1a")).out;
  assert.match(tnpdcl, /Not stated: whether the limits are of one month or of the two months/);
  const tod = (await samay("tariff", "show", "example-commercial-tod")).out;
  assert.match(tod, /Bills nobody: its rates are made up/);
  assert.match(tod, /Time of day, solar, winter +-25 +% of energy/);
  assert.match(tod, /evening: 17:00-24:00/);
  const kerala = (await samay("tariff", "show", "example-non-telescopic")).out;
  assert.match(kerala, /Energy, 251 to 300, all units +6\.00/);
  assert.match((await samay("tariff", "show", "karnataka-lt-1")).out, /a part of a kW +not stated/);
  assert.match(
    (await samay("tariff", "show", "rajasthan-lt-1")).out,
    /over 500 +800\.00 +Rs\/month/,
  );
});
