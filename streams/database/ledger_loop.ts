/** Keeps the ledger behind the journal: reads, projects, waits, and goes on after any failure. */
import { TerminalError } from "../../protocol/errors.ts";
import { readJournalRecord } from "../../protocol/messages/journal_check.ts";
import type { Stoppable } from "../jetstream/broker.ts";
import type { Log } from "../terminal/log.ts";
import type { Timers } from "../time/timers.ts";
import type { JournalEntry, JournalFeed } from "./ledger_feed.ts";
import { project, type Projection } from "./ledger_projection.ts";
import type { SequencedRecord } from "./ledger_rows.ts";
import type { LedgerStore } from "./ledger_store.ts";
import { Patience, Pause } from "./pace.ts";

/** Records in one transaction. A record is at most 1 MB on the wire and usually a few KB. */
const RECORDS_MAX = 256;
/**
 * From one transaction to the next while less than RECORDS_MAX waits: each costs the database the
 * same whether it holds three hundred readings or three thousand, and nobody waits for a tenth of a
 * second.
 */
const GATHER_MS = 100;
/** A feed that answers "none" without waiting must not make the loop spin. */
const EMPTY_WAIT_MS = 50;

export interface LedgerOptions {
  readonly store: LedgerStore;
  readonly feed: JournalFeed;
  readonly log: Log;
  /** Keeps a record that can never be projected. The cursor passes it once this has resolved. */
  readonly deadLetter: (entry: JournalEntry, reason: string) => Promise<void>;
  /** Hears of every commit, for those who wait for readings and those who trim the journal. */
  readonly onCommitted?: (projection: Projection) => void;
  /** Hears once that nothing is projected until a person has done something. */
  readonly onHalted?: (reason: string) => void;
  readonly recordsMax?: number;
  readonly timers?: Timers;
}

/** Runs until stopped; `stop()` lets the transaction in hand finish. */
export function runLedger(options: LedgerOptions): Stoppable {
  const ending = new AbortController();
  const done = new Loop(options, ending.signal).run();
  return {
    stop: async () => {
      ending.abort();
      await done;
    },
  };
}

class Loop {
  readonly #options: LedgerOptions;
  readonly #signal: AbortSignal;
  readonly #pause: Pause;
  readonly #patience: Patience;
  /** Undefined after a failure: another ledger may have moved it meanwhile. */
  #cursor: number | undefined;
  #halted = false;

  constructor(options: LedgerOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
    this.#pause = new Pause(signal, options.timers);
    this.#patience = new Patience(options.log, "ledger");
  }

  async run(): Promise<void> {
    while (!this.#signal.aborted) {
      try {
        const wait_ms = await this.#turn();
        this.#patience.succeeded();
        this.#halted = false;
        if (wait_ms > 0) await this.#pause.wait(wait_ms);
      } catch (error) {
        if (this.#signal.aborted) return;
        this.#cursor = undefined;
        if (error instanceof TerminalError) this.#halt(error.message);
        await this.#pause.wait(this.#patience.failed(error));
      }
    }
  }

  /** What stands in the way of the ledger takes a person: it is looked at again, and told once. */
  #halt(reason: string): void {
    if (this.#halted) return;
    this.#halted = true;
    this.#options.log.error("ledger stands still: no reading is taken in", { reason });
    this.#options.onHalted?.(reason);
  }

  /** Projects what the feed has; how long to wait before the next turn. */
  async #turn(): Promise<number> {
    const { store, feed, recordsMax = RECORDS_MAX } = this.#options;
    this.#cursor ??= await this.#begin();
    const entries = await feed.read(this.#cursor, recordsMax, this.#signal);
    if (entries.length === 0) return EMPTY_WAIT_MS;
    const records: SequencedRecord[] = [];
    for (const entry of entries) {
      const record = await this.#checked(entry);
      if (record !== undefined) records.push(record);
    }
    const { sequence: through, fingerprint = null } = entries.at(-1)!;
    try {
      this.#commit(await project(store, records, through, fingerprint));
    } catch (error) {
      if (!this.#options.store.isDataFault(error)) throw error;
      await this.#oneByOne(records);
      if (this.#signal.aborted) return 0; // Not all of them were tried.
      this.#commit(await project(store, [], through, fingerprint));
    }
    return entries.length < recordsMax ? GATHER_MS : 0;
  }

  async #begin(): Promise<number> {
    const { sequence: cursor, fingerprint } = await this.#options.store.place();
    const last = await this.#options.feed.lastSequence?.();
    if (last !== undefined && last < cursor) {
      throw new TerminalError(
        `The journal ends at ${last} but the database has it up to ${cursor}: the broker's data ` +
          "was lost or replaced. Restore the broker's data, or use a new database",
      );
    }
    const there = fingerprint === null
      ? undefined
      : await this.#options.feed.fingerprintAt?.(cursor);
    if (there !== undefined && there !== fingerprint) {
      throw new TerminalError(
        `The journal's record ${cursor} is not the one that the database has: the broker lost its ` +
          "end, or is an older copy, and what it wrote since has numbers that are taken. Restore " +
          "the broker's data, or use a new database",
      );
    }
    const marked = await this.#options.feed.markedSequence?.();
    if (marked !== undefined && marked > cursor) {
      throw new TerminalError(
        `The database has the journal up to ${cursor}, but ${marked} was committed once, and what ` +
          "lies between may be trimmed: this database is older than the broker's data. Restore a " +
          "newer copy, or give up what is gone: nats kv del samay_snapshots ledger",
      );
    }
    return cursor;
  }

  /** The entry as a record, or undefined once it lies with the dead letters. */
  async #checked({ sequence, record }: JournalEntry): Promise<SequencedRecord | undefined> {
    try {
      return {
        sequence,
        record: readJournalRecord(record, `Journal record ${sequence}`),
      };
    } catch (error) {
      if (!(error instanceof TerminalError)) throw error;
      await this.#setAside({ sequence, record }, error.message);
      return undefined;
    }
  }

  /** Finds the record that the database refuses; the others are projected. */
  async #oneByOne(records: readonly SequencedRecord[]): Promise<void> {
    for (const record of records) {
      if (this.#signal.aborted) return;
      try {
        this.#commit(await project(this.#options.store, [record]));
      } catch (error) {
        if (!this.#options.store.isDataFault(error)) throw error;
        await this.#setAside(record, (error as Error).message);
        this.#commit(await project(this.#options.store, [], record.sequence));
      }
    }
  }

  async #setAside(entry: JournalEntry, reason: string): Promise<void> {
    this.#options.log.error("journal record set aside", { sequence: entry.sequence, reason });
    await this.#options.deadLetter(entry, reason);
  }

  #commit(projection: Projection): void {
    this.#cursor = projection.cursor;
    for (const conflict of projection.conflicts) {
      const { meter_id, obis, read_at, kept, refused, journal_sequence } = conflict;
      this.#options.log.warn("a second value for the same reading was not taken", {
        ...{ meter: meter_id, obis, read_at: read_at.toISOString(), kept, refused },
        journal: journal_sequence,
      });
    }
    this.#options.onCommitted?.(projection);
  }
}
