/**
 * Time as a process feels it: a clock that never jumps, and timers. What waits takes them as a part,
 * so that a simulated world can run the same code with a time of its own.
 */
export interface Timers {
  /** Milliseconds of a clock that never jumps. */
  now_ms(): number;
  /** Calls `action` once after `delay_ms`, unless the function that comes back is called before. */
  after(delay_ms: number, action: () => void): () => void;
}

/** The machine's own. */
export const systemTimers: Timers = {
  now_ms: () => performance.now(),
  after: (delay_ms, action) => {
    const timer = setTimeout(action, delay_ms);
    return () => clearTimeout(timer);
  },
};

/** Resolves after `duration_ms`. */
export function pass(timers: Timers, duration_ms: number): Promise<void> {
  return new Promise((resolve) => void timers.after(duration_ms, resolve));
}

/** Calls `action` every `period_ms` until the function that comes back is called. */
export function every(timers: Timers, period_ms: number, action: () => void): () => void {
  let cancel = () => {};
  const next = () => {
    cancel = timers.after(period_ms, () => {
      next();
      action();
    });
  };
  next();
  return () => cancel();
}
