/**
 * One partition of one kind of actor, as long as this process owns it.
 *
 * The order of things is what makes it safe: (1) the states are restored from snapshot and journal;
 * (2) an epoch record is appended behind the last record seen, which fences every earlier owner;
 * (3) inputs behind the journaled cursor are decided in batches; (4) a batch is one record, appended
 * with the same check; (5) only then do its outputs leave. A refused append ends the shard at once
 * and drops its memory: the journal belongs to somebody else.
 */
import type { Input } from "../../actors/shard/actor.ts";
import { outputsOf } from "../../actors/shard/outputs.ts";
import { RetryableError, TerminalError } from "../../protocol/errors.ts";
import type { JournalEvent, JournalRecord } from "../../protocol/messages/journal.ts";
import { partitionOf, PARTITIONS } from "../../protocol/subjects.ts";
import { FencedError } from "../jetstream/broker.ts";
import { pass } from "../time/timers.ts";
import { BATCH_MAX, batchesOf } from "./batches.ts";
import type { InputSource, Journal, JournaledRecord, Snapshot } from "./ports.ts";
import type { ShardFigures, ShardOptions } from "./shard_options.ts";
import { States } from "./states.ts";

const SNAPSHOT_EVERY_RECORDS = 1_000;
/**
 * The journal is trimmed to where the slowest partition stands: some hundred MB at most. From so many
 * records for the first partition to twice as many for the last, so that not all of them write their
 * snapshots in the same moment.
 */
const HELD_BACK_MAX = 30_000;
/** How often a shard looks whether it holds the others back. */
const LOOK_MS = 5_000;
const RETRY_MS = 250;
/** States that are restored in one go: some milliseconds, then others have their turn. */
const RESTORED_AT_ONCE = 1_000;
/** How often a new owner reads on because the earlier one still appends. */
const FENCE_ATTEMPTS_MAX = 10;

export class Shard {
  readonly options: ShardOptions;
  readonly states: States;
  readonly #journal: Journal;
  #epoch = 0;
  #cursor = 0;
  #sequence = 0;
  #sinceSnapshot = 0;
  #snapshotSequence = 0;
  #looked_ms = -Infinity;
  #stopping = false;
  #opening: Promise<void> | undefined;
  #source: InputSource | undefined;

  constructor(options: ShardOptions) {
    this.options = options;
    this.states = new States(options.actor);
    this.#journal = options.ports.journal(options.actor.kind, options.partition);
  }

  get figures(): ShardFigures {
    return {
      epoch: this.#epoch,
      cursor: this.#cursor,
      journal_sequence: this.#sequence,
      actors: this.states.size,
    };
  }

  /**
   * Restores, fences, sends the last record's outputs again, and opens the input. Throws
   * `RetryableError` when `stop()` was called meanwhile; nothing is left open then.
   */
  async open(): Promise<void> {
    await (this.#opening = this.#open());
  }

  async #open(): Promise<void> {
    const { actor, partition, ports } = this.options;
    const last = await this.#takeOver();
    if (last) await this.#release(last.record, last.sequence);
    this.#assertWanted();
    this.#source = await ports.input(actor.kind, partition, this.#epoch, this.#cursor);
  }

  /**
   * Restores and fences. An earlier owner that still lived while we read may have written a snapshot
   * and trimmed the journal in front of us: what we read has a hole then, and we begin anew.
   */
  async #takeOver(): Promise<JournaledRecord | undefined> {
    const { actor, partition, ports } = this.options;
    for (let attempt = 1; attempt <= FENCE_ATTEMPTS_MAX; attempt++) {
      this.#assertWanted();
      const snapshot = await ports.snapshots.load(actor.kind, partition);
      await this.#restore(snapshot);
      const last = await this.#fence();
      const stands = await ports.snapshots.sequenceOf(actor.kind, partition);
      if (stands === (snapshot?.journal_sequence ?? 0)) return last;
    }
    throw new RetryableError(
      `Snapshot ${actor.kind}.${partition} changes each time that it is read`,
    );
  }

  #assertWanted(): void {
    if (this.#stopping) throw new RetryableError("The shard was stopped while it was opened");
  }

  /** Works until stopped or fenced. Throws `FencedError` when the partition was taken over. */
  async run(): Promise<void> {
    while (!this.#stopping) {
      for (const inputs of batchesOf(await this.#source!.take(BATCH_MAX, LOOK_MS))) {
        if (!this.#stopping) await this.#handle(inputs);
      }
      if (!this.#stopping) await this.#holdNobodyBack();
    }
  }

  /**
   * A partition with nothing to do would keep its last record, and with it all that the others wrote
   * behind it: it goes on to a new one, which says nothing.
   */
  async #holdNobodyBack(): Promise<void> {
    const { ports, timers, partition, log } = this.options;
    if (timers.now_ms() - this.#looked_ms < LOOK_MS) return;
    this.#looked_ms = timers.now_ms();
    const { heldBackMax = HELD_BACK_MAX * (1 + partition / PARTITIONS) } = this.options;
    let front: number;
    try {
      front = await ports.ledgerPassed() - heldBackMax;
    } catch (error) {
      if (!(error instanceof RetryableError)) throw error;
      return log.warn("not looked at the journal's front", { partition, reason: error.message });
    }
    if (this.#snapshotSequence >= front) return;
    if (this.#sequence < front) await this.#append(this.#record([]));
    await this.#snapshot();
  }

  /** Ends `open()`, or `run()` after the batch in hand; then `close()` writes the snapshot. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#opening?.catch(() => {}); // Told to whoever opens.
    await this.#source?.stop();
  }

  /** A last snapshot, so that the next owner starts at once. Only after `run()` ended well. */
  async close(): Promise<void> {
    if (this.#sinceSnapshot > 0) await this.#snapshot();
  }

  async #restore(snapshot: Snapshot | undefined): Promise<void> {
    const { actor, partition, timers } = this.options;
    this.states.clear();
    this.#epoch =
      this.#cursor =
      this.#sequence =
      this.#snapshotSequence =
      this.#sinceSnapshot =
        0;
    if (snapshot === undefined) return;
    const { version } = snapshot;
    const readable = [...actor.reads ?? [], actor.version];
    if (!readable.includes(version)) {
      throw new TerminalError(
        `Snapshot ${actor.kind}.${partition} has version ${version}; this program reads ${
          readable.join(" and ")
        }`,
      );
    }
    this.#sequence = this.#snapshotSequence = snapshot.journal_sequence;
    this.#epoch = snapshot.epoch;
    this.#cursor = snapshot.cursor;
    let restored = 0;
    for (const [id, state] of Object.entries(snapshot.states)) {
      this.states.restore(id, state, version);
      if (++restored % RESTORED_AT_ONCE === 0) await pass(timers, 0); // Leases are renewed meanwhile.
    }
  }

  /** Takes the journal over: reads to its end and puts a higher epoch there. Returns the last batch. */
  async #fence(): Promise<JournaledRecord | undefined> {
    let last: JournaledRecord | undefined;
    for (let attempt = 1;; attempt++) {
      last = await this.#replay() ?? last;
      this.#assertWanted();
      try {
        await this.#append({ ...this.#record([]), type: "epoch", epoch: this.#epoch + 1 });
        this.#epoch += 1;
        return last;
      } catch (error) {
        // The earlier owner appended between our reading and our record: read that too.
        if (!(error instanceof FencedError) || attempt === FENCE_ATTEMPTS_MAX) throw error;
      }
    }
  }

  async #replay(): Promise<JournaledRecord | undefined> {
    let last: JournaledRecord | undefined;
    for await (const { record, sequence } of this.#journal.read(this.#sequence)) {
      this.#assertWanted();
      for (const event of record.events) this.#fold(event);
      this.#epoch = record.epoch;
      this.#cursor = record.cursor;
      this.#sequence = sequence;
      this.#sinceSnapshot += 1;
      if (record.type === "batch") last = { record, sequence };
    }
    return last;
  }

  #fold(event: JournalEvent): string | undefined {
    const { actor } = this.options;
    const id = actor.idOf(event);
    if (id === undefined) return undefined;
    actor.apply(this.states.at(id), event);
    return id;
  }

  async #handle(inputs: Input[]): Promise<void> {
    await this.#untilDone(() => this.options.refreshKeys(inputs));
    const events: JournalEvent[] = [];
    const changed = new Set<string>();
    for (const input of inputs) {
      const event = await this.#decide(input);
      if (event === undefined) continue;
      events.push(event);
      const id = this.#fold(event);
      if (id !== undefined) changed.add(id);
    }
    this.#cursor = inputs.at(-1)!.sequence;
    const record = this.#record(events);
    await this.#append(record);
    await this.#release(record, this.#sequence);
    this.options.onChange(this, changed);
    this.#sinceSnapshot += 1;
    if (this.#sinceSnapshot >= (this.options.snapshotEvery ?? SNAPSHOT_EVERY_RECORDS)) {
      await this.#snapshot();
    }
  }

  /** Undefined when the input can never be handled: it lies in the dead letters then. */
  async #decide(input: Input): Promise<JournalEvent | undefined> {
    const { actor, partition, find, ports, log } = this.options;
    try {
      this.#assertHere(input);
      return actor.receive(this.states.get(input.id), input, find);
    } catch (error) {
      const reason = (error as Error).message;
      log.error("set aside as dead", { kind: actor.kind, sequence: input.sequence, reason });
      await this.#untilDone(() => ports.setAside(actor.kind, partition, input, reason));
      return undefined;
    }
  }

  /**
   * A subject names partition and id, and whoever may write the one may choose the other: taken in two
   * partitions, a meter would have two replay windows, and each frame would open twice.
   */
  #assertHere({ id }: Input): void {
    const { partition } = this.options;
    const home = partitionOf(id);
    if (home === partition) return;
    throw new TerminalError(`${id} belongs to partition ${home}, not to ${partition}`);
  }

  #record(events: JournalEvent[]): JournalRecord {
    const { partition, owner } = this.options;
    const epoch = this.#epoch;
    return { v: 1, type: "batch", partition, epoch, owner, cursor: this.#cursor, events };
  }

  async #append(record: JournalRecord): Promise<void> {
    this.#sequence = await this.#untilDone(() => this.#journal.append(record, this.#sequence));
  }

  /** The output gate: called for records that stand in the journal, and for no other. */
  async #release(record: JournalRecord, sequence: number): Promise<void> {
    const { ports, slaveOf } = this.options;
    const { confirmations, events } = outputsOf(record, sequence, slaveOf);
    for (const { slaveId, body } of confirmations) ports.confirm(slaveId, body);
    await Promise.all(
      events.map(({ subject, body, messageId }) =>
        this.#untilDone(() => ports.publish(subject, body, messageId))
      ),
    );
  }

  async #snapshot(): Promise<void> {
    const { actor, partition, ports, log } = this.options;
    try {
      await ports.snapshots.save(actor.kind, partition, {
        version: actor.version,
        journal_sequence: this.#sequence,
        epoch: this.#epoch,
        cursor: this.#cursor,
        states: this.states.encoded(),
      });
      this.#sinceSnapshot = 0;
      this.#snapshotSequence = this.#sequence;
      await ports.trim(await ports.ledgerPassed());
    } catch (error) {
      if (!(error instanceof RetryableError)) throw error;
      // The journal is the truth; without this snapshot the next start reads a little more of it.
      log.warn("snapshot or trim put off", { partition, reason: error.message });
    }
  }

  /** Repeats what is out of reach until it is done, the shard is stopped, or it fails for good. */
  async #untilDone<T>(action: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await action();
      } catch (error) {
        if (!(error instanceof RetryableError) || this.#stopping) throw error;
        await pass(this.options.timers, Math.max(error.after_ms, RETRY_MS));
      }
    }
  }
}
