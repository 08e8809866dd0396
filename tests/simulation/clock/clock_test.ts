/** The clock's acceptance: every scenario, by seeds. All 1,000 of each: `deno task simulate:clock`. */
import assert from "node:assert/strict";
import { scenarios } from "./scenarios.ts";

/** The two that the rest stands on get all seeds here as well. */
const SEEDS = 200;
const SEEDS_ALL = 1_000;
const ALL = ["steady", "delaying attacker"];

for (const { name, bar, run } of scenarios) {
  const seeds = ALL.includes(name) ? SEEDS_ALL : SEEDS;
  Deno.test(`Discipline keeps its bar, ${name}: ${bar} (${seeds} seeds)`, () => {
    for (let seed = 1; seed <= seeds; seed++) {
      const { faults, figures } = run(seed);
      assert.deepEqual(faults, [], `seed ${seed}: ${JSON.stringify(figures)}`);
    }
  });
}
