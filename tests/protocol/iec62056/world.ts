/** A line with a meter on it in given time: no sleeps, every moment is known. */
import { textOf } from "../../../protocol/iec62056/characters.ts";
import type { ReadFailure } from "../../../protocol/iec62056/failure.ts";
import type {
  ReaderEvent,
  ReaderMachine,
  ReaderOptions,
} from "../../../protocol/iec62056/machine.ts";
import type { Readout } from "../../../protocol/iec62056/readout.ts";

export interface Reply {
  readonly after_ms: number;
  readonly bytes: Uint8Array;
}

/** What the meter sends on what the reader sent. */
export type Meter = (sent: string, now_ms: number) => readonly Reply[];

export interface Outcome {
  readonly readout: Readout | null;
  readonly failure: ReadFailure | null;
  readonly ended_ms: number;
  /** What the reader sent and the speeds it set, with the moment, in order. */
  readonly log: readonly (readonly [ms: number, what: string])[];
}

export const defaults: ReaderOptions = {
  framing: "7E1",
  timeout_ms: 60_000,
  baud: 300,
  address: "",
  fixedBaud: false,
  ignoreProposedBaud: false,
  settle_ms: 0,
  wakeUp: false,
  paced: true,
};

/** Runs `machine` against `meter` until it ends; `pushed` comes without being asked for. */
export function converse(
  machine: ReaderMachine,
  meter: Meter,
  pushed: readonly Reply[] = [],
  closed_ms = Infinity,
): Outcome {
  const log: (readonly [number, string])[] = [];
  let coming = pushed.map(({ after_ms, bytes }) => ({ at_ms: after_ms, bytes }));
  let event: ReaderEvent = { kind: "start", now_ms: 0 };
  let now_ms = 0;
  let wait_ms = Infinity;
  for (let step = 0; step < 100_000; step++) {
    let sent = false;
    for (const action of machine.next(event)) {
      if (action.kind === "done") {
        return { readout: action.readout, failure: null, ended_ms: now_ms, log };
      }
      if (action.kind === "failed") {
        return { readout: null, failure: action.failure, ended_ms: now_ms, log };
      }
      if (action.kind === "wait") wait_ms = action.until_ms;
      if (action.kind === "set_baud") log.push([now_ms, `${action.baud} baud`]);
      if (action.kind !== "send") continue;
      sent = true;
      const text = textOf(action.bytes);
      log.push([now_ms, text]);
      for (const { after_ms, bytes } of meter(text, now_ms)) {
        coming.push({ at_ms: now_ms + after_ms, bytes });
      }
    }
    const first = Math.min(...coming.map(({ at_ms }) => at_ms));
    if (sent) event = { kind: "sent", now_ms };
    else if (closed_ms <= Math.min(first, wait_ms)) {
      now_ms = closed_ms;
      event = { kind: "closed", now_ms };
    } else if (first <= wait_ms) {
      now_ms = Math.max(now_ms, first);
      event = { kind: "bytes", now_ms, bytes: coming.find((c) => c.at_ms === first)!.bytes };
      const taken = event.bytes;
      coming = coming.filter(({ bytes }) => bytes !== taken);
    } else {
      now_ms = wait_ms;
      event = { kind: "timer", now_ms };
    }
  }
  throw new Error("the reading does not end");
}
