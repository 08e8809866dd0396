/** Sends frames through the three systems and holds the counts against the closed form. */
import { binomialPValue, meanPValue } from "../../protocol/paper/agreement.ts";
import {
  expectedTrials,
  firstRightApproximation,
  firstRightProbability,
  openProbability,
} from "../../protocol/paper/condition.ts";
import { CONSUMER_MAX, packetText, READING_MAX_WH } from "../../protocol/paper/packet.ts";
import { type Chance, seeded } from "../../protocol/paper/random.ts";
import type { Compared, ScenarioResult } from "./result.ts";
import type { Scenario } from "./scenarios.ts";
import { createSystem, type LabSystem, type SystemName, SYSTEMS } from "./systems.ts";

/** The widest window that is tried; the windows 0 to this are read off one search. */
export const WIDEST_S = 12;
/** The paper's T ± 10. */
export const PAPER_WINDOW_S = 10;

/** Share of frames that never arrive. */
export const LOSS = 0.02;

/** 2026-11-01 00:00:00 UTC; any other day would do. */
const FROM_S = 1_793_491_200;
/** Frames a minute apart, so that hours and days change within one run. */
const SPACING_S = 60;

/** Frames of one system in one scenario, by how far from the expected second they were found. */
interface Counts {
  readonly sent: number;
  /** `foundWithin[W]`: frames that opened to the right text with the window W. */
  readonly foundWithin: readonly number[];
  readonly wrong: number;
  /** Of the frames that opened in T ± 10: how many, and the sum of their trials. */
  readonly opened: number;
  readonly trials: number;
  readonly arrived: number;
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
 * at which its second was found says which windows would have opened it. Trials are counted apart,
 * with the paper's window, because the order of a search depends on its width.
 */
function send(system: LabSystem, scenario: Scenario, frames: number, chance: Chance): Counts {
  const foundWithin = new Array<number>(WIDEST_S + 1).fill(0);
  let wrong = 0, opened = 0, trials = 0, arrived = 0;
  for (let i = 0; i < frames; i++) {
    const text = anyPacket(chance);
    const sealed_s = FROM_S + i * SPACING_S + chance.uniform();
    const expected_s = sealed_s + scenario.draw(chance);
    if (chance.uniform() < LOSS) continue;
    arrived++;
    const found = system.attempt({ text, sealed_s, expected_s, window_s: WIDEST_S });
    if (found === undefined) continue;
    if (found.text !== text) {
      wrong++;
      continue;
    }
    const distance = Math.abs(found.t_s - Math.floor(expected_s));
    for (let window_s = distance; window_s <= WIDEST_S; window_s++) foundWithin[window_s]! += 1;
    if (distance > PAPER_WINDOW_S) continue;
    opened++;
    // The linear series starts earlier the wider it is; the nearest-first one does not.
    trials += found.trials - (system.name === "tves2" ? 0 : WIDEST_S - PAPER_WINDOW_S);
  }
  return { sent: frames, foundWithin, wrong, opened, trials, arrived };
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
  const { tves2 } = counts;
  return {
    id: scenario.id,
    title: scenario.title,
    mu_s: scenario.mu_s,
    sigma_s: scenario.sigma_s,
    centred: scenario.centred,
    condition,
    trials: {
      linear: trialsOf("aes", counts.aes, scenario),
      nearest: trialsOf("tves2", tves2, scenario),
    },
    firstRight: {
      ...share(tves2.foundWithin[0]!, tves2.arrived, firstRightProbability(scenario.x)),
      approximation: scenario.centred ? firstRightApproximation(scenario.sigma_s) : null,
    },
    wrong: { caesar: counts.caesar.wrong, aes: counts.aes.wrong, tves2: tves2.wrong },
  };
}

function trialsOf(name: SystemName, { opened, trials }: Counts, scenario: Scenario): Compared {
  const { order } = createSystem(name, seeded(0), FROM_S);
  const expected = expectedTrials(scenario.x, PAPER_WINDOW_S, order);
  const measured = trials / opened;
  return {
    predicted: expected.mean,
    measured,
    n: opened,
    p_value: meanPValue(measured, expected, opened),
  };
}
