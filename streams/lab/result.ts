/** What one experiment gives: the document of `samay lab --json`. Times in seconds unless named else. */
import type { SystemName } from "./systems.ts";

/** A prediction beside what was counted. */
export interface Compared {
  readonly predicted: number;
  readonly measured: number;
  /** What the measured share or mean was taken over. */
  readonly n: number;
  /** How probable so large a difference is when the prediction is right. */
  readonly p_value: number;
}

/** One point of the decryption condition. */
export interface ConditionPoint {
  readonly window_s: number;
  readonly predicted: number;
  readonly measured: Readonly<Record<SystemName, Compared>>;
}

export interface ScenarioResult {
  readonly id: string;
  readonly title: string;
  readonly mu_s: number;
  readonly sigma_s: number;
  readonly centred: boolean;
  readonly condition: readonly ConditionPoint[];
  /** Mean trials of the frames that opened in T ± 10: the paper's order, and production's search. */
  readonly trials: { readonly linear: Compared; readonly best: Compared };
  /** The first candidate of production's search right; `approximation` is 1 - 0.798 sigma where it applies. */
  readonly firstRight: Compared & { readonly approximation: number | null };
  /** Frames that opened to another text than the sealed one, by system. */
  readonly wrong: Readonly<Record<SystemName, number>>;
}

export interface ForgeryPoint extends Compared {
  readonly check_bits: number;
  readonly forgeries: number;
  readonly candidates: number;
}

export interface ForgeryResult {
  readonly points: readonly ForgeryPoint[];
  /** Random frames against TVES/2 in production's code. */
  readonly tves2: {
    readonly tried: number;
    readonly opened: number;
    readonly predicted_each: number;
  };
  /** Frames made by someone who has a clock and no key. */
  readonly clockOnly: Readonly<
    Record<SystemName, { readonly tried: number; readonly accepted: number }>
  >;
}

export interface AlphabetResult {
  readonly alphabet: "digits" | "letters" | "printable";
  readonly size: number;
  readonly seconds: number;
  /** Different shifts among the 21 seconds of T ± 10. */
  readonly distinctShifts: number;
  /** Mean number of seconds of T ± 10 whose decryption looks like a packet. */
  readonly lookRight: number;
}

export interface KnownPlaintextResult {
  readonly caesar: {
    readonly tried: number;
    readonly shiftFound: number;
    readonly secondFound: number;
    readonly othersTried: number;
    readonly othersRead: number;
    readonly alphabets: readonly AlphabetResult[];
  };
  readonly aes: {
    readonly keys: number;
    /** Keys of the day that give the known text. */
    readonly keysThatFit: number;
    readonly secondFound: boolean;
    /** Wrong keys that a check of so many bits alone would have passed. */
    readonly ambiguity: readonly (Compared & { readonly check_bits: number })[];
    readonly othersTried: number;
    readonly othersRead: number;
  };
  readonly tves2: {
    /** Frames of the same second tried with the key of one frame, given to the attacker. */
    readonly othersTried: number;
    readonly othersRead: number;
  };
}

export interface Agreement {
  readonly comparisons: number;
  readonly disagreeing: readonly string[];
  /** The smallest p-value, and the one that is allowed at this number of comparisons. */
  readonly smallest_p_value: number;
  readonly allowed_p_value: number;
  readonly agrees: boolean;
}

export interface LabResult {
  readonly seed: number;
  readonly frames: number;
  readonly loss: number;
  readonly window_s: number;
  readonly scenarios: readonly ScenarioResult[];
  readonly forgery: ForgeryResult;
  readonly knownPlaintext: KnownPlaintextResult;
  readonly agreement: Agreement;
  /** Wall-clock times of this run; the only part that another run does not repeat. */
  readonly timings: {
    readonly total_ms: number;
    readonly aesAllKeys_ms: number;
  };
}
