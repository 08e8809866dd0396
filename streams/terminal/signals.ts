/** Being asked to stop. The first signal drains, the second one ends the process at once. */

export type StopSignal = "SIGINT" | "SIGTERM";

/** As shells have it: 128 + number of the signal. */
const EXIT_CODE: Record<StopSignal, number> = { SIGINT: 130, SIGTERM: 143 };

/**
 * A key pressed once may arrive twice: the terminal signals the whole group, and a task runner hands
 * the signal on to its child.
 */
const SAME_KEY_MS = 1_000;

export interface StopWatch {
  /** Resolves with the first signal. */
  readonly stopped: Promise<StopSignal>;
  /** Gives the signals back to the runtime: call once drained. */
  release(): void;
}

/** Watches for SIGINT and SIGTERM. `exit` is called on the second signal. */
export function watchForStop(exit: (code: number) => void = Deno.exit): StopWatch {
  const { promise, resolve } = Promise.withResolvers<StopSignal>();
  let first_ms: number | undefined;
  const handlers = (["SIGINT", "SIGTERM"] as const).map((signal) => {
    const handler = () => {
      const now_ms = performance.now();
      first_ms ??= now_ms;
      if (now_ms - first_ms > SAME_KEY_MS) exit(EXIT_CODE[signal]);
      else resolve(signal);
    };
    Deno.addSignalListener(signal, handler);
    return { signal, handler };
  });
  return {
    stopped: promise,
    release() {
      for (const { signal, handler } of handlers) Deno.removeSignalListener(signal, handler);
    },
  };
}

/**
 * Waits for SIGINT or SIGTERM. The process keeps listening: a second signal, while the caller
 * drains, ends it without waiting further.
 */
export function untilStopped(): Promise<StopSignal> {
  return watchForStop().stopped;
}
