/** One turn after the other until stopped, with the pause that each one asks for, or until a nudge. */
import type { Stoppable } from "../jetstream/broker.ts";
import type { Log } from "../terminal/log.ts";
import { Patience, Pause } from "./pace.ts";

export interface TurnsOptions {
  /** What the log calls it. */
  readonly what: string;
  readonly log: Log;
  /**
   * Does a bounded piece of work and gives how long to wait before the next turn: 0 while more waits.
   * A turn that throws is tried again after a pause that grows.
   */
  readonly turn: (signal: AbortSignal) => Promise<number>;
}

export interface Turns extends Stoppable {
  /** Ends the pause: there may be something to do. */
  nudge(): void;
}

/** `stop()` lets the turn in hand finish. */
export function runTurns(options: TurnsOptions): Turns {
  const ending = new AbortController();
  const pause = new Pause(ending.signal);
  const done = loop(options, pause, ending.signal);
  return {
    nudge: () => pause.nudge(),
    stop: async () => {
      ending.abort();
      await done;
    },
  };
}

async function loop(
  { what, log, turn }: TurnsOptions,
  pause: Pause,
  signal: AbortSignal,
): Promise<void> {
  const patience = new Patience(log, what);
  while (!signal.aborted) {
    try {
      const wait_ms = await turn(signal);
      patience.succeeded();
      if (wait_ms > 0) await pause.wait(wait_ms);
    } catch (error) {
      if (signal.aborted) return;
      await pause.wait(patience.failed(error));
    }
  }
}
