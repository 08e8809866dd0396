import assert from "node:assert/strict";
import { runProgram } from "../../../streams/terminal/program.ts";

/** One call of the command line, with what it printed. */
async function samay(...words: string[]) {
  const [out, error]: [string[], string[]] = [[], []];
  const log = console.log;
  console.log = (text: string) => void out.push(text);
  try {
    const code = await runProgram(words, { error: (text) => void error.push(text) });
    return { code, out: out.join("\n"), error: error.join("\n") };
  } finally {
    console.log = log;
  }
}

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
  assert.match((await samay("tariff", "list")).out, /2026-04-01 .* 95 /);
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
