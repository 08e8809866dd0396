import assert from "node:assert/strict";
import { Slopes } from "../../../protocol/ntp/slopes.ts";

const box = (at_s: number, half_s: number) => ({ at_s, low_s: -half_s, high_s: half_s });

Deno.test("Slopes gives the slopes of all lines through its boxes, within the worst drift", () => {
  const slopes = new Slopes();
  slopes.add(box(0, 0.001));
  slopes.add(box(100, 0.001));
  assert.deepEqual(slopes.range(1), { low: -0.002 / 100, high: 0.002 / 100 });
  assert.deepEqual(slopes.range(1e-6), { low: -1e-6, high: 1e-6 });
});

Deno.test("Slopes forgets the oldest of more than 16 boxes", () => {
  const slopes = new Slopes();
  slopes.add(box(0, 1e-6));
  for (let at_s = 1; at_s <= 16; at_s++) slopes.add(box(at_s, 1));
  slopes.add(box(17, 1e-6));
  const { high } = slopes.range(1);
  assert.ok(high > 0.05, `the first box still counts: ${high}`);
});
