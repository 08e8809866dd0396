/** A stream as JetStream keeps it: sequences, the fence of a subject, message ids that count once. */
import {
  FencedError,
  type PublishAck,
  type PublishOptions,
} from "../../../streams/jetstream/broker.ts";

export interface Stored {
  readonly sequence: number;
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly messageId: string;
  /** Broker's clock, milliseconds of the world. */
  readonly stored_ms: number;
  /** No longer in the stream. The world remembers it for its judges. */
  purged: boolean;
}

const DUPLICATE_WINDOW_MS = 120_000;

export class Stream {
  readonly name: string;
  readonly messages: Stored[] = [];
  /** Newer servers look at the fence before the message id, older ones the other way round. */
  readonly fenceFirst: boolean;
  /** Whether the fence is looked at: always, but for sabotage. */
  fenced = true;
  readonly #lastBySubject = new Map<string, Stored>();
  readonly #ids = new Map<string, Stored>();

  constructor(name: string, fenceFirst: boolean) {
    this.name = name;
    this.fenceFirst = fenceFirst;
  }

  get last(): number {
    return this.messages.length;
  }

  lastOf(subject: string): Stored | undefined {
    return this.#lastBySubject.get(subject);
  }

  at(sequence: number): Stored | undefined {
    const message = this.messages[sequence - 1];
    return message?.purged ? undefined : message;
  }

  append(
    subject: string,
    payload: Uint8Array,
    options: PublishOptions,
    now_ms: number,
  ): PublishAck & { readonly stored: Stored | undefined } {
    const { messageId = "", expectLastSubjectSequence: expected } = options;
    if (this.fenceFirst) this.#check(subject, expected);
    const before = this.#ids.get(messageId);
    if (before !== undefined && now_ms - before.stored_ms < DUPLICATE_WINDOW_MS) {
      return { stream: this.name, sequence: before.sequence, duplicate: true, stored: undefined };
    }
    this.#check(subject, expected);
    const sequence = this.last + 1;
    const stored = { sequence, subject, payload, messageId, stored_ms: now_ms, purged: false };
    this.messages.push(stored);
    this.#lastBySubject.set(subject, stored);
    if (messageId !== "") this.#ids.set(messageId, stored);
    return { stream: this.name, sequence, duplicate: false, stored };
  }

  #check(subject: string, expected: number | undefined): void {
    if (expected === undefined || !this.fenced) return;
    const last = this.lastOf(subject)?.sequence ?? 0;
    if (last !== expected) throw new FencedError(`${subject}: last is ${last}, not ${expected}`);
  }

  /** The ids of earlier messages are forgotten: a server may, and nothing may depend on it. */
  forgetIds(): void {
    this.#ids.clear();
  }

  /** As the server tells it, with the subjects that have messages. */
  get state() {
    const subjects: Record<string, number> = {};
    let first_seq = this.last + 1;
    for (const { purged, subject, sequence } of this.messages) {
      if (purged) continue;
      first_seq = Math.min(first_seq, sequence);
      subjects[subject] = (subjects[subject] ?? 0) + 1;
    }
    return { first_seq, last_seq: this.last, subjects };
  }

  /** Drops what `filter` has before `sequence`; without one, everything. */
  purge(filter: string | undefined, sequence: number): void {
    for (const message of this.messages) {
      if (message.sequence >= sequence) return;
      if (filter === undefined || message.subject === filter) message.purged = true;
    }
  }
}

/** Whether `subject` is one of `filter`, in which `*` stands for one token. */
export function matches(filter: string, subject: string): boolean {
  if (!filter.includes("*")) return filter === subject;
  const tokens = subject.split(".");
  const wanted = filter.split(".");
  return wanted.length === tokens.length &&
    wanted.every((token, i) => token === "*" || token === tokens[i]);
}
