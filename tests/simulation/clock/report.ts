/**
 * All scenarios over many seeds, as a table: `deno task simulate:clock` or, with another number of
 * seeds, `deno run tests/simulation/clock/report.ts 200`. Exit code 1 when a run missed its bar.
 */
import { spread } from "./figures.ts";
import { scenarios } from "./scenarios.ts";

const seeds = Number(Deno.args[0] ?? 1_000);
const micro = (value_s: number) => (value_s * 1e6).toFixed(0).padStart(8);
const pair = (all: readonly number[], show: (value: number) => string) => {
  const { median, worst } = spread(all);
  return `${show(median)} ${show(worst)}`;
};

console.log(`${seeds} seeds; median and worst of the figures of each seed`);
console.log(
  `${"scenario".padEnd(40)} ${"max error, us".padStart(17)} ${"RMS error, us".padStart(17)} ` +
    `${"frequency RMS, ppm".padStart(19)} ${"settled, s".padStart(9)} ${"asked".padStart(11)}`,
);
let missed = 0;
for (const { name, bar, run } of scenarios) {
  const outcomes = Array.from({ length: seeds }, (_, index) => run(index + 1));
  const of = (figure: keyof (typeof outcomes)[0]["figures"]) =>
    outcomes.map(({ figures }) => figures[figure]);
  const ppm = (value: number) => (value * 1e6).toFixed(3).padStart(9);
  const whole = (value: number) => value.toFixed(0).padStart(5);
  console.log(
    `${name.padEnd(40)} ${pair(of("errorMax_s"), micro)} ${pair(of("errorRms_s"), micro)} ` +
      `${pair(of("frequencyRms"), ppm)} ${pair(of("settled_s"), whole)} ${
        pair(of("questions"), whole)
      }`,
  );
  const bad = outcomes.flatMap(({ faults }, index) =>
    faults.map((fault) => `${index + 1}: ${fault}`)
  );
  if (bad.length === 0) continue;
  missed += bad.length;
  console.log(`  MISSED (${bar})\n  seed ${bad.slice(0, 8).join("\n  seed ")}`);
}
Deno.exit(missed === 0 ? 0 : 1);
