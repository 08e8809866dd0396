/**
 * The three systems side by side, each sealing a packet at one moment and opening it around another:
 * the paper's with Caesar, the paper's with AES, and TVES/2 by the code that runs in production.
 */
import { utf8 } from "../../protocol/bytes.ts";
import { aesPaperOpen, aesPaperSeal } from "../../protocol/paper/aes_paper.ts";
import { caesarOpen, caesarSeal } from "../../protocol/paper/caesar.ts";
import type { SearchOrder } from "../../protocol/paper/condition.ts";
import { linearSeries } from "../../protocol/paper/paper_time.ts";
import type { Chance } from "../../protocol/paper/random.ts";
import { parseFrame } from "../../protocol/tves/frame.ts";
import { HeadEndKeys } from "../../protocol/tves/keys.ts";
import { openFrame } from "../../protocol/tves/open.ts";
import { sealFrame } from "../../protocol/tves/seal.ts";
import { bestFirst } from "../../protocol/tves/window.ts";
import { candidateSeconds } from "../../protocol/tves/window_width.ts";

export const SYSTEMS = ["caesar", "aes", "tves2"] as const;
export type SystemName = typeof SYSTEMS[number];

/** How people call them. */
export const TITLES: Readonly<Record<SystemName, string>> = {
  caesar: "Caesar",
  aes: "AES, paper mode",
  tves2: "TVES/2",
};

/** One packet's way through a system. */
export interface Attempt {
  readonly text: string;
  /** The true moment of sealing, Unix time in seconds with its fraction. */
  readonly sealed_s: number;
  /** What the master takes that moment for. */
  readonly expected_s: number;
  readonly window_s: number;
}

export interface Opened {
  readonly t_s: number;
  readonly trials: number;
  readonly text: string;
}

export interface LabSystem {
  readonly name: SystemName;
  attempt(attempt: Attempt): Opened | undefined;
}

const caesar: LabSystem = {
  name: "caesar",
  attempt({ text, sealed_s, expected_s, window_s }) {
    const sealed = caesarSeal(text, Math.floor(sealed_s));
    return caesarOpen(sealed, linearSeries(Math.floor(expected_s), window_s));
  },
};

const aes: LabSystem = {
  name: "aes",
  attempt({ text, sealed_s, expected_s, window_s }) {
    const sealed = aesPaperSeal(text, Math.floor(sealed_s));
    return aesPaperOpen(sealed, linearSeries(Math.floor(expected_s), window_s));
  },
};

/** What a master has learned of a meter: sealing time less arrival, and its standard deviation. */
export interface LearnedClock {
  readonly offset_s: number;
  readonly deviation_s: number;
}

/**
 * The places of production's search, for the prediction of its trials. A whole number of seconds is
 * learned, so that the arrival lies at the same phase of its second as the expected moment.
 */
export function productionOrder(clock: LearnedClock): SearchOrder {
  const centre = 1_000_000;
  let phase = -1;
  const places = new Map<number, number>();
  return (distance, v) => {
    if (v !== phase) {
      phase = v;
      places.clear();
      const series = bestFirst({ arrival_s: centre + v - clock.offset_s, ...clock });
      for (const t_s of series) places.set(t_s, places.size + 1);
    }
    return places.get(centre + distance) ?? Infinity;
  };
}

/** A meter of TVES/2 with a key of its own, sealing and opening as slave and master do. */
export class TvesMeter implements LabSystem {
  readonly name = "tves2";
  readonly keys: HeadEndKeys;
  #sequence = 0;

  /** `from_s` is the earliest second that will be sealed; `chance` gives the meter's key. */
  constructor(chance: Chance, from_s: number) {
    this.keys = new HeadEndKeys({
      key: chance.bytes(32),
      generation: 1,
      enrolmentDay: Math.floor(from_s / 86_400),
      meterId: "LAB-1",
    });
  }

  /** One frame, sealed at the whole second `t_s`, under a sequence number of its own. */
  seal(text: string, t_s: number): Uint8Array {
    const secondKey = this.keys.secondKey(t_s);
    if (secondKey === undefined) throw new RangeError(`The meter has no key for second ${t_s}`);
    this.#sequence += 1;
    return sealFrame({
      suite: 1,
      hint: false,
      clockQuality: 2,
      alias: 1,
      generation: 1,
      boot: 1,
      sequence: this.#sequence,
      t_s,
      secondKey,
      plaintext: utf8(text),
    });
  }

  /** Opens a frame within `window_s` of the moment `expected_s`. */
  open(bytes: Uint8Array, expected_s: number, window_s: number): Opened | undefined {
    const series = candidateSeconds({ arrival_s: expected_s, expectedOffset_s: 0, window_s });
    return this.#search(bytes, series);
  }

  /** Opens a frame as a master does that has learned the meter's clock: most probable second first. */
  openBest(bytes: Uint8Array, arrival_s: number, clock: LearnedClock): Opened | undefined {
    return this.#search(bytes, bestFirst({ arrival_s, ...clock }));
  }

  #search(bytes: Uint8Array, series: Iterable<number>): Opened | undefined {
    const form = parseFrame(bytes);
    if (!form.ok) return undefined;
    const result = openFrame(form.frame, this.keys, series);
    if (!result.opened) return undefined;
    const { t_s, trials, plaintext } = result;
    return { t_s, trials, text: new TextDecoder().decode(plaintext) };
  }

  attempt({ text, sealed_s, expected_s, window_s }: Attempt): Opened | undefined {
    return this.open(this.seal(text, Math.floor(sealed_s)), expected_s, window_s);
  }
}

/** The system of that name; TVES/2 gets a fresh meter. */
export function createSystem(name: SystemName, chance: Chance, from_s: number): LabSystem {
  if (name === "tves2") return new TvesMeter(chance, from_s);
  return name === "caesar" ? caesar : aes;
}
