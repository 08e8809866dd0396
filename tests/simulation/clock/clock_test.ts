/** The clock's acceptance: every scenario, by seeds. The figures: `deno task simulate:clock`. */
import assert from "node:assert/strict";
import { scenarios } from "./scenarios.ts";

for (const { name, bar, seeds, run } of scenarios) {
  Deno.test(`Discipline keeps its bar, ${name}: ${bar} (${seeds} seeds)`, () => {
    for (let seed = 1; seed <= seeds; seed++) {
      const { faults, figures } = run(seed);
      assert.deepEqual(faults, [], `seed ${seed}: ${JSON.stringify(figures)}`);
    }
  });
}
