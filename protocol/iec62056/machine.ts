/** Events into, and actions out of, the reading side. It decides; the one who owns the line acts. */
import type { Framing } from "./characters.ts";
import type { ReadFailure } from "./failure.ts";
import type { Readout } from "./readout.ts";

/** Times are milliseconds of one monotonic clock. */
export type ReaderEvent =
  | { readonly kind: "start"; readonly now_ms: number }
  | { readonly kind: "bytes"; readonly now_ms: number; readonly bytes: Uint8Array }
  /** The bytes of the last `send` have left. */
  | { readonly kind: "sent"; readonly now_ms: number }
  /** The moment of the last `wait` has come. */
  | { readonly kind: "timer"; readonly now_ms: number }
  /** The line was unplugged or closed by the other side. */
  | { readonly kind: "closed"; readonly now_ms: number };

/** To be carried out in order. After `done` or `failed` nothing follows. */
export type ReaderAction =
  | { readonly kind: "send"; readonly bytes: Uint8Array }
  | { readonly kind: "set_baud"; readonly baud: number }
  /** Give a `timer` event at this moment; a later `wait` takes the place of an earlier one. */
  | { readonly kind: "wait"; readonly until_ms: number }
  | { readonly kind: "done"; readonly readout: Readout }
  | { readonly kind: "failed"; readonly failure: ReadFailure };

export interface ReaderMachine {
  next(event: ReaderEvent): ReaderAction[];
}

export interface ListenerOptions {
  readonly framing: Framing;
  /** The longest time for the whole reading, in milliseconds. */
  readonly timeout_ms: number;
}

export interface ReaderOptions extends ListenerOptions {
  /** The speed that the line was opened with: 300 baud by the standard. */
  readonly baud: number;
  /** Up to 32 letters, digits and spaces; empty for a meter alone on its line. */
  readonly address: string;
  /** The line stays at its speed while the meter's proposal is accepted in words. */
  readonly fixedBaud: boolean;
  /** The meter is told to stay at the first speed. */
  readonly ignoreProposedBaud: boolean;
  /** An extra pause between the acknowledgement and the change of speed, in milliseconds. */
  readonly settle_ms: number;
  /** Send the wake-up message for battery-driven meters first (IEC 62056-21, annex B). */
  readonly wakeUp: boolean;
  /** Whether characters take their time on this line (a serial line), or none (a socket). */
  readonly paced: boolean;
}

/**
 * Silence after which a message counts as ended: characters follow each other within 1500 ms
 * (IEC 62056-21, inter-character time), and 500 ms for drivers and networks.
 */
export const QUIET_MS = 2_000;
/** An answer begins within 1500 ms (the same, reaction time), and 500 ms for drivers and networks. */
export const ANSWER_MS = 2_000;
