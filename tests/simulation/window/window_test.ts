import { ok, strictEqual } from "node:assert/strict";
import { CANDIDATES_MAX } from "../../../protocol/tves/window.ts";
import { Random } from "../random.ts";
import { DAYS, scenarios } from "./scenarios.ts";
import { type Course, DAY_S, disciplined, follow, freeRunning, type Read } from "./world.ts";

const SEEDS = Array.from({ length: 20 }, (_, i) => i + 1);

function courses(reads: (chance: Random) => Iterable<Read>): Course[] {
  return SEEDS.map((seed) => {
    const course = follow(reads(new Random(seed)));
    strictEqual(course.opened, course.frames, `seed ${seed}: frames that did not open`);
    return course;
  });
}

function meanTrials(all: readonly Course[]): number {
  return all.reduce((sum, { trials_mean }) => sum + trials_mean, 0) / all.length;
}

for (const { name, trialsMax, reads } of scenarios) {
  if (trialsMax === undefined) continue;
  Deno.test(`mean trials are at most ${trialsMax}, clock: ${name}`, () => {
    const all = courses(reads);
    ok(meanTrials(all) <= trialsMax, `${meanTrials(all)}`);
    ok(all.every(({ trials_most }) => trials_most <= CANDIDATES_MAX));
  });
}

for (const drift_ppm of [100, -100]) {
  Deno.test(`a free-running meter of ${drift_ppm} ppm leaves ten seconds far behind, and its drift is learned`, () => {
    for (
      const { error_most_s, clock } of courses((random) => freeRunning(random, DAYS, drift_ppm))
    ) {
      ok(error_most_s > 400, `${error_most_s}`);
      ok(Math.abs(clock.drift_ppm - drift_ppm) < 15, `learned ${clock.drift_ppm} ppm`);
    }
  });
}

Deno.test("a meter whose clock is 9 s off is found at first contact, and at once from then on", () => {
  for (const off_s of [9, -9]) {
    const all = courses(function* (chance) {
      for (const read of disciplined(chance, 10, 0.01)) {
        yield { ...read, error_s: read.error_s + off_s };
      }
    });
    for (const { trials_most } of all) {
      ok(trials_most > 10 && trials_most <= 21, `${trials_most} at first contact`);
    }
    ok(meanTrials(all) <= 1.05 + 21 / all[0]!.frames, `${meanTrials(all)}`);
  }
});

Deno.test("a clock that is set right again after it was 300 s off costs one search, and is followed", () => {
  const all = courses(function* (chance) {
    const days = 35;
    for (const read of freeRunning(chance, days, 100, 0)) {
      yield read.at_s < (days - 5) * DAY_S ? read : { ...read, error_s: chance.normal(0.01) };
    }
  });
  for (const { clock, trials_most } of all) {
    ok(Math.abs(clock.offset_s) < 1, `${clock.offset_s}`);
    ok(trials_most <= CANDIDATES_MAX);
  }
  ok(meanTrials(all) <= 1.05, `${meanTrials(all)}`);
});
