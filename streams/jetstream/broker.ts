/**
 * What the rest of the head-end may ask of the broker. `connect()` in `connection.ts` gives the real
 * one over NATS; nothing else imports the client library.
 */
import { TerminalError } from "../../protocol/errors.ts";

/** The stream's last sequence is not the expected one: somebody else appended. */
export class FencedError extends TerminalError {
  override readonly name: string = "FencedError";
}

export interface PublishOptions {
  /** JetStream drops a second message with the same id inside the stream's duplicate window. */
  readonly messageId?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The fence: refuse unless the last message on this subject has this sequence (0: none). */
  readonly expectLastSubjectSequence?: number;
}

export interface PublishAck {
  readonly stream: string;
  readonly sequence: number;
  /** The broker had this `messageId` already: `sequence` is the first one's. */
  readonly duplicate: boolean;
}

export interface Stoppable {
  /** Stops taking new messages, finishes those in hand, and lets go. */
  stop(): Promise<void>;
}

/** One message of a work consumer. */
export interface WorkMessage {
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  /** Sequence in the stream. */
  readonly sequence: number;
  /** When the broker stored it. */
  readonly arrival_ms: number;
  /** 1 at the first delivery. */
  readonly deliveries: number;
}

/** One message as it lies in a stream. */
export interface StoredMessage {
  readonly subject: string;
  readonly payload: Uint8Array;
  /** None unless it carries some. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly sequence: number;
  /** When the broker stored it. */
  readonly arrival_ms: number;
}

/** What a stream has under a sequence: the message, or the sequences that it does have. */
export type Stored =
  | ({ readonly found: true } & StoredMessage)
  | { readonly found: false; readonly first: number; readonly last: number };

/** Messages of one subject from an instant on. */
export interface StoredQuery {
  readonly stream: string;
  /** May have wildcards. */
  readonly subject: string;
  readonly since_ms: number;
  /** Most messages that are looked at, oldest first. */
  readonly limit: number;
}

/**
 * Handles one message. Returning acknowledges it. A `RetryableError` has it delivered again after
 * `after_ms`; any other error sends the original bytes to the dead-letter stream with the reason.
 */
export type WorkHandler = (message: WorkMessage) => Promise<void>;

export interface WorkOptions {
  /** A durable consumer declared in the topology. */
  readonly stream: string;
  readonly consumer: string;
  /** Messages handled at the same time. */
  readonly concurrency: number;
}

export interface Entry {
  readonly key: string;
  readonly value: Uint8Array;
  readonly revision: number;
}

export interface Bucket {
  get(key: string): Promise<Entry | undefined>;
  /** Returns the new revision. */
  put(key: string, value: Uint8Array): Promise<number>;
  /** Writes only if the key is absent; undefined when it is not. */
  create(key: string, value: Uint8Array): Promise<number | undefined>;
  /** Writes only if the key still has `revision`; undefined when it does not. */
  update(key: string, value: Uint8Array, revision: number): Promise<number | undefined>;
  delete(key: string): Promise<void>;
  /**
   * Takes out what `keys` (may have wildcards) had before revision `before`, and the marks of what was
   * deleted: nothing stays behind, and nobody who watches is told.
   */
  clear(keys: string, before: number): Promise<void>;
  keys(): Promise<string[]>;
  /**
   * Every entry that stands, then every change; `onEntry` with value undefined means deleted. Once a
   * lost link is back, every entry that stands comes again. `onSight` is told when changes cannot be
   * seen any more (false), and when all that stands was seen again.
   */
  watch(
    onEntry: (key: string, value: Uint8Array | undefined, revision: number) => void,
    onSight?: (inSight: boolean) => void,
  ): Promise<Stoppable>;
}

export interface Broker {
  /** For logs and errors, without credentials. */
  readonly url: string;
  readonly serverVersion: string;
  /** To a stream, waiting for its acknowledgement. Throws `RetryableError` while it is out of reach. */
  publish(subject: string, payload: Uint8Array, options?: PublishOptions): Promise<PublishAck>;
  /** At most once, no stream. */
  tell(subject: string, payload: Uint8Array): void;
  /** Throws `RetryableError` when nobody answers within `timeout_ms`. */
  request(subject: string, payload: Uint8Array, timeout_ms: number): Promise<Uint8Array>;
  /** Answers requests; instances with the same `queue` share them. Undefined: no word at all. */
  respond(
    subject: string,
    queue: string,
    handler: (
      payload: Uint8Array,
      subject: string,
    ) => Uint8Array | undefined | Promise<Uint8Array | undefined>,
  ): Stoppable;
  /** Core subscription. */
  listen(subject: string, handler: (payload: Uint8Array, subject: string) => void): Stoppable;
  /** Works through a durable consumer until stopped. */
  work(options: WorkOptions, handler: WorkHandler): Promise<Stoppable>;
  bucket(name: string): Promise<Bucket>;
  /** The message with `sequence`, for people who ask. Throws `RetryableError` when out of reach. */
  stored(stream: string, sequence: number): Promise<Stored>;
  /** Oldest first, at most `limit`. Throws `RetryableError` when out of reach. */
  storedSince(query: StoredQuery): Promise<StoredMessage[]>;
  /** Finishes what is in hand and closes the connection. */
  close(): Promise<void>;
}
