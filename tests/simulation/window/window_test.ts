import { ok, strictEqual } from "node:assert/strict";
import { CANDIDATES_MAX } from "../../../protocol/tves/window.ts";
import {
  Chance,
  type Course,
  DAY_S,
  delayOf,
  disciplined,
  follow,
  freeRunning,
  QUARTER_HOUR_S,
  type Read,
} from "./world.ts";

const SEEDS = Array.from({ length: 20 }, (_, i) => i + 1);
const DAYS = 60;

function courses(reads: (chance: Chance) => Iterable<Read>): Course[] {
  return SEEDS.map((seed) => {
    const course = follow(reads(new Chance(seed)));
    strictEqual(course.opened, course.frames, `seed ${seed}: frames that did not open`);
    return course;
  });
}

function meanTrials(all: readonly Course[]): number {
  return all.reduce((sum, { trials_mean }) => sum + trials_mean, 0) / all.length;
}

Deno.test("mean trials are at most 1.05 with clocks that wander within 50 ms", () => {
  const all = courses((chance) => disciplined(chance, DAYS, 0.05));
  ok(meanTrials(all) <= 1.05, `${meanTrials(all)}`);
  ok(all.every(({ trials_most }) => trials_most <= CANDIDATES_MAX));
});

Deno.test("mean trials are at most 1.05 with clocks whose error of 50 ms is new in every frame", () => {
  const all = courses(function* (chance) {
    for (let at_s = 0; at_s < DAYS * DAY_S; at_s += QUARTER_HOUR_S) {
      const phase_s = chance.between(0, 20);
      const error_s = chance.normal(0.05);
      yield { at_s: at_s + phase_s, error_s, delay_s: delayOf(chance), lost: false };
    }
  });
  ok(meanTrials(all) <= 1.05, `${meanTrials(all)}`);
});

for (const drift_ppm of [100, -100]) {
  Deno.test(`mean trials are at most 1.5 for a free-running meter of ${drift_ppm} ppm, which leaves ten seconds far behind and is followed`, () => {
    const all = courses((chance) => freeRunning(chance, DAYS, drift_ppm));
    ok(meanTrials(all) <= 1.5, `${meanTrials(all)}`);
    for (const { error_most_s, clock } of all) {
      ok(error_most_s > 400, `${error_most_s}`);
      ok(Math.abs(clock.drift_ppm - drift_ppm) < 15, `learned ${clock.drift_ppm} ppm`);
    }
  });
}

Deno.test("a drift that goes from -100 to +100 ppm within the 60 days is followed too", () => {
  const all = courses(function* (chance) {
    let [error_s, before_s] = [0, 0];
    for (let slot_s = 0; slot_s < DAYS * DAY_S; slot_s += QUARTER_HOUR_S) {
      const at_s = slot_s + chance.between(0, 20);
      const drift_ppm = -100 + 200 * at_s / (DAYS * DAY_S);
      error_s += drift_ppm * 1e-6 * (at_s - before_s);
      before_s = at_s;
      yield { at_s, error_s, delay_s: delayOf(chance), lost: chance.uniform() < 0.05 };
    }
  });
  ok(meanTrials(all) <= 1.5, `${meanTrials(all)}`);
});

Deno.test("a meter whose clock is 9 s off is found at first contact, and at once from then on", () => {
  for (const off_s of [9, -9]) {
    const all = courses(function* (chance) {
      for (const read of disciplined(chance, 10, 0.01)) {
        yield { ...read, error_s: read.error_s + off_s };
      }
    });
    for (const { trials_most, trials_mean, frames } of all) {
      ok(trials_most > 10 && trials_most <= 21, `${trials_most} at first contact`);
      ok(trials_mean <= 1.05 + trials_most / frames, `${trials_mean}`);
    }
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
