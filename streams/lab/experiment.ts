/** The whole experiment: clocks against windows, forgeries, known plaintext, and the verdict. */
import { FAMILY_ALPHA } from "../../protocol/paper/agreement.ts";
import { LOSS, measureScenario, PAPER_WINDOW_S } from "./measure_condition.ts";
import { measureForgery } from "./measure_forgery.ts";
import { measureKnownPlaintext } from "./measure_known.ts";
import type { Agreement, Compared, LabResult } from "./result.ts";
import { SCENARIOS } from "./scenarios.ts";
import { SYSTEMS, TITLES } from "./systems.ts";

export const FRAMES_DEFAULT = 2_000;
export const FRAMES_MIN = 100;
export const FRAMES_MAX = 200_000;
export const SEED_MAX = 0xffff_ffff;

export interface ExperimentInput {
  /** 0 to 2^32 - 1; the same seed gives the same figures, `timings` aside. */
  readonly seed: number;
  /** Frames for each clock and system. */
  readonly frames: number;
  /** A monotonic clock in milliseconds, for the times that are reported. */
  readonly now_ms: () => number;
  readonly progress?: (done: number, total: number, note: string) => void;
}

/** Forged frames for each frame of the rest: they are cheap, and 64 of them make one count. */
const FORGED_A_FRAME = 8;

/** Runs everything. The same seed and number of frames give the same result, `timings` aside. */
export function runExperiment(input: ExperimentInput): LabResult {
  const { seed, frames, now_ms } = input;
  const steps = SCENARIOS.length + 2;
  const began_ms = now_ms();
  const tell = (done: number, note: string) => input.progress?.(done, steps, note);
  const scenarios = SCENARIOS.map((scenario, i) => {
    tell(i, scenario.title);
    return measureScenario(scenario, i, frames, seed);
  });
  tell(SCENARIOS.length, "forged frames");
  const forgery = measureForgery(FORGED_A_FRAME * frames, seed);
  tell(SCENARIOS.length + 1, "known plaintext");
  const { result: knownPlaintext, aesAllKeys_ms } = measureKnownPlaintext(seed, now_ms);
  tell(steps, "done");
  const found = { scenarios, forgery, knownPlaintext };
  return {
    seed,
    frames,
    loss: LOSS,
    window_s: PAPER_WINDOW_S,
    ...found,
    agreement: judge(comparisonsOf(found)),
    timings: { total_ms: now_ms() - began_ms, aesAllKeys_ms },
  };
}

/** Every prediction of the experiment beside its measurement, by name. */
export function comparisonsOf(
  found: Pick<LabResult, "scenarios" | "forgery" | "knownPlaintext">,
): (readonly [string, Compared])[] {
  return [
    ...found.scenarios.flatMap(({ title, condition, trials, firstRight }) => [
      ...condition.flatMap(({ window_s, measured }) =>
        SYSTEMS.map((name) =>
          [`${TITLES[name]} opens, ${title}, W = ${window_s}`, measured[name]] as const
        )
      ),
      [`trials in the paper's order, ${title}`, trials.linear] as const,
      [`trials best first, ${title}`, trials.best] as const,
      [`first candidate right, ${title}`, firstRight] as const,
    ]),
    ...found.forgery.points.map((point) =>
      [`${point.forgeries} forgeries pass ${point.check_bits} bits`, point] as const
    ),
    ...found.knownPlaintext.aes.ambiguity.map((point) =>
      [`wrong keys of a day pass ${point.check_bits} bits`, point] as const
    ),
  ];
}

/** Whether all agree, allowing for how many there are (Bonferroni). */
export function judge(comparisons: readonly (readonly [string, Compared])[]): Agreement {
  const allowed_p_value = FAMILY_ALPHA / comparisons.length;
  const disagreeing = comparisons
    .filter(([, { p_value }]) => !(p_value >= allowed_p_value))
    .map(([name]) => name);
  return {
    comparisons: comparisons.length,
    disagreeing,
    smallest_p_value: Math.min(...comparisons.map(([, { p_value }]) => p_value)),
    allowed_p_value,
    agrees: disagreeing.length === 0,
  };
}
