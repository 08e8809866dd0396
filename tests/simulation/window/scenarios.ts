/** Meters whose frames are searched for, and the most that a search may cost on average. */
import type { Random } from "../random.ts";
import {
  DAY_S,
  delayOf,
  disciplined,
  freeRunning,
  JITTER_S,
  QUARTER_HOUR_S,
  type Read,
} from "./world.ts";

export const DAYS = 60;

export interface WindowScenario {
  readonly name: string;
  /** The bar: mean trials a frame over all seeds; undefined where none is promised. */
  readonly trialsMax: number | undefined;
  readonly reads: (random: Random) => Iterable<Read>;
}

/** A clock whose error is new in every frame, behind a way with a queue of `jitter_s`. */
function* newErrors(random: Random, jitter_s = JITTER_S): Generator<Read> {
  for (let at_s = 0; at_s < DAYS * DAY_S; at_s += QUARTER_HOUR_S) {
    const phase_s = random.between(0, 20);
    const error_s = random.normal(0.05);
    yield { at_s: at_s + phase_s, error_s, delay_s: delayOf(random, jitter_s), lost: false };
  }
}

function* turning(random: Random): Generator<Read> {
  let [error_s, before_s] = [0, 0];
  for (let slot_s = 0; slot_s < DAYS * DAY_S; slot_s += QUARTER_HOUR_S) {
    const at_s = slot_s + random.between(0, 20);
    const drift_ppm = -100 + 200 * at_s / (DAYS * DAY_S);
    error_s += drift_ppm * 1e-6 * (at_s - before_s);
    before_s = at_s;
    yield { at_s, error_s, delay_s: delayOf(random), lost: random.next() < 0.05 };
  }
}

const free = (drift_ppm: number): WindowScenario => ({
  name: `runs free for 60 days at ${drift_ppm} ppm`,
  trialsMax: 1.5,
  reads: (random) => freeRunning(random, DAYS, drift_ppm),
});

const jittery = (jitter_s: number): WindowScenario => ({
  name: `wanders within 50 ms, behind a way with ${jitter_s * 1e3} ms of queue`,
  trialsMax: undefined,
  reads: (random) => disciplined(random, DAYS, 0.05, jitter_s),
});

export const scenarios: readonly WindowScenario[] = [
  {
    name: "wanders within 50 ms of true time",
    trialsMax: 1.05,
    reads: (random) => disciplined(random, DAYS, 0.05),
  },
  { name: "normal error of 50 ms, new for each frame", trialsMax: 1.05, reads: newErrors },
  free(100),
  free(-100),
  { name: "drift turns from -100 to +100 ppm", trialsMax: 1.5, reads: turning },
  jittery(0.1),
  jittery(0.3),
];
