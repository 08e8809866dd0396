/**
 * A process of the world: it can be killed, stopped for a while and continued, and everything that
 * reaches it goes through here. What a killed process waits for never comes; its memory is dropped.
 */
import type { Timers } from "../../streams/time/timers.ts";
import type { Schedule } from "./schedule.ts";

/** When something befalls a process: before a call leaves, when it has left, when its answer is there. */
export type Moment = "before" | "sent" | "answered";

export class Process implements Timers {
  readonly name: string;
  readonly #schedule: Schedule;
  #state: "running" | "paused" | "dead" = "running";
  readonly #held: (() => void)[] = [];
  #mishap: { calls: number; moment: Moment; befall: () => void } | undefined;
  #spared = false;
  /** Called once, at its death. */
  onDeath = () => {};

  constructor(name: string, schedule: Schedule) {
    this.name = name;
    this.#schedule = schedule;
  }

  get alive(): boolean {
    return this.#state !== "dead";
  }

  get paused(): boolean {
    return this.#state === "paused";
  }

  now_ms(): number {
    return this.#schedule.now_ms;
  }

  after(delay_ms: number, action: () => void): () => void {
    let wanted = true;
    const cancel = this.#schedule.after(delay_ms, () =>
      this.deliver(() => {
        if (wanted) action();
      }));
    return () => {
      wanted = false;
      cancel();
    };
  }

  /** Runs `action` inside the process: now, when it is continued, or never. */
  deliver(action: () => void): void {
    if (this.#state === "dead") return;
    if (this.#state === "paused") this.#held.push(action);
    else action();
  }

  kill(): void {
    if (this.#state === "dead") return;
    this.#state = "dead";
    this.#held.length = 0;
    this.onDeath();
  }

  /** SIGSTOP: its clock goes on, and what comes for it waits. */
  pause(): void {
    if (this.#state === "running") this.#state = "paused";
  }

  /** SIGCONT: everything that has come meanwhile is handled, in its order. */
  resume(): void {
    if (this.#state !== "paused") return;
    this.#state = "running";
    // One after the other with room for the promises between them, as an event loop has it.
    const next = () => {
      if (this.#state !== "running") return;
      const action = this.#held.shift();
      if (action === undefined) return;
      action();
      if (this.#held.length > 0) this.#schedule.after(0, next);
    };
    next();
  }

  /** Has `befall` done at the call number `calls` from now, at `moment` of it: a death, a pause. */
  atCall(calls: number, moment: Moment, befall: () => void): void {
    this.#mishap = { calls, moment, befall };
  }

  /** Nothing is planned for it any more, not even at the end of a call that is under way. */
  spare(): void {
    this.#mishap = undefined;
    this.#spared = true;
  }

  /** Counts a call to the outside; what comes back is to be asked at each moment of that call. */
  step(): (now: Moment) => void {
    if (this.#mishap === undefined || --this.#mishap.calls > 0) return () => {};
    const { moment, befall } = this.#mishap;
    this.#mishap = undefined;
    return (now) => {
      if (now === moment && this.alive && !this.#spared) befall();
    };
  }
}
