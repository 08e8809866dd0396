/** Random frames, and frames made with a clock alone, against what each system checks. */
import { binomialPValue } from "../../protocol/paper/agreement.ts";
import {
  aesPaperDecrypt,
  aesPaperOpen,
  aesPaperSeal,
  checkDifference,
  timeRoundKeys,
} from "../../protocol/paper/aes_paper.ts";
import { caesarOpen, caesarSeal } from "../../protocol/paper/caesar.ts";
import { forgeryProbability } from "../../protocol/paper/condition.ts";
import { linearSeries, TIME_KEYS_A_DAY } from "../../protocol/paper/paper_time.ts";
import { type Chance, seeded } from "../../protocol/paper/random.ts";
import { COMMITMENT_LENGTH, HEADER_LENGTH } from "../../protocol/tves/frame.ts";
import { anyPacket, FROM_S, PAPER_WINDOW_S } from "./measure_condition.ts";
import type { ForgeryPoint, ForgeryResult } from "./result.ts";
import { TvesMeter } from "./systems.ts";

export const CHECK_BITS = [2, 4, 6, 8, 10, 12, 14, 16] as const;
/** Forgeries that are tried one after the other; one that passes is enough. */
export const FORGERIES = [1, 8, 64] as const;
/** Forged frames are two blocks long, like the packet. */
const FORGED_LENGTH = 32;
/** Seconds whose keys are kept for so many forgeries, since expanding them is not what is measured. */
const FORGERIES_A_SECOND = 64;

/** Frames sealed by someone with a clock and no key. */
const CLOCK_ONLY = 200;
/** TVES/2 derives each key with HMAC: one frame for so many of the others keeps a run short. */
const FORGED_A_TVES_FRAME = 20;

/** For each forged frame the longest beginning of the check, in bits, that fitted under any second. */
function luckOfForgeries(count: number, chance: Chance): number[] {
  const luck: number[] = [];
  while (luck.length < count) {
    const series = linearSeries(chance.integer(0, TIME_KEYS_A_DAY - 1), PAPER_WINDOW_S);
    const keys = series.map(timeRoundKeys);
    for (let i = 0; i < FORGERIES_A_SECOND && luck.length < count; i++) {
      const forged = chance.bytes(FORGED_LENGTH);
      const fitting = keys.map((roundKeys) =>
        Math.clz32(checkDifference(aesPaperDecrypt(forged, roundKeys))) - 16
      );
      luck.push(Math.max(...fitting));
    }
  }
  return luck;
}

function pointsOf(luck: readonly number[]): ForgeryPoint[] {
  const candidates = 2 * PAPER_WINDOW_S + 1;
  return FORGERIES.flatMap((forgeries) => {
    const groups = Array.from(
      { length: Math.floor(luck.length / forgeries) },
      (_, i) => Math.max(...luck.slice(i * forgeries, (i + 1) * forgeries)),
    );
    return CHECK_BITS.map((check_bits) => {
      const predicted = forgeryProbability(check_bits, candidates, forgeries);
      const passed = groups.filter((bits) => bits >= check_bits).length;
      const n = groups.length;
      const p_value = binomialPValue(passed, n, predicted);
      return { check_bits, forgeries, candidates, predicted, measured: passed / n, n, p_value };
    });
  });
}

/** A genuine header, so that nothing but commitment and tag can refuse; the rest is random. */
function forgedTves(meter: TvesMeter, chance: Chance): Uint8Array {
  const forged = meter.seal(anyPacket(chance), FROM_S);
  forged.set(chance.bytes(forged.length - HEADER_LENGTH), HEADER_LENGTH);
  return forged;
}

/** All of the forgery experiment: `count` random frames against AES, fewer against TVES/2. */
export function measureForgery(count: number, seed: number): ForgeryResult {
  const chance = seeded(seed, 2);
  const points = pointsOf(luckOfForgeries(count, chance));
  const meter = new TvesMeter(chance, FROM_S);
  const forger = new TvesMeter(chance, FROM_S);
  const tried = Math.ceil(count / FORGED_A_TVES_FRAME);
  let opened = 0;
  for (let i = 0; i < tried; i++) {
    if (meter.open(forgedTves(meter, chance), FROM_S + 0.5, PAPER_WINDOW_S)) opened++;
  }
  const accepted = { caesar: 0, aes: 0, tves2: 0 };
  for (let i = 0; i < CLOCK_ONLY; i++) {
    const t_s = FROM_S + chance.integer(0, TIME_KEYS_A_DAY - 1);
    const series = linearSeries(t_s, PAPER_WINDOW_S);
    const text = anyPacket(chance);
    if (caesarOpen(caesarSeal(text, t_s), series)?.text === text) accepted.caesar++;
    if (aesPaperOpen(aesPaperSeal(text, t_s), series)?.text === text) accepted.aes++;
    if (meter.open(forger.seal(text, t_s), t_s + 0.5, PAPER_WINDOW_S)) accepted.tves2++;
  }
  const of = (count: number) => ({ tried: CLOCK_ONLY, accepted: count });
  return {
    points,
    tves2: {
      tried,
      opened,
      predicted_each: forgeryProbability(8 * COMMITMENT_LENGTH, 2 * PAPER_WINDOW_S + 1),
    },
    clockOnly: { caesar: of(accepted.caesar), aes: of(accepted.aes), tves2: of(accepted.tves2) },
  };
}
