/**
 * The three systems side by side, each sealing a packet at one moment and opening it around another:
 * the paper's with Caesar, the paper's with AES, and TVES/2 by the code that runs in production.
 */
import { utf8 } from "../../protocol/bytes.ts";
import { aesPaperOpen, aesPaperSeal } from "../../protocol/paper/aes_paper.ts";
import { caesarOpen, caesarSeal } from "../../protocol/paper/caesar.ts";
import { linearOrder, nearestOrder, type SearchOrder } from "../../protocol/paper/condition.ts";
import { linearSeries } from "../../protocol/paper/paper_time.ts";
import type { Chance } from "../../protocol/paper/random.ts";
import { parseFrame } from "../../protocol/tves/frame.ts";
import { HeadEndKeys } from "../../protocol/tves/keys.ts";
import { openFrame } from "../../protocol/tves/open.ts";
import { sealFrame } from "../../protocol/tves/seal.ts";
import { candidateSeconds } from "../../protocol/tves/window.ts";

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
  /** The order in which it tries the window, for the prediction of its trials. */
  readonly order: SearchOrder;
  attempt(attempt: Attempt): Opened | undefined;
}

const caesar: LabSystem = {
  name: "caesar",
  order: linearOrder,
  attempt({ text, sealed_s, expected_s, window_s }) {
    const sealed = caesarSeal(text, Math.floor(sealed_s));
    return caesarOpen(sealed, linearSeries(Math.floor(expected_s), window_s));
  },
};

const aes: LabSystem = {
  name: "aes",
  order: linearOrder,
  attempt({ text, sealed_s, expected_s, window_s }) {
    const sealed = aesPaperSeal(text, Math.floor(sealed_s));
    return aesPaperOpen(sealed, linearSeries(Math.floor(expected_s), window_s));
  },
};

/** A meter of TVES/2 with a key of its own, sealing and opening as slave and master do. */
export class TvesMeter implements LabSystem {
  readonly name = "tves2";
  readonly order = nearestOrder;
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

  /** Opens a frame around the moment `expected_s`, with the window of production. */
  open(bytes: Uint8Array, expected_s: number, window_s: number): Opened | undefined {
    const form = parseFrame(bytes);
    if (!form.ok) return undefined;
    const series = candidateSeconds({ arrival_s: expected_s, expectedOffset_s: 0, window_s });
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
