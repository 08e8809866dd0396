import assert from "node:assert/strict";
import fc from "fast-check";
import {
  expectedOf,
  freshMeterClock,
  type MeterClock,
  sampleMeterClock,
  varianceAt,
} from "../../protocol/meter_clock.ts";

const NOW_MS = 1_772_323_200_000;
const QUARTER_MS = 900_000;

/** Frames every quarter of an hour, sealed `late_ms(i)` before they arrive. */
function fed(count: number, late_ms: (i: number) => number, clock = freshMeterClock()) {
  for (let i = 0; i < count; i++) {
    const arrival_ms = NOW_MS + i * QUARTER_MS;
    sampleMeterClock(clock, arrival_ms - late_ms(i), arrival_ms);
  }
  return clock;
}
/** A learned clock: 40 ms late, give or take 10. */
const steady = (count = 200) => fed(count, (i) => i % 2 === 0 ? 30 : 50);
const after = (count: number) => NOW_MS + count * QUARTER_MS;

Deno.test("sampleMeterClock() believes the first sample nearly whole, and averages the jitter after", () => {
  const clock = freshMeterClock();
  sampleMeterClock(clock, NOW_MS + 3_000, NOW_MS);
  assert.ok(Math.abs(clock.offset_s - 3) < 0.001);
  assert.ok(clock.variance_s2 < 0.0026);
  for (let i = 1; i <= 20; i++) {
    const jitter_ms = i % 2 === 0 ? 40 : -40;
    sampleMeterClock(clock, NOW_MS + i * 1_000 + 3_000 + jitter_ms, NOW_MS + i * 1_000);
  }
  assert.ok(Math.abs(clock.offset_s - 3) < 0.02, `${clock.offset_s}`);
  assert.equal(clock.samples, 21);
});

Deno.test("varianceAt() grows by the drift that is plausible, at most to ten seconds squared", () => {
  const clock = freshMeterClock();
  assert.equal(varianceAt(clock, NOW_MS), 25);
  sampleMeterClock(clock, NOW_MS, NOW_MS);
  const hour_s = 3_600;
  const fresh = varianceAt(clock, NOW_MS);
  const grown_s = Math.sqrt(varianceAt(clock, NOW_MS + hour_s * 1_000) - fresh);
  assert.ok(Math.abs(grown_s - 60e-6 * hour_s) < 0.01, `${grown_s}`);
  assert.equal(varianceAt(clock, NOW_MS + 9_000 * hour_s * 1_000), 100);
});

Deno.test("sampleMeterClock() learns the drift, and predicts by it through a silence", () => {
  for (const ppm of [100, -100, 0]) {
    const clock = fed(200, (i) => -ppm * 1e-6 * i * QUARTER_MS + 40);
    assert.ok(Math.abs(clock.drift_ppm - ppm) < 1, `${clock.drift_ppm} of ${ppm} ppm`);
    const { offset_s } = expectedOf(clock, after(200 + 96));
    const right_s = ppm * 1e-6 * 296 * 900 - 0.04;
    assert.ok(Math.abs(offset_s - right_s) < 0.2, `${offset_s} of ${right_s} s`);
  }
});

Deno.test("sampleMeterClock() learns the jitter of the way, and says it in the deviation", () => {
  const quiet = fed(300, (i) => 40 + (i % 2 === 0 ? 5 : -5));
  const rough = fed(300, (i) => 400 + (i % 2 === 0 ? 200 : -200));
  assert.ok(Math.sqrt(quiet.jitter_s2) < 0.012, `${quiet.jitter_s2}`);
  assert.ok(Math.sqrt(rough.jitter_s2) > 0.1, `${rough.jitter_s2}`);
  assert.ok(expectedOf(rough, after(300)).deviation_s > expectedOf(quiet, after(300)).deviation_s);
});

Deno.test("a frame that stalled for 8 s does not move the model, and the next one is as usual", () => {
  const clock = steady();
  const { offset_s, drift_ppm } = clock;
  sampleMeterClock(clock, after(200) - 8_000, after(200));
  assert.deepEqual([clock.offset_s, clock.drift_ppm], [offset_s, drift_ppm]);
  assert.equal(clock.apart?.offset_s, -8);
  sampleMeterClock(clock, after(201) - 40, after(201));
  assert.equal(clock.apart, null);
  assert.ok(Math.abs(clock.offset_s + 0.04) < 0.02);
});

Deno.test("frames that waited in one stall and arrive together are no clock that was set anew", () => {
  const clock = steady();
  for (const late_ms of [8_000, 7_800, 7_600, 7_400]) {
    sampleMeterClock(clock, after(200) - late_ms, after(200) + 10);
  }
  assert.ok(Math.abs(clock.offset_s + 0.04) < 0.02, `${clock.offset_s}`);
});

Deno.test("two stalls that differ are two outliers, not a confirmation", () => {
  const clock = steady();
  sampleMeterClock(clock, after(200) - 8_000, after(200));
  sampleMeterClock(clock, after(201) - 4_000, after(201));
  assert.ok(Math.abs(clock.offset_s + 0.04) < 0.02);
  assert.equal(clock.apart?.offset_s, -4);
});

Deno.test("a clock that was set anew is followed once a second frame confirms it", () => {
  const clock = steady();
  sampleMeterClock(clock, after(200) - 6_000, after(200));
  sampleMeterClock(clock, after(201) - 6_010, after(201));
  assert.ok(Math.abs(clock.offset_s + 6) < 0.1, `${clock.offset_s}`);
  assert.equal(clock.apart, null);
});

Deno.test("a stall that a broker stamped before its clock was set back confirms nothing, and blocks nothing", () => {
  const clock = steady();
  sampleMeterClock(clock, after(200) - 5_000, after(200));
  const back_ms = 86_400_000;
  for (const i of [1, 2]) {
    sampleMeterClock(clock, after(200 + i) - back_ms - 5_000, after(200 + i) - back_ms);
  }
  assert.ok(Math.abs(clock.offset_s + 5) < 0.1, `${clock.offset_s}`);
  assert.equal(clock.apart, null);
});

Deno.test("a sample that arrives out of order does not turn the age back", () => {
  const clock = freshMeterClock();
  sampleMeterClock(clock, NOW_MS, NOW_MS);
  sampleMeterClock(clock, NOW_MS - 60_000, NOW_MS - 60_000);
  assert.equal(clock.sampled_at_ms, NOW_MS);
});

Deno.test("a broker whose clock stood in 2100 or 1970 for a while leaves no model that is stuck", () => {
  for (const wrong_ms of [Date.UTC(2100, 0, 1), Date.UTC(1970, 0, 1, 0, 1)]) {
    const clock = steady();
    sampleMeterClock(clock, wrong_ms - 40, wrong_ms);
    fed(20, () => 40, clock);
    assert.equal(clock.sampled_at_ms, after(19));
    assert.ok(Math.abs(expectedOf(clock, after(20)).offset_s + 0.04) < 0.05);
  }
});

Deno.test("times that are no times change nothing", () => {
  const clock = steady();
  const before = JSON.stringify(clock);
  for (
    const [sealed_ms, arrival_ms] of [
      ...[[NaN, NOW_MS], [NOW_MS, NaN], [Infinity, NOW_MS], [NOW_MS, Infinity], [NaN, NaN]],
      ...[[Infinity, Infinity], [0, NOW_MS], [8.64e15, NOW_MS], [NOW_MS, 0], [1e300, 1e300]],
    ] as [number, number][]
  ) sampleMeterClock(clock, sealed_ms, arrival_ms);
  assert.equal(JSON.stringify(clock), before);
});

Deno.test("whatever comes, the model stays a model: variances above 0, all numbers finite, short JSON", () => {
  const time = fc.oneof(
    fc.integer({ min: NOW_MS, max: NOW_MS + 40 * QUARTER_MS }),
    fc.integer({ min: 0, max: 4_102_444_800_000 }),
    fc.double(),
  );
  const sample = fc.tuple(time, fc.oneof(fc.integer({ min: -20_000, max: 20_000 }), fc.double()));
  fc.assert(
    fc.property(fc.array(sample, { maxLength: 60 }), (samples) => {
      const clock = freshMeterClock();
      for (const [arrival_ms, off_ms] of samples) {
        sampleMeterClock(clock, arrival_ms + off_ms, arrival_ms);
      }
      assertModel(clock);
    }),
    { seed: 1_588, numRuns: 2_000 },
  );
});

function assertModel(clock: MeterClock): void {
  const { apart, ...numbers } = clock;
  for (const [name, value] of Object.entries({ ...numbers, ...apart })) {
    assert.ok(Number.isFinite(value), `${name} is ${value}`);
  }
  const { variance_s2, drift_variance_ppm2, covariance_s_ppm, jitter_s2 } = clock;
  assert.ok(variance_s2 > 0 && drift_variance_ppm2 > 0 && jitter_s2 > 0, JSON.stringify(clock));
  assert.ok(covariance_s_ppm ** 2 <= variance_s2 * drift_variance_ppm2 + 1e-3);
  assert.ok(JSON.stringify(clock).length <= 320, JSON.stringify(clock));
  const { deviation_s } = expectedOf(clock, NOW_MS + 1e12);
  assert.ok(deviation_s > 0 && deviation_s < 11);
}
