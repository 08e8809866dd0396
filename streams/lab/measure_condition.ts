/** Sends frames through the three systems and holds the counts against the closed form. */
import { binomialPValue, meanPValue } from "../../protocol/paper/agreement.ts";
import {
  expectedTrials,
  firstRightApproximation,
  linearOrder,
  openProbability,
  type TrialsExpected,
} from "../../protocol/paper/condition.ts";
import type { Distribution } from "../../protocol/paper/distribution.ts";
import { CONSUMER_MAX, packetText, READING_MAX_WH } from "../../protocol/paper/packet.ts";
import { type Chance, seeded } from "../../protocol/paper/random.ts";
import type { Compared, ScenarioResult } from "./result.ts";
import type { Scenario } from "./scenarios.ts";
import {
  createSystem,
  type LabSystem,
  productionOrder,
  type SystemName,
  SYSTEMS,
  TvesMeter,
} from "./systems.ts";

/** The widest window that is tried; the windows 0 to this are read off one search. */
export const WIDEST_S = 12;
/** The paper's T ± 10. */
export const PAPER_WINDOW_S = 10;

/** Share of frames that never arrive. */
export const LOSS = 0.02;

/** 2026-11-01 00:00:00 UTC, where all frames of the lab begin; any other day would do. */
export const FROM_S = 1_793_491_200;
/** Frames a minute apart, so that hours and days change within one run. */
const SPACING_S = 60;

/** Frames of one system in one scenario, by how far from the expected second they were found. */
interface Counts {
  readonly sent: number;
  /** `foundWithin[W]`: frames that opened to the right text with the window W. */
  readonly foundWithin: readonly number[];
  readonly wrong: number;
  readonly trials: Trials;
}

/** Of the frames that opened in T ± 10: how many, the sum of their trials, how many needed one. */
interface Trials {
  opened: number;
  sum: number;
  first: number;
}

function count(trials: Trials, of: number): void {
  trials.opened += 1;
  trials.sum += of;
  if (of === 1) trials.first += 1;
}

/** Any packet that has the form. */
export function anyPacket(chance: Chance): string {
  return packetText({
    consumer: chance.integer(0, CONSUMER_MAX),
    reading_wh: chance.integer(0, READING_MAX_WH),
  });
}

/**
 * Sends `frames` frames. Each that arrives is searched for once with the widest window; the distance
 * at which its second was found says which windows would have opened it.
 */
function send(system: LabSystem, scenario: Scenario, frames: number, chance: Chance): Counts {
  const foundWithin = new Array<number>(WIDEST_S + 1).fill(0);
  const trials = { opened: 0, sum: 0, first: 0 };
  let wrong = 0;
  for (let i = 0; i < frames; i++) {
    const text = anyPacket(chance);
    const sealed_s = FROM_S + i * SPACING_S + chance.uniform();
    const expected_s = sealed_s + scenario.draw(chance);
    if (chance.uniform() < LOSS) continue;
    const found = system.attempt({ text, sealed_s, expected_s, window_s: WIDEST_S });
    if (found === undefined) continue;
    if (found.text !== text) {
      wrong++;
      continue;
    }
    const distance = Math.abs(found.t_s - Math.floor(expected_s));
    for (let window_s = distance; window_s <= WIDEST_S; window_s++) foundWithin[window_s]! += 1;
    // The series T - W, ..., T + W starts so much earlier when it is wider than the paper's.
    if (distance <= PAPER_WINDOW_S) count(trials, found.trials - (WIDEST_S - PAPER_WINDOW_S));
  }
  return { sent: frames, foundWithin, wrong, trials };
}

/** What a master of production has learned in a scenario: the bias, and the spread around it. */
function learned({ mu_s, sigma_s }: Scenario) {
  return { offset_s: -mu_s, deviation_s: sigma_s };
}

/** The trials of TVES/2 as a master searches: from the learned offset, most probable second first. */
function sendBest(scenario: Scenario, frames: number, chance: Chance): Trials {
  const meter = new TvesMeter(chance, FROM_S);
  const clock = learned(scenario);
  const trials = { opened: 0, sum: 0, first: 0 };
  for (let i = 0; i < frames; i++) {
    const text = anyPacket(chance);
    const sealed_s = FROM_S + i * SPACING_S + chance.uniform();
    const arrival_s = sealed_s + scenario.draw(chance);
    const found = meter.openBest(meter.seal(text, Math.floor(sealed_s)), arrival_s, clock);
    if (found === undefined) continue;
    const distance = Math.abs(found.t_s - Math.floor(arrival_s + clock.offset_s));
    if (distance <= PAPER_WINDOW_S) count(trials, found.trials);
  }
  return trials;
}

function share(hits: number, n: number, predicted: number): Compared {
  return { predicted, measured: hits / n, n, p_value: binomialPValue(hits, n, predicted) };
}

/** Everything about one scenario, from `frames` frames for each of the three systems. */
export function measureScenario(
  scenario: Scenario,
  index: number,
  frames: number,
  seed: number,
): ScenarioResult {
  const counts = Object.fromEntries(SYSTEMS.map((name, i) => {
    const chance = seeded(seed, 1, index, i);
    return [name, send(createSystem(name, chance, FROM_S), scenario, frames, chance)];
  })) as Record<SystemName, Counts>;
  const condition = Array.from({ length: WIDEST_S + 1 }, (_, window_s) => {
    const predicted = openProbability(scenario.x, window_s, LOSS);
    const of = (name: SystemName) =>
      share(counts[name].foundWithin[window_s]!, counts[name].sent, predicted);
    return {
      window_s,
      predicted,
      measured: { caesar: of("caesar"), aes: of("aes"), tves2: of("tves2") },
    };
  });
  const best = sendBest(scenario, frames, seeded(seed, 1, index, SYSTEMS.length));
  const { mu_s, sigma_s } = scenario;
  const linear = expectedTrials(scenario.x, PAPER_WINDOW_S, linearOrder);
  const likely = expectedTrials(
    unbiased(scenario),
    PAPER_WINDOW_S,
    productionOrder(learned(scenario)),
  );
  return {
    id: scenario.id,
    title: scenario.title,
    mu_s,
    sigma_s,
    centred: scenario.centred,
    condition,
    trials: {
      linear: trialsOf(counts.aes.trials, linear),
      best: trialsOf(best, likely),
    },
    firstRight: {
      ...share(best.first, best.opened, likely.first),
      approximation: scenario.centred ? firstRightApproximation(sigma_s) : null,
    },
    wrong: { caesar: counts.caesar.wrong, aes: counts.aes.wrong, tves2: counts.tves2.wrong },
  };
}

/** X of a master that has learned the bias. */
function unbiased({ x, mu_s }: Scenario): Distribution {
  return { cdf: (at) => x.cdf(at + mu_s), integral: (at) => x.integral(at + mu_s) };
}

function trialsOf({ opened, sum }: Trials, expected: TrialsExpected): Compared {
  const measured = sum / opened;
  return {
    predicted: expected.mean,
    measured,
    n: opened,
    p_value: meanPValue(measured, expected, opened),
  };
}
