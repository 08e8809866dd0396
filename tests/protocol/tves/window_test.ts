import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { bestFirst, type BestFirstInput, CANDIDATES_MAX } from "../../../protocol/tves/window.ts";
import { candidateSeconds } from "../../../protocol/tves/window_width.ts";

const at = (arrival_s: number, window_s = 2, expectedOffset_s = 0, hint?: number) =>
  candidateSeconds({ arrival_s, expectedOffset_s, window_s, hint });

Deno.test("candidateSeconds() begins with the second that holds the expected moment", () => {
  deepStrictEqual(at(1000.2), [1000, 999, 1001, 998, 1002]);
  deepStrictEqual(at(1000.8), [1000, 1001, 999, 1002, 998]);
  deepStrictEqual(at(1000.5), [1000, 999, 1001, 998, 1002]);
  deepStrictEqual(at(1000), [1000, 999, 1001, 998, 1002]);
});

Deno.test("candidateSeconds() moves with the learned offset", () => {
  deepStrictEqual(at(1000.2, 1, -137.4), [862, 863, 861]);
  deepStrictEqual(at(1000.2, 1, 0.9), [1001, 1000, 1002]);
});

Deno.test("candidateSeconds() keeps those that match when there is a hint", () => {
  deepStrictEqual(at(1000.2, 10, 0, 1003 % 256), [1003]);
  deepStrictEqual(at(1000.2, 10, 0, 77), []);
  deepStrictEqual(at(1000.2, 300, 0, 1000 % 256), [1000, 744, 1256]);
});

Deno.test("candidateSeconds() gives 2 W + 1 different seconds, nearest first", () => {
  const arrival = fc.double({ min: 100, max: 4e9, noNaN: true });
  fc.assert(fc.property(arrival, fc.nat(40), (arrival_s, window_s) => {
    const seconds = at(arrival_s, window_s);
    strictEqual(seconds.length, 2 * window_s + 1);
    strictEqual(new Set(seconds).size, seconds.length);
    // The distance from the expected moment to the second as a stretch of time, [t, t + 1).
    const distances = seconds.map((t) => Math.max(t - arrival_s, arrival_s - (t + 1), 0));
    ok(distances.every((distance, i) => i === 0 || distance >= distances[i - 1]!));
  }));
});

Deno.test("candidateSeconds() gives no second before the epoch", () => {
  deepStrictEqual(at(0.5, 2), [0, 1, 2]);
});

Deno.test("candidateSeconds() cuts a window of a fraction down to whole seconds", () => {
  deepStrictEqual(at(1000.2, 0.9), [1000]);
});

Deno.test("candidateSeconds() refuses a window or a time that is none", () => {
  throws(() => at(1000, -1), RangeError);
  throws(() => at(1000, NaN), RangeError);
  throws(() => at(1000, 86_401), RangeError);
  throws(() => at(NaN), RangeError);
  throws(() => at(Infinity), RangeError);
});

Deno.test("candidateSeconds() tries the right second first as often as theory says", () => {
  // P(first is right) is about 1 - 0.798 sigma for an error of mean 0 (the decryption condition).
  const sigma = 0.05;
  const steps = 400;
  let right = 0;
  let all = 0;
  for (let p = 0; p < steps; p++) {
    for (let q = 0; q < steps; q++) {
      const error = sigma * normalQuantile((q + 0.5) / steps);
      if (at(1000 + (p + 0.5) / steps + error, 1)[0] === 1000) right++;
      all++;
    }
  }
  ok(Math.abs(right / all - (1 - 0.798 * sigma)) < 0.002, `${right / all}`);
});

/** Quantile of the standard normal distribution, by bisection of its distribution function. */
function normalQuantile(p: number): number {
  let [low, high] = [-6, 6];
  for (let i = 0; i < 40; i++) {
    const middle = (low + high) / 2;
    if (normalCdf(middle) < p) low = middle;
    else high = middle;
  }
  return low;
}

/** Abramowitz and Stegun 26.2.17, error below 7.5e-8. */
function normalCdf(x: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(x));
  const series = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 +
            t * (-1.821255978 + t * 1.330274429))));
  const tail = Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI) * series;
  return x >= 0 ? 1 - tail : tail;
}

const learned = { arrival_s: 1_000_000.2, offset_s: 0, deviation_s: 0.05 };
const best = (change: Partial<BestFirstInput> = {}) => [...bestFirst({ ...learned, ...change })];

Deno.test("bestFirst() begins with the second that holds the expected moment, then the nearer neighbour", () => {
  deepStrictEqual(best().slice(0, 2), [1_000_000, 999_999]);
  deepStrictEqual(best({ arrival_s: 1_000_000.97 }).slice(0, 2), [1_000_000, 1_000_001]);
  deepStrictEqual(best({ offset_s: -137.1 }).slice(0, 2), [999_863, 999_862]);
});

Deno.test("bestFirst() gives each second within ten of expectation and arrival once, at most 42", () => {
  const offset = fc.double({ min: -600, max: 600, noNaN: true });
  const deviation = fc.double({ min: 0, max: 12, noNaN: true });
  const apart = fc.option(fc.double({ min: -20, max: 20, noNaN: true }), { nil: undefined });
  fc.assert(fc.property(offset, deviation, apart, (offset_s, deviation_s, apart_s) => {
    const seconds = best({ offset_s, deviation_s, apart_s });
    const expected = new Set<number>();
    for (const centre of [1_000_000.2, 1_000_000.2 + offset_s].map(Math.floor)) {
      for (let t = centre - 10; t <= centre + 10; t++) expected.add(t);
    }
    deepStrictEqual([...seconds].sort((a, b) => a - b), [...expected].sort((a, b) => a - b));
    ok(seconds.length <= CANDIDATES_MAX);
  }));
});

Deno.test("bestFirst() goes outward evenly at first contact, when nothing is known", () => {
  const seconds = best({ arrival_s: 1_000_000.4, deviation_s: 5 });
  deepStrictEqual(seconds.slice(0, 5), [1e6, 999_999, 1_000_001, 999_998, 1_000_002]);
});

Deno.test("bestFirst() looks at a stall before it looks at a clock that gained", () => {
  // The later second is the nearer one, by 0.8 s.
  const seconds = best({ arrival_s: 1_000_000.9 });
  ok(seconds.indexOf(999_998) < seconds.indexOf(1_000_002), `${seconds}`);
});

Deno.test("bestFirst() looks early at the arrival itself, for a clock that was set right again", () => {
  const seconds = best({ offset_s: -300 });
  ok(seconds.indexOf(1_000_000) <= 5, `${seconds}`);
});

Deno.test("bestFirst() looks second where the last frame was, when that one was apart from the model", () => {
  const seconds = best({ apart_s: 6.1, arrival_s: 1_000_000.5 });
  deepStrictEqual(seconds.slice(0, 2), [1_000_000, 1_000_006]);
});

Deno.test("bestFirst() keeps those that match when there is a hint, and none where none does", () => {
  deepStrictEqual(best({ hint: 1_000_003 % 256 }), [1_000_003]);
  deepStrictEqual(best({ hint: 1_000_003 % 256, deviation_s: 5 }), [1_000_003]);
  deepStrictEqual(best({ hint: (1_000_000 + 128) % 256 }), []);
});

Deno.test("bestFirst() gives no second before the epoch, and refuses numbers that are none", () => {
  ok(best({ arrival_s: 3.5 }).every((t) => t >= 0));
  for (const change of [{ arrival_s: NaN }, { offset_s: Infinity }, { deviation_s: NaN }]) {
    throws(() => best(change), RangeError);
  }
});

Deno.test("bestFirst() gives the same order with and without its short cuts", () => {
  // A clock that is apart by nothing at all tells the same story again, and is always ranked.
  const phase = fc.double({ min: 0, max: 0.999, noNaN: true });
  const deviation = fc.double({ min: 0.005, max: 0.49, noNaN: true });
  fc.assert(fc.property(phase, deviation, (at, deviation_s) => {
    const arrival_s = 1_000_000 + at;
    const [first, second] = best({ arrival_s, deviation_s });
    const ranked = best({ arrival_s, deviation_s, apart_s: 0 });
    deepStrictEqual([first, second], ranked.slice(0, 2));
  }));
});
