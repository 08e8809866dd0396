import assert from "node:assert/strict";
import { type ClockState, correct, extrapolate, pullTo } from "../../../protocol/ntp/kalman.ts";

const STATE: ClockState = {
  at_s: 0,
  offset_s: 1,
  frequency: 1e-5,
  offsetVariance: 1e-8,
  covariance: 1e-12,
  frequencyVariance: 1e-14,
};

const near = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual / expected - 1) < 1e-9, `${actual} is not ${expected}`);

Deno.test("extrapolate() adds the wander to all three of the covariance", () => {
  const { offset_s, offsetVariance, covariance, frequencyVariance } = extrapolate(STATE, 10, 1e-8);
  near(offset_s, 1.0001);
  near(offsetVariance, 1e-8 + 2e-11 + 1e-12 + 1e-16 * 1_000 / 3);
  near(covariance, 1e-12 + 1e-13 + 1e-16 * 100 / 2);
  near(frequencyVariance, 1e-14 + 1e-16 * 10);
});

Deno.test("correct() weighs state and measurement by their variances", () => {
  const { offset_s, frequency, offsetVariance, covariance, frequencyVariance } = correct(
    STATE,
    1.0002,
    3e-8,
  );
  near(offset_s, 1.00005);
  near(frequency, 1e-5 + 2e-4 * 1e-12 / 4e-8);
  near(offsetVariance, 0.75e-8);
  near(covariance, 0.75e-12);
  near(frequencyVariance, 1e-14 - 1e-24 / 4e-8);
});

Deno.test("pullTo() takes the frequency along", () => {
  near(pullTo(STATE, 1.001).frequency, 1e-5 + 1e-3 * 1e-4);
});
