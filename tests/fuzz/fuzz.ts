/**
 * Spoiled frames through the path on which a master receives: `parseFrame`, the meter actor, the keys,
 * the search, the tag, the replay window, the pack. Every frame is drawn from the seed and its own
 * number, so that any of them can be made again alone.
 */
import { toHex } from "../../protocol/bytes.ts";
import { rejectReason } from "../../protocol/messages/journal.ts";
import { CANDIDATES_MAX } from "../../protocol/tves/window.ts";
import { meterActor, type MeterEvent } from "../../actors/meter/meter.ts";
import { Random } from "../simulation/random.ts";
import { find, inputOf, METER, meterWithHistory, NOW_MS, originals } from "./frames.ts";
import { pickMutation } from "./mutate.ts";

/** What can only be said of a frame whose tag was right. */
const BEHIND_THE_TAG = ["reading", "replayed", "too_old", "pre_played", "not_a_pack"];
const REASONS: readonly string[] = rejectReason.options;
/** How far the broker's stamp of some mutants lies from the present, in milliseconds. */
const ARRIVALS_MS = [-86_400_000, -11_000, -1_000, 1_000, 10_000, 3_600_000, 86_400_000];

export interface FuzzOptions {
  readonly seed: number;
  /** Number of the first frame, and how many. */
  readonly from: number;
  readonly frames: number;
  readonly onProgress?: (done: number) => void;
}

export interface FuzzReport {
  readonly frames: number;
  /** Frames by what was said of them, and by how they were spoiled. */
  readonly verdicts: ReadonlyMap<string, number>;
  readonly mutations: ReadonlyMap<string, number>;
  readonly trials: number;
  readonly trials_max: number;
}

/** A mutant that the head-end took wrongly, or that broke it. */
export class FuzzFailure extends Error {
  override name = "FuzzFailure";
}

interface Mutant {
  readonly bytes: Uint8Array;
  readonly mutation: string;
  readonly arrival_ms: number;
  readonly subject: string;
}

const PROGRESS_EVERY = 2_048;

/** Runs the frames `from` to `from + frames - 1`. Throws `FuzzFailure` at the first one that is wrong. */
export function fuzz({ seed, from, frames, onProgress }: FuzzOptions): FuzzReport {
  const state = meterWithHistory();
  const good = originals().map(({ bytes }) => bytes);
  const known = new Set(good.map(toHex));
  const verdicts = new Map<string, number>();
  const mutations = new Map<string, number>();
  let trials = 0;
  let trials_max = 0;
  for (let number = from; number < from + frames; number++) {
    const mutant = mutantOf(new Random(seed, `frame ${number}`), good);
    const fail = (what: string, cause?: unknown) => {
      const again = `deno task fuzz --seed ${seed} --from ${number} --frames 1`;
      throw new FuzzFailure(
        `${what} (${mutant.mutation}); again: ${again}; frame ${toHex(mutant.bytes)}`,
        { cause },
      );
    };
    let event: MeterEvent;
    try {
      const { bytes, arrival_ms, subject } = mutant;
      event = meterActor.receive(state, inputOf(bytes, arrival_ms, subject), find);
    } catch (error) {
      fail("it threw", error);
      throw error;
    }
    const verdict = event.event === "reading" ? "reading" : event.reason;
    const fault = faultOf(verdict, event.trials, () => known.has(toHex(mutant.bytes)));
    if (fault !== undefined) fail(fault);
    verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
    mutations.set(mutant.mutation, (mutations.get(mutant.mutation) ?? 0) + 1);
    trials += event.trials;
    trials_max = Math.max(trials_max, event.trials);
    if (number % PROGRESS_EVERY === 0) onProgress?.(number - from);
  }
  return { frames, verdicts, mutations, trials, trials_max };
}

/** What is wrong with a verdict, or undefined. `isOriginal` tells whether the frame was sealed so. */
export function faultOf(
  verdict: string,
  trials: number,
  isOriginal: () => boolean,
): string | undefined {
  if (verdict !== "reading" && !REASONS.includes(verdict)) return `no such reason: ${verdict}`;
  if (!(trials >= 0 && trials <= CANDIDATES_MAX)) return `${trials} candidates were tried`;
  if (BEHIND_THE_TAG.includes(verdict) && !isOriginal()) return `it opened: ${verdict}`;
  return undefined;
}

function mutantOf(random: Random, good: readonly Uint8Array[]): Mutant {
  const mutation = pickMutation(random);
  const bytes = mutation.make(random, random.pick(good), good);
  return {
    bytes,
    mutation: mutation.name,
    arrival_ms: NOW_MS + (random.chance(0.04) ? random.pick(ARRIVALS_MS) : 0),
    subject: random.chance(0.02) ? random.pick(["", "MH-1002", "x".repeat(300)]) : METER,
  };
}
