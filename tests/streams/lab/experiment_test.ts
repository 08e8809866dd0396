import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { comparisonsOf, judge } from "../../../streams/lab/experiment.ts";
import { measureScenario, WIDEST_S } from "../../../streams/lab/measure_condition.ts";
import { SCENARIOS } from "../../../streams/lab/scenarios.ts";
import { createSystem, SYSTEMS } from "../../../streams/lab/systems.ts";
import { binomialPValue } from "../../../protocol/paper/agreement.ts";
import { seeded } from "../../../protocol/paper/random.ts";
import { experiment, told } from "./support.ts";

/** Enough for every mistake in the law to show, little enough for the tests. */
const FRAMES = 400;

Deno.test("runExperiment() measures what the law predicts, in every comparison", () => {
  const { agreement } = experiment(FRAMES);
  deepStrictEqual(agreement.disagreeing, []);
  strictEqual(agreement.agrees, true);
  // 9 clocks x (13 windows x 3 systems + 3), 8 checks x 3 series, 3 ambiguities.
  strictEqual(agreement.comparisons, 9 * (13 * 3 + 3) + 8 * 3 + 3);
  strictEqual(SCENARIOS.length, 9);
});

Deno.test("judge() would notice a law that is wrong by one second of the window", () => {
  const shifted = experiment(FRAMES).scenarios.flatMap(({ title, condition }) =>
    condition.slice(1).map(({ measured: { tves2 }, window_s }, i) => {
      const { predicted } = condition[i]!;
      const { measured, n } = tves2;
      const p_value = binomialPValue(Math.round(measured * n), n, predicted);
      return [`${title}, W = ${window_s}`, { predicted, measured, n, p_value }] as const;
    })
  );
  const found = judge(shifted);
  strictEqual(found.agrees, false);
  ok(found.disagreeing.length >= 15, `${found.disagreeing.length} of ${shifted.length}`);
});

Deno.test("judge() names what disagrees and allows for the number of comparisons", () => {
  const compared = (p_value: number) => ({ predicted: 0.5, measured: 0.5, n: 100, p_value });
  const found = judge([["a", compared(0.4)], ["b", compared(1e-9)], ["c", compared(NaN)]]);
  deepStrictEqual(found.disagreeing, ["b", "c"]);
  strictEqual(found.agrees, false);
  // One in a thousand for the whole, so less for each of many.
  strictEqual(judge([["a", compared(0.002)]]).agrees, true);
  strictEqual(judge([["a", compared(0.0005)]]).agrees, false);
  const many = Array.from({ length: 10 }, () => ["a", compared(0.0005)] as const);
  strictEqual(judge(many).agrees, true);
});

Deno.test("measureScenario() repeats itself for a seed and differs for another", () => {
  const scenario = SCENARIOS[3]!;
  deepStrictEqual(measureScenario(scenario, 3, 60, 5), measureScenario(scenario, 3, 60, 5));
  const other = measureScenario(scenario, 3, 60, 6);
  ok(JSON.stringify(other) !== JSON.stringify(measureScenario(scenario, 3, 60, 5)));
});

Deno.test("a narrower window opens exactly what one search of the widest says", () => {
  const chance = seeded(12);
  for (const name of SYSTEMS) {
    const system = createSystem(name, chance, 1_793_491_200);
    for (let i = 0; i < 40; i++) {
      const sealed_s = 1_793_491_200 + 700 * i + chance.uniform();
      const expected_s = sealed_s + 5 * chance.normal();
      const attempt = { text: "170000000001 002275.625 kWh", sealed_s, expected_s };
      const widest = system.attempt({ ...attempt, window_s: WIDEST_S });
      const distance = widest && Math.abs(widest.t_s - Math.floor(expected_s));
      for (let window_s = 0; window_s <= WIDEST_S; window_s++) {
        const opened = system.attempt({ ...attempt, window_s });
        strictEqual(opened !== undefined, distance !== undefined && distance <= window_s);
        if (opened) strictEqual(opened.text, attempt.text);
      }
    }
  }
});

Deno.test("no system opens a frame to another text", () => {
  for (const { wrong } of experiment(FRAMES).scenarios) {
    deepStrictEqual(wrong, { caesar: 0, aes: 0, tves2: 0 });
  }
});

Deno.test("a clock alone makes frames for the paper's systems and none for TVES/2", () => {
  const { clockOnly, tves2 } = experiment(FRAMES).forgery;
  strictEqual(clockOnly.caesar.accepted, clockOnly.caesar.tried);
  strictEqual(clockOnly.aes.accepted, clockOnly.aes.tried);
  strictEqual(clockOnly.tves2.accepted, 0);
  strictEqual(tves2.opened, 0);
  ok(tves2.tried >= 100 && tves2.predicted_each < 1e-36);
});

Deno.test("one known packet breaks the paper's systems and nothing of TVES/2", () => {
  const { caesar, aes, tves2 } = experiment(FRAMES).knownPlaintext;
  strictEqual(caesar.shiftFound, caesar.tried);
  strictEqual(caesar.secondFound, caesar.tried);
  strictEqual(caesar.othersRead, caesar.othersTried);
  strictEqual(aes.keys, 86_400);
  strictEqual(aes.keysThatFit, 1);
  strictEqual(aes.secondFound, true);
  strictEqual(aes.othersRead, aes.othersTried);
  strictEqual(tves2.othersRead, 0);
  const [digits, letters, printable] = caesar.alphabets;
  deepStrictEqual([digits!.distinctShifts, digits!.lookRight], [10, 21]);
  deepStrictEqual([letters!.distinctShifts, printable!.distinctShifts], [21, 21]);
  strictEqual(printable!.lookRight, 1);
});

Deno.test("comparisonsOf() gives every comparison a name of its own", () => {
  const names = comparisonsOf(experiment(FRAMES)).map(([name]) => name);
  strictEqual(new Set(names).size, names.length);
});

Deno.test("runExperiment() tells how far it is, to the end", () => {
  ok(experiment(FRAMES).timings.aesAllKeys_ms > 0);
  strictEqual(told[0], 0);
  strictEqual(told.at(-1), 1);
  deepStrictEqual(told, told.toSorted((a, b) => a - b));
});
