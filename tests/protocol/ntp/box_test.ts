import assert from "node:assert/strict";
import fc from "fast-check";
import { boxOf, overlap, within } from "../../../protocol/ntp/box.ts";
import { Slopes } from "../../../protocol/ntp/slopes.ts";

const CAP_S = 1;
/** Evenly spread: `fc.double` prefers the tiny, of which there are more. */
const real = (min: number, max: number) =>
  fc.integer({ min: 0, max: 1e6 }).map((part) => min + (max - min) * part / 1e6);

Deno.test("within() is wrong by no more than half of the cap, wherever in the box the truth is", () => {
  fc.assert(
    fc.property(real(0, CAP_S), real(-2, 2), real(-1, 1), (delay_s, guess_s, place) => {
      const box = boxOf(0, delay_s, 0);
      const truth_s = place * box.high_s;
      assert.ok(Math.abs(within(box, guess_s, CAP_S) - truth_s) <= CAP_S / 2 + 1e-4);
    }),
    { numRuns: 2_000, seed: 20_261_122 },
  );
});

Deno.test("overlap() holds the truth of a drifting clock, and finds none when the server stepped", () => {
  fc.assert(
    fc.property(
      real(0, 0.5),
      real(0, 0.5),
      real(0, 0.5),
      real(0, 0.5),
      real(1, 1_000),
      real(-5e-4, 5e-4),
      (there1_s, back1_s, there2_s, back2_s, age_s, drift) => {
        const first = boxOf((there1_s - back1_s) / 2, there1_s + back1_s, 0);
        const truth_s = drift * age_s;
        const second = boxOf(truth_s + (there2_s - back2_s) / 2, there2_s + back2_s, age_s);
        const both = overlap(first, second);
        assert.ok(both !== undefined && both.low_s <= truth_s && both.high_s >= truth_s);
      },
    ),
    { numRuns: 2_000, seed: 20_261_122 },
  );
  assert.equal(overlap(boxOf(0, 0.001, 0), boxOf(0.02, 0.001, 8)), undefined);
});

Deno.test("Slopes leave the true frequency possible, and of wide boxes no more than the worst drift", () => {
  const slopes = new Slopes();
  assert.deepEqual(slopes.range(100e-6), { low: -100e-6, high: 100e-6 });
  // Held back by a second less and less, on one way: the middle falls by 500 ppm, the truth by none.
  for (let at_s = 0; at_s <= 960; at_s += 64) {
    const held_s = 0.96 - at_s / 1_000;
    slopes.add(boxOf(held_s / 2, held_s + 0.0002, at_s));
  }
  const { low, high } = slopes.range(100e-6);
  assert.ok(low >= -100e-6 && low <= 0 && high >= 0 && high <= 100e-6, `${low} to ${high}`);
});

Deno.test("Slopes believe quick packets more than what is said of the oscillator", () => {
  const slopes = new Slopes();
  for (let at_s = 0; at_s <= 640; at_s += 64) slopes.add(boxOf(300e-6 * at_s, 0.0002, at_s));
  const { low, high } = slopes.range(100e-6);
  assert.ok(low < 300e-6 && high > 300e-6 && high - low < 2e-6, `${low} to ${high}`);
});
