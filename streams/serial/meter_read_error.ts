/** A reading that did not succeed, with the reason that the protocol gave it. */
import { RetryableError } from "../../protocol/errors.ts";
import type { FailureReason, ReadFailure } from "../../protocol/iec62056/failure.ts";

/** The next try may succeed: the meter may be powered, the line plugged in, the noise gone. */
export class MeterReadError extends RetryableError {
  readonly reason: FailureReason;

  constructor(failure: ReadFailure, cause?: unknown) {
    super(failure.message, 1_000, cause === undefined ? undefined : { cause });
    this.reason = failure.reason;
  }
}
