import assert from "node:assert/strict";
import { ClockFilter } from "../../../protocol/ntp/clock_filter.ts";
import { Discipline } from "../../../protocol/ntp/discipline.ts";
import { RateLimit } from "../../../protocol/ntp/rate_limit.ts";
import { sampleOf } from "./vectors.ts";

Deno.test("ClockFilter believes the quickest of the last eight samples", () => {
  const filter = new ClockFilter();
  assert.equal(filter.estimate(0), undefined);
  filter.feed(sampleOf(0.100, 0.001), 0);
  for (let i = 1; i <= 7; i++) filter.feed(sampleOf(0.150, 0.100 + i / 1000), i);
  assert.equal(filter.estimate(8)?.sample.offset_s, 0.100);
  filter.feed(sampleOf(0.150, 0.100), 8);
  assert.equal(filter.estimate(9)?.sample.offset_s, 0.150, "the ninth pushes the first out");
});

Deno.test("ClockFilter prefers the newer of two equal samples, and lets dispersion grow", () => {
  const filter = new ClockFilter();
  filter.feed(sampleOf(0.1), 0);
  filter.feed(sampleOf(0.2), 100);
  assert.equal(filter.estimate(100)?.sample.offset_s, 0.2);
  assert.ok(filter.estimate(1_100)!.dispersion_s > filter.estimate(100)!.dispersion_s + 0.014);
});

Deno.test("Discipline goes from unsynchronised to synchronised, holdover and back", () => {
  const discipline = new Discipline({ sources: 1 });
  assert.equal(discipline.estimate(0).quality, 0);
  assert.deepEqual(discipline.feed("a", sampleOf(5), 10), { outcome: "adopted" });
  assert.equal(discipline.estimate(10).quality, 2);
  assert.equal(discipline.estimate(10).offset_s, 5);
  assert.equal(discipline.estimate(700).quality, 1);
  assert.equal(discipline.estimate(19_000).quality, 1);
  assert.equal(discipline.estimate(21_000).quality, 0, "100 ppm for 21,000 s may be more than 2 s");
});

Deno.test("Discipline marks an authenticated way as quality 3", () => {
  const discipline = new Discipline({ sources: 1 });
  discipline.feed("a", sampleOf(0, 0.001, { authenticated: true }), 0);
  assert.equal(discipline.estimate(1).quality, 3);
});

Deno.test("Discipline refuses a step of more than 2 s that the monotonic clock did not make", () => {
  for (const step_s of [2.5, -2.5, 86_400]) {
    const discipline = new Discipline({ sources: 1 });
    discipline.feed("a", sampleOf(1), 0);
    assert.deepEqual(discipline.feed("a", sampleOf(1 + step_s), 64), {
      outcome: "step_refused",
      step_s,
    });
    assert.equal(discipline.estimate(64).offset_s, 1);
    assert.equal(discipline.feed("a", sampleOf(1.5), 128).outcome, "adopted");
  }
});

Deno.test("Discipline starts afresh only when the old estimate is no longer good to seal by", () => {
  const discipline = new Discipline({ sources: 1 });
  discipline.feed("a", sampleOf(0), 0);
  assert.equal(discipline.feed("a", sampleOf(3_600), 18_000).outcome, "step_refused");
  assert.equal(discipline.estimate(21_000).quality, 0);
  assert.equal(discipline.feed("a", sampleOf(3_600), 21_001).outcome, "adopted");
  assert.equal(discipline.estimate(21_001).offset_s, 3_600);
});

Deno.test("Discipline of three servers waits for two that agree and ignores the third", () => {
  const discipline = new Discipline({ sources: 3 });
  assert.equal(discipline.feed("liar", sampleOf(100), 0).outcome, "no_majority");
  assert.equal(discipline.estimate(0).quality, 0);
  assert.equal(discipline.feed("a", sampleOf(0.010, 0.004), 1).outcome, "no_majority");
  assert.equal(discipline.feed("b", sampleOf(0.011, 0.002), 2).outcome, "adopted");
  const estimate = discipline.estimate(2);
  assert.equal(estimate.source, "b");
  assert.equal(estimate.quality, 2);
});

Deno.test("RateLimit answers a burst, says RATE once, then nothing until time has passed", () => {
  const limit = new RateLimit({ burst: 3, rate_hz: 0.5, addresses_max: 4 });
  const verdicts = [0, 0, 0, 0, 0].map((now) => limit.judge("10.0.0.1", now));
  assert.deepEqual(verdicts, ["answer", "answer", "answer", "kiss", "drop"]);
  assert.equal(limit.judge("10.0.0.2", 0), "answer", "another address is not concerned");
  assert.equal(limit.judge("10.0.0.1", 2), "answer");
  for (let i = 0; i < 100; i++) limit.judge(`10.0.1.${i}`, 3);
  assert.equal(limit.size, 4, "addresses are forgotten, memory stays bounded");
});
