/**
 * How long to wait until the next question to one server. Here it is decided; timers are elsewhere.
 *
 * At the start in short order, as the clock is of no use before; then rarely, and the more rarely the
 * better the predictions hold. Never more often than the server allows: a kiss code RATE doubles the
 * pause until a day has passed without one, DENY and RSTR end the association (RFC 5905 §7.4).
 */
import type { TimeRejectReason } from "./exchange.ts";

/** How pauses are to change, by what the last answer did to the prediction. */
export type Advice = "longer" | "same" | "shorter" | "shortest";

export interface PaceOptions {
  /** The shortest pause after the first answers, in seconds. */
  readonly shortest_s?: number;
  /** The longest pause, in seconds (default 64, RFC 5905 MINPOLL). */
  readonly longest_s?: number;
}

/** The first questions come in short order. */
const FIRST_QUESTIONS = 4;
const FIRST_PAUSE_S = 0.5;
/** A silent server is asked again soon: packets get lost. Only a long silence is worth patience. */
const RETRY_FIRST_S = 1;
const SOON = 16;
/** No server slows its clients down beyond this. */
const RATE_PAUSE_MAX_S = 1_024;
/** After so long without RATE half of the pause is tried: the server, or its load, may have changed. */
const RATE_FORGIVEN_S = 86_400;
/** So many predictions must hold before the pause is doubled. */
const HELD_IN_A_ROW = 3;

/** The pauses of one association. */
export class Pace {
  readonly #shortest_s: number;
  readonly #longest_s: number;
  #poll_s: number;
  /** What the server's kisses ask for. */
  #floor_s = 0;
  /** Pauses since the floor was last changed, in seconds. */
  #obeyed_s = 0;
  #answers = 0;
  /** Questions in a row without a good answer. */
  #fruitless = 0;
  #held = 0;

  constructor(options: PaceOptions = {}) {
    this.#longest_s = options.longest_s ?? 64;
    this.#shortest_s = Math.min(options.shortest_s ?? 8, this.#longest_s);
    this.#poll_s = this.#shortest_s;
  }

  /** The pause between questions once the first are over, in seconds. */
  get poll_s(): number {
    return Math.max(this.#floor_s, this.#poll_s);
  }

  /** The pause after an answer that was measured, in seconds. */
  answered(advice: Advice): number {
    this.#answers++;
    this.#fruitless = 0;
    this.#follow(advice);
    if (this.#answers >= FIRST_QUESTIONS) return this.#forgiven(this.poll_s);
    return Math.max(this.#floor_s, Math.min(FIRST_PAUSE_S, this.#shortest_s));
  }

  /** The pause after a question that nobody answered, in seconds. */
  silent(): number {
    return this.#backOff(RETRY_FIRST_S);
  }

  /** The pause after an answer that was refused, in seconds; undefined: never ask again. */
  refused(reason: TimeRejectReason): number | undefined {
    if (reason === "kiss_deny" || reason === "kiss_rstr") return undefined;
    if (reason !== "kiss_rate") return this.#backOff(this.#shortest_s);
    this.#floor_s = Math.min(RATE_PAUSE_MAX_S, 2 * this.poll_s);
    this.#obeyed_s = 0;
    this.#answers = FIRST_QUESTIONS;
    return this.#floor_s;
  }

  /** `pause_s`, and a lower floor from then on when the server has not complained for long. */
  #forgiven(pause_s: number): number {
    this.#obeyed_s += pause_s;
    if (this.#obeyed_s < RATE_FORGIVEN_S) return pause_s;
    this.#obeyed_s = 0;
    this.#floor_s = this.#floor_s > this.#shortest_s ? this.#floor_s / 2 : 0;
    return pause_s;
  }

  /** `first_s`, and twice as long each time, at first no longer than the shortest pause. */
  #backOff(first_s: number): number {
    const count = this.#fruitless++;
    const retry_s = count < SOON
      ? Math.min(this.#shortest_s, first_s * 2 ** count)
      : this.#shortest_s * 2 ** Math.min(10, count - SOON);
    return Math.max(this.#floor_s, Math.min(this.#longest_s, retry_s));
  }

  #follow(advice: Advice): void {
    this.#held = advice === "longer" ? this.#held + 1 : 0;
    if (advice === "shortest") this.#poll_s = this.#shortest_s;
    if (advice === "shorter") this.#poll_s = Math.max(this.#shortest_s, this.#poll_s / 2);
    if (this.#held >= HELD_IN_A_ROW) {
      this.#held = 0;
      this.#poll_s = Math.min(this.#longest_s, this.#poll_s * 2);
    }
  }
}
