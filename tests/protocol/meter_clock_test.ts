import assert from "node:assert/strict";
import { freshMeterClock, sampleMeterClock, varianceAt } from "../../protocol/meter_clock.ts";

const NOW_MS = 1_772_323_200_000;

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

Deno.test("varianceAt() grows with the drift of 100 ppm, at most to what is assumed at the start", () => {
  const clock = freshMeterClock();
  assert.equal(varianceAt(clock, NOW_MS), 25);
  sampleMeterClock(clock, NOW_MS, NOW_MS);
  const fresh = varianceAt(clock, NOW_MS);
  const hour_s = 3_600;
  const afterHour = varianceAt(clock, NOW_MS + hour_s * 1_000);
  assert.ok(Math.abs(Math.sqrt(afterHour - fresh) - hour_s * 100e-6) < 1e-9);
  assert.equal(varianceAt(clock, NOW_MS + 9_000 * hour_s * 1_000), 25);
});

Deno.test("a sample that arrives out of order does not turn the age back", () => {
  const clock = freshMeterClock();
  sampleMeterClock(clock, NOW_MS, NOW_MS);
  sampleMeterClock(clock, NOW_MS - 60_000, NOW_MS - 60_000);
  assert.equal(clock.sampled_at_ms, NOW_MS);
});
