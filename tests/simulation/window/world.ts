/** Meters with clocks and a network that wander, stall and lose, by a seed: for the window. */
import {
  expectedOf,
  freshMeterClock,
  type MeterClock,
  sampleMeterClock,
} from "../../../protocol/meter_clock.ts";
import { bestFirst } from "../../../protocol/tves/window.ts";
import type { Random } from "../random.ts";

export const NOW_MS = 1_772_323_200_000;
export const QUARTER_HOUR_S = 900;
export const DAY_S = 86_400;

/** The usual queue on the way, in seconds. */
export const JITTER_S = 0.012;

/** A way from sealing to arrival in seconds: 40 ms, a queue behind it, now and then a stall. */
export function delayOf(chance: Random, jitter_s = JITTER_S): number {
  const stall_s = chance.next() < 0.0005 ? chance.between(1, 8) : 0;
  return 0.04 + chance.exponential(jitter_s) + stall_s;
}

export interface Read {
  /** True time of sealing, seconds from the start. */
  readonly at_s: number;
  /** Clock of the sealing side less true time. */
  readonly error_s: number;
  readonly delay_s: number;
  readonly lost: boolean;
}

export interface Course {
  readonly frames: number;
  readonly opened: number;
  readonly trials_mean: number;
  readonly trials_most: number;
  /** Widest error of a clock that was followed. */
  readonly error_most_s: number;
  readonly clock: MeterClock;
}

/** Runs reads through the window and the model, without ciphers: a second is right or is not. */
export function follow(reads: Iterable<Read>, clock = freshMeterClock()): Course {
  let [frames, opened, trials, trials_most, error_most_s] = [0, 0, 0, 0, 0];
  for (const { at_s, error_s, delay_s, lost } of reads) {
    if (lost) continue;
    frames++;
    const sealed_at_ms = Math.round(NOW_MS + (at_s + error_s) * 1_000);
    const arrival_ms = Math.round(NOW_MS + (at_s + delay_s) * 1_000);
    const sought = Math.floor(sealed_at_ms / 1_000);
    let tried = 0;
    let found = false;
    for (const t_s of candidates(clock, arrival_ms)) {
      tried++;
      found = t_s === sought;
      if (found) break;
    }
    trials += tried;
    trials_most = Math.max(trials_most, tried);
    if (!found) continue;
    opened++;
    error_most_s = Math.max(error_most_s, Math.abs(error_s));
    sampleMeterClock(clock, sealed_at_ms, arrival_ms);
  }
  return { frames, opened, trials_mean: trials / frames, trials_most, error_most_s, clock };
}

export function candidates(clock: MeterClock, arrival_ms: number, hint?: number) {
  return bestFirst({
    arrival_s: arrival_ms / 1_000,
    ...expectedOf(clock, arrival_ms),
    apart_s: clock.apart?.offset_s,
    hint,
  });
}

/** A disciplined clock whose error is anywhere within `within_s`, and wanders there. */
export function* disciplined(
  chance: Random,
  days: number,
  within_s: number,
  jitter_s = JITTER_S,
): Generator<Read> {
  let error_s = chance.between(-within_s, within_s);
  for (let at_s = 0; at_s < days * DAY_S; at_s += QUARTER_HOUR_S) {
    error_s = Math.max(-within_s, Math.min(within_s, error_s + chance.normal(0.02)));
    yield {
      at_s: at_s + chance.between(0, 20),
      error_s,
      delay_s: delayOf(chance, jitter_s),
      lost: chance.next() < 0.01,
    };
  }
}

/** A free-running crystal: `drift_ppm`, a swing by the temperature of the day, and its ageing. */
export function* freeRunning(
  chance: Random,
  days: number,
  drift_ppm: number,
  lost = 0.05,
): Generator<Read> {
  let error_s = chance.between(-0.05, 0.05);
  let before_s = 0;
  let ageing_ppm = 0;
  for (let slot_s = 0; slot_s < days * DAY_S; slot_s += QUARTER_HOUR_S) {
    const at_s = slot_s + chance.between(0, 20);
    ageing_ppm += chance.normal(0.02);
    const swing_ppm = 4 * Math.sin(2 * Math.PI * at_s / DAY_S);
    error_s += (drift_ppm + swing_ppm + ageing_ppm) * 1e-6 * (at_s - before_s);
    before_s = at_s;
    yield { at_s, error_s, delay_s: delayOf(chance), lost: chance.next() < lost };
  }
}
