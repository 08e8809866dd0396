/**
 * The two kinds of failure that a caller can act on. Everything else is a bug.
 *
 * A terminal failure repeats for ever on the same input: it goes to the dead-letter stream, or to the
 * person who typed the command, with its reason. A retryable failure may pass: the caller waits and
 * tries again, a bounded number of times.
 */

/** The same input fails the same way every time. Do not retry. */
export class TerminalError extends Error {
  override readonly name: string = "TerminalError";
}

/** The failure may pass. `after_ms` is the least time to wait before the next try. */
export class RetryableError extends Error {
  override readonly name: string = "RetryableError";
  readonly after_ms: number;

  constructor(message: string, after_ms = 1_000, options?: ErrorOptions) {
    super(message, options);
    this.after_ms = after_ms;
  }
}
