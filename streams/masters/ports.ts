/**
 * What a shard needs of the world: a journal, an input, a place for snapshots. The real ones speak
 * JetStream; a simulated world can stand in for all of them.
 */
import type { Input } from "../../actors/shard/actor.ts";
import type { Confirmation } from "../../protocol/messages/confirm.ts";
import type { JournalRecord } from "../../protocol/messages/journal.ts";
import type { JournalKind } from "../../protocol/subjects.ts";

export interface JournaledRecord {
  /** Sequence of the record in the JOURNAL stream. */
  readonly sequence: number;
  readonly record: JournalRecord;
}

/** The journal of one kind and partition. */
export interface Journal {
  /**
   * Appends behind the record with sequence `after` (0: none) and returns the new sequence. Throws
   * `FencedError` when another record stands there, `RetryableError` when nothing is known.
   */
  append(record: JournalRecord, after: number): Promise<number>;
  /** Records behind `after`, oldest first. */
  read(after: number): AsyncIterable<JournaledRecord>;
}

export interface Snapshot {
  readonly version: number;
  /** The journal record that the states include. */
  readonly journal_sequence: number;
  readonly epoch: number;
  readonly cursor: number;
  /** Actor states by id, JSON-able. */
  readonly states: Readonly<Record<string, unknown>>;
}

export interface Snapshots {
  load(kind: JournalKind, partition: number): Promise<Snapshot | undefined>;
  save(kind: JournalKind, partition: number, snapshot: Snapshot): Promise<void>;
  /** The journal sequence of the snapshot that stands, 0 when there is none. */
  sequenceOf(kind: JournalKind, partition: number): Promise<number>;
}

/** The input of one kind and partition, in the order of the stream, each message exactly once. */
export interface InputSource {
  /** Waits for at least one message; an empty list means stopped, or `wait_ms` gone by. */
  take(limit: number, wait_ms?: number): Promise<Input[]>;
  stop(): Promise<void>;
}

export interface ShardPorts {
  journal(kind: JournalKind, partition: number): Journal;
  readonly snapshots: Snapshots;
  /** Messages behind `cursor`. `epoch` names the consumer, so that no two owners share one. */
  input(kind: JournalKind, partition: number, epoch: number, cursor: number): Promise<InputSource>;
  /** The journal sequence that the ledger has committed: nothing behind it may be trimmed. */
  ledgerPassed(): Promise<number>;
  /**
   * Drops what lies before `passed` and before the snapshot of every partition that has a journal, so
   * never a partition's last record. Throws `RetryableError` when that cannot be done now.
   */
  trim(passed: number): Promise<void>;
  /** A core message; lost if the slave does not listen. */
  confirm(slaveId: string, body: Confirmation): void;
  /** To a stream, until acknowledged or a `RetryableError`. */
  publish(subject: string, body: unknown, messageId: string): Promise<void>;
  /** Sets an input aside with the reason. */
  setAside(kind: JournalKind, partition: number, input: Input, reason: string): Promise<void>;
}
