import { ok, strictEqual } from "node:assert/strict";
import { binomialPValue, meanPValue } from "../../../protocol/paper/agreement.ts";
import {
  expectedTrials,
  firstRightApproximation,
  forgeryProbability,
  linearOrder,
  nearestOrder,
  openProbability,
} from "../../../protocol/paper/condition.ts";
import { type Distribution, normal, Phi, queue } from "../../../protocol/paper/distribution.ts";
import { seeded } from "../../../protocol/paper/random.ts";
import { candidateSeconds } from "../../../protocol/tves/window_width.ts";

function close(measured: number, expected: number, tolerance: number, what = "") {
  ok(Math.abs(measured - expected) <= tolerance, `${what} ${measured} is not ${expected}`);
}

Deno.test("Phi() gives the table of the normal distribution", () => {
  // Abramowitz and Stegun, table 26.1.
  close(Phi(0), 0.5, 1e-15);
  close(Phi(1), 0.841344746068543, 1e-14);
  close(Phi(-1), 0.158655253931457, 1e-14);
  close(Phi(2), 0.977249868051821, 1e-14);
  close(Phi(3), 0.998650101968370, 1e-14);
  close(Phi(-5), 2.866515719e-7, 1e-15);
  strictEqual(Phi(40), 1);
  strictEqual(Phi(-40), 0);
});

/** The trapezium rule on the distribution function. */
function summed(x: Distribution, from: number, to: number): number {
  const steps = 20_000, width = (to - from) / steps;
  let sum = (x.cdf(from) + x.cdf(to)) / 2;
  for (let i = 1; i < steps; i++) sum += x.cdf(from + i * width);
  return sum * width;
}

Deno.test("integral() is the integral of cdf() for every distribution", () => {
  for (const x of [normal(0, 1), normal(-1.5, 0.3), normal(3, 4), queue(2)]) {
    for (const at of [-3, -1, 0, 0.4, 2, 7]) close(x.integral(at), summed(x, -60, at), 1e-5);
  }
});

/** The condition without the closed form: X and the phase drawn, floors compared. */
function drawn(draw: () => number, window_s: number, loss: number, n: number, seed: number) {
  const chance = seeded(seed);
  let hits = 0;
  for (let i = 0; i < n; i++) {
    const sealed = 1_000 + chance.uniform();
    const distance = Math.abs(Math.floor(sealed + draw()) - Math.floor(sealed));
    if (chance.uniform() >= loss && distance <= window_s) hits++;
  }
  return hits;
}

Deno.test("openProbability() agrees with draws for centred, biased and skewed clocks", () => {
  const n = 40_000;
  const chance = seeded(3);
  const cases: readonly (readonly [Distribution, () => number])[] = [
    [normal(0, 0.3), () => 0.3 * chance.normal()],
    [normal(0, 3), () => 3 * chance.normal()],
    [normal(2.5, 1), () => 2.5 + chance.normal()],
    [normal(-4, 2), () => -4 + 2 * chance.normal()],
    [queue(2), () => 2 * chance.exponential() - 2],
  ];
  for (const [i, [x, draw]] of cases.entries()) {
    for (const window_s of [0, 1, 3, 10]) {
      const hits = drawn(draw, window_s, 0.1, n, 100 + i);
      const p_value = binomialPValue(hits, n, openProbability(x, window_s, 0.1));
      ok(p_value > 1e-5, `case ${i}, W ${window_s}: ${hits} of ${n}, p ${p_value}`);
    }
  }
});

Deno.test("openProbability() says 1 - loss for a perfect clock and a half for a clock half a second off", () => {
  close(openProbability(normal(0, 1e-6), 0, 0), 1, 1e-5);
  close(openProbability(normal(0, 1e-6), 10, 0.25), 0.75, 1e-12);
  close(openProbability(normal(0.5, 1e-6), 0, 0), 0.5, 1e-6);
  close(openProbability(normal(-0.5, 1e-6), 0, 0), 0.5, 1e-6);
});

Deno.test("openProbability() of the expected second follows 1 - 0.798 sigma for small sigma only", () => {
  for (const sigma of [0.001, 0.01, 0.05, 0.1, 0.2]) {
    close(openProbability(normal(0, sigma), 0), firstRightApproximation(sigma), 1e-6);
  }
  close(firstRightApproximation(0.1), 1 - 0.0798, 1e-4);
  ok(openProbability(normal(0, 2), 0) > 0.15);
});

Deno.test("expectedTrials() is 1 for a perfect clock, and W + 1 in the paper's order", () => {
  close(expectedTrials(normal(0, 1e-4), 10, nearestOrder).mean, 1, 1e-3);
  for (const sigma of [0.1, 1, 5]) {
    close(expectedTrials(normal(0, sigma), 10, linearOrder).mean, 11, 1e-9);
  }
  close(expectedTrials(normal(3, 0.1), 10, linearOrder).mean, 8, 1e-6);
  for (const sigma of [0.1, 1]) {
    const { first } = expectedTrials(normal(0, sigma), 10, nearestOrder);
    close(first, openProbability(normal(0, sigma), 0), 1e-5);
  }
});

Deno.test("nearestOrder() names the places of the window that is searched nearest first", () => {
  const chance = seeded(11);
  for (let i = 0; i < 500; i++) {
    const arrival_s = 50_000 + 100 * chance.uniform();
    const centre = Math.floor(arrival_s);
    const series = candidateSeconds({ arrival_s, expectedOffset_s: 0, window_s: 12 });
    for (const [place, t_s] of series.entries()) {
      strictEqual(nearestOrder(t_s - centre, arrival_s - centre, 12), place + 1);
    }
    // What the experiment relies on: a narrower window is the beginning of a wider one.
    const narrow = candidateSeconds({ arrival_s, expectedOffset_s: 0, window_s: 4 });
    strictEqual(narrow.join(), series.slice(0, 9).join());
  }
});

Deno.test("forgeryProbability() counts tries, and does not lose what is smaller than a double's end", () => {
  close(forgeryProbability(1, 1), 0.5, 1e-15);
  close(forgeryProbability(8, 21), 1 - (255 / 256) ** 21, 1e-15);
  close(forgeryProbability(8, 21, 10), 1 - (255 / 256) ** 210, 1e-14);
  close(forgeryProbability(128, 21) / (21 * 2 ** -128), 1, 1e-12);
});

Deno.test("binomialPValue() is exact: by hand, at the ends, and for large counts", () => {
  // Ten throws of a coin: nine or ten heads, both sides.
  close(binomialPValue(9, 10, 0.5), 2 * 11 / 1024, 1e-15);
  strictEqual(binomialPValue(5, 10, 0.5), 1);
  strictEqual(binomialPValue(10, 10, 1), 1);
  strictEqual(binomialPValue(9, 10, 1), 0);
  strictEqual(binomialPValue(0, 10, 0), 1);
  strictEqual(binomialPValue(1, 10, 0), 0);
  // 4 standard errors of a large count: near the normal's 6.3e-5.
  close(binomialPValue(500_000 + 2_000, 1_000_000, 0.5), 6.3e-5, 1e-6);
  ok(binomialPValue(1_000, 2_000, 0.6) < 1e-15);
});

Deno.test("meanPValue() is 1 for the mean itself and small far from it", () => {
  const expected = { mean: 11, standardDeviation: 2 };
  strictEqual(meanPValue(11, expected, 100), 1);
  close(meanPValue(11 + 0.2 * 1.959964, expected, 100), 0.05, 1e-6);
  ok(meanPValue(12, expected, 1_000) < 1e-12);
  strictEqual(meanPValue(1, { mean: 1, standardDeviation: 0 }, 10), 1);
  strictEqual(meanPValue(1.1, { mean: 1, standardDeviation: 0 }, 10), 0);
});
