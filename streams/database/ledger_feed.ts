/** What the ledger needs of the journal, whatever brings it. */

/** One message of the journal stream. */
export interface JournalEntry {
  /** Sequence in the stream. */
  readonly sequence: number;
  /**
   * The record as it was read. The ledger checks it itself; what could not even be parsed comes as
   * the text or bytes that were there, and goes to the dead-letter stream.
   */
  readonly record: unknown;
  /** What tells this record from every other: the last one of those that are read together has it. */
  readonly fingerprint?: string;
}

export interface JournalFeed {
  /**
   * At most `limit` entries behind `afterSequence`, in the order of the stream. Waits a bounded
   * while (a second or so) for the first one, and returns none when none came or `signal` was
   * aborted. Throws `RetryableError` while the stream is out of reach, and once when it was: what is
   * there then may be another journal, and the caller looks.
   */
  read(
    afterSequence: number,
    limit: number,
    signal: AbortSignal,
  ): Promise<readonly JournalEntry[]>;
  /** What the ledger last told the masters it had committed: they may have trimmed up to there. */
  markedSequence?(): Promise<number>;
  /** Last sequence of the stream: lets the ledger see that the stream was made anew. */
  lastSequence?(): Promise<number>;
  /** Of the record with this sequence; undefined when it is not there any more. */
  fingerprintAt?(sequence: number): Promise<string | undefined>;
}
