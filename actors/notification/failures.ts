/** How an attempt can fail, beyond "may pass" and "final". */
import { RetryableError, TerminalError } from "../../protocol/errors.ts";

/** No answer: the message may have left or not. It may pass, but look before sending again. */
export class NoAnswerError extends RetryableError {}

/** The provider has too much from us: the whole channel waits, not this message alone. */
export class TooFastError extends RetryableError {}

/** The provider says that this address takes no message, now or later. */
export class AddressError extends TerminalError {}

/** Why an attempt came to nothing. */
export interface Failed {
  readonly type: "failed";
  readonly reason: string;
  /** Least wait before the next attempt; null: final. */
  readonly retry_after_ms: number | null;
  /** Whether the message may be on its way all the same. */
  readonly may_have_left: boolean;
  /** Whether the address is to get nothing more. */
  readonly address: boolean;
}

const REASON_LENGTH_MAX = 500;

/**
 * The `failed` message of an error. What was sorted by a provider's answer did not leave; what was
 * not sorted at all (a mistake in the program) may have.
 */
export function failureOf(error: unknown): Failed {
  const sorted = error instanceof RetryableError || error instanceof TerminalError;
  return {
    type: "failed",
    reason: (error instanceof Error ? error.message : String(error)).slice(0, REASON_LENGTH_MAX),
    retry_after_ms: error instanceof RetryableError ? error.after_ms : null,
    may_have_left: !sorted || error instanceof NoAnswerError,
    address: error instanceof AddressError,
  };
}
