/** The journal of one kind and partition, over the JOURNAL stream. */
import { parseJson, z } from "../../protocol/schema.ts";
import type { JournalRecord } from "../../protocol/messages/journal.ts";
import { readJournalRecord } from "../../protocol/messages/journal_check.ts";
import { type JournalKind, partitionToken, subjects } from "../../protocol/subjects.ts";
import type { Log } from "../terminal/log.ts";
import type { Journal, JournaledRecord } from "../masters/ports.ts";
import { FencedError } from "./broker.ts";
import type { NatsBroker } from "./connection.ts";
import { lastMessage, lastSequence } from "./last_sequence.ts";
import { OrderedInput } from "./ordered_input.ts";

const READ_BATCH = 256;
/** After this long without a record it is asked whether the broker is there at all. */
const READ_WAIT_MS = 1_000;

export class StreamJournal implements Journal {
  readonly #broker: NatsBroker;
  readonly #kind: JournalKind;
  readonly #partition: number;
  readonly #log: Log;

  constructor(broker: NatsBroker, kind: JournalKind, partition: number, log: Log) {
    this.#broker = broker;
    this.#kind = kind;
    this.#partition = partition;
    this.#log = log;
  }

  /**
   * The message id holds the owner's instance and the record before: a retry of ours is known as such,
   * and two owners that try the same epoch are told apart. Older servers look at the id first and answer a retry as a
   * duplicate; newer ones look at the fence first, which our own record has moved: so what stands
   * last is looked at before the word fenced is believed.
   */
  async append(record: JournalRecord, after: number): Promise<number> {
    const { type, epoch, owner, cursor } = record;
    const messageId = `${this.#subject}-${type}-${epoch}-${owner}-${cursor}-${after}`;
    try {
      const ack = await this.#broker.publish(
        this.#subject,
        new TextEncoder().encode(JSON.stringify(record)),
        { messageId, expectLastSubjectSequence: after },
      );
      return ack.sequence;
    } catch (error) {
      if (!(error instanceof FencedError)) throw error;
      const last = await lastMessage(this.#broker, "JOURNAL", this.#subject);
      if (last.messageId !== messageId) throw error;
      return last.sequence;
    }
  }

  /** Throws `RetryableError` when the link is lost meanwhile: whoever reads may have to stop. */
  async *read(after: number): AsyncIterable<JournaledRecord> {
    const last = await lastSequence(this.#broker, "JOURNAL", this.#subject);
    if (last <= after) return;
    const input = new OrderedInput(this.#broker, {
      stream: "JOURNAL",
      filter: this.#subject,
      name: `restore-${this.#kind}-p${partitionToken(this.#partition)}-${
        crypto.randomUUID().slice(0, 8)
      }`,
      description: "A master restores a shard",
      cursor: after,
      log: this.#log,
    });
    await input.open();
    try {
      for (let reached = after; reached < last;) {
        const taken = await input.take(READ_BATCH, READ_WAIT_MS);
        if (taken.length === 0) await lastSequence(this.#broker, "JOURNAL", this.#subject);
        for (const { sequence, payload } of taken) {
          const text = new TextDecoder().decode(payload);
          const what = `Journal record ${sequence}`;
          yield { sequence, record: readJournalRecord(parseJson(z.unknown(), text, what), what) };
          reached = sequence;
        }
      }
    } finally {
      await input.stop();
    }
  }

  get #subject(): string {
    return subjects.journal(this.#kind, this.#partition);
  }
}
