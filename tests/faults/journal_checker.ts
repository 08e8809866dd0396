/**
 * What must hold of the journal, record by record: epochs never go down and have one owner each, no
 * frame is taken twice, none is left out behind a cursor. And how long frames waited.
 */
import type { JournalRecord } from "../../protocol/messages/journal.ts";

/** A record as it was seen, without its events. */
export interface SeenRecord {
  readonly partition: number;
  readonly type: JournalRecord["type"];
  readonly epoch: number;
  /** Instance of the master. */
  readonly owner: string;
  /** When the broker stored it. */
  readonly at_ms: number;
  readonly frames: number;
  /** Longest time that a frame of it had waited since its arrival; 0 without frames. */
  readonly wait_ms: number;
}

/** How long one reading waited from its arrival in FRAMES to its record. */
export interface Wait {
  readonly meter_id: string;
  readonly arrival_ms: number;
  readonly wait_ms: number;
}

interface Last {
  readonly epoch: number;
  readonly owner: string;
  readonly cursor: number;
}

/** More than these are not worth reading. */
const FAULTS_MAX = 20;

export class JournalChecker {
  readonly faults: string[] = [];
  readonly records: SeenRecord[] = [];
  readonly #last = new Map<number, Last>();
  /** Rejects by reason, as `frame: reason`. */
  readonly rejected = new Map<number, string>();
  readings = 0;
  /** Filled while there is such a list. */
  waits: Wait[] | undefined;

  /** Takes the next record of the stream. */
  see(record: JournalRecord, sequence: number, at_ms: number): void {
    const { partition, type, epoch, owner, cursor, events } = record;
    const last = this.#last.get(partition) ?? { epoch: 0, owner: "", cursor: 0 };
    const say = (what: string) => this.#say(`record ${sequence}, partition ${partition}: ${what}`);
    if (type === "epoch" && epoch <= last.epoch) say(`epoch ${epoch} after ${last.epoch}`);
    if (type === "batch" && epoch !== last.epoch) say(`batch of ${epoch} in epoch ${last.epoch}`);
    if (type === "batch" && owner !== last.owner) say(`${owner} writes in ${last.owner}'s epoch`);
    if (cursor < last.cursor) say(`cursor ${cursor} after ${last.cursor}`);
    let wait_ms = 0;
    let before = last.cursor;
    for (const event of events) {
      if (event.event === "session") continue;
      if (event.frame <= before) say(`frame ${event.frame} is taken a second time`);
      before = event.frame;
      wait_ms = Math.max(wait_ms, at_ms - event.arrival_ms);
      if (event.event === "reading") {
        const { meter_id, arrival_ms } = event;
        this.readings += 1;
        this.waits?.push({ meter_id, arrival_ms, wait_ms: at_ms - arrival_ms });
      } else this.rejected.set(event.frame, event.reason);
    }
    if (before > cursor) say(`frame ${before} lies behind its own cursor ${cursor}`);
    this.#last.set(partition, { epoch, owner, cursor });
    this.records.push({ partition, type, epoch, owner, at_ms, frames: events.length, wait_ms });
  }

  #say(fault: string): void {
    if (this.faults.length < FAULTS_MAX) this.faults.push(fault);
  }

  /** Whether fewer than `rate` frames a second came through in the last `span_ms`. */
  quiet(span_ms: number, rate: number): boolean {
    const from_ms = Date.now() - span_ms;
    let frames = 0;
    for (let i = this.records.length - 1; i >= 0 && this.records[i]!.at_ms >= from_ms; i--) {
      frames += this.records[i]!.frames;
    }
    return frames < rate * span_ms / 1_000;
  }

  /** Who wrote the last record of each partition. */
  owners(): Map<number, string> {
    return new Map([...this.#last].map(([partition, { owner }]) => [partition, owner]));
  }

  /** Partitions in which frames were taken. */
  busyPartitions(): Set<number> {
    const busy = this.records.filter(({ frames }) => frames > 0);
    return new Set(busy.map(({ partition }) => partition));
  }

  /** Times that a partition came to another master since `from_ms`, by partition. */
  movesSince(from_ms: number): Map<number, number> {
    const moves = new Map<number, number>();
    const owner = new Map<number, string>();
    for (const record of this.records) {
      const before = owner.get(record.partition);
      owner.set(record.partition, record.owner);
      if (record.at_ms < from_ms || before === undefined || before === record.owner) continue;
      moves.set(record.partition, (moves.get(record.partition) ?? 0) + 1);
    }
    return moves;
  }

  /** The longest wait of a frame in the records from `from_ms` on, over all partitions. */
  longestWait(from_ms: number, to_ms = Infinity): number {
    return this.records.reduce(
      (most, { at_ms, wait_ms }) =>
        at_ms >= from_ms && at_ms <= to_ms ? Math.max(most, wait_ms) : most,
      0,
    );
  }

  /**
   * For each partition of a master that died at `killed_ms`: how long until another had taken it over
   * (its epoch stood), in milliseconds. Empty when it had none.
   */
  takeovers(instance: string, held: ReadonlySet<number>, killed_ms: number): Map<number, number> {
    const found = new Map<number, number>();
    for (const { partition, type, owner, at_ms } of this.records) {
      if (type !== "epoch" || owner === instance || at_ms < killed_ms) continue;
      if (held.has(partition) && !found.has(partition)) found.set(partition, at_ms - killed_ms);
    }
    return found;
  }
}
