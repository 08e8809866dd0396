/**
 * The world of a shard in memory: one journal with the fence and the message ids of JetStream, one
 * place for snapshots, one input; and a trace of what happened in which order.
 */
import { subjects } from "../../../protocol/subjects.ts";
import type { Input, JournalActor } from "../../../actors/shard/actor.ts";
import { RetryableError } from "../../../protocol/errors.ts";
import type { JournalRecord, RejectEvent } from "../../../protocol/messages/journal.ts";
import { FencedError } from "../../../streams/jetstream/broker.ts";
import type {
  InputSource,
  Journal,
  JournaledRecord,
  ShardPorts,
  Snapshot,
} from "../../../streams/masters/ports.ts";
import { Shard } from "../../../streams/masters/shard.ts";
import type { ShardOptions } from "../../../streams/masters/shard_options.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { systemTimers } from "../../../streams/time/timers.ts";

/** A meter and the partition that it belongs to. */
export const PARTITION = 42;
export const ID = "M6";

export type Step = "store" | "acknowledge" | "read" | "snapshot" | "fence" | "input";

export class World {
  readonly records: JournaledRecord[] = [];
  readonly trace: string[] = [];
  readonly inputs: Input[] = [];
  readonly dead: { input: Input; reason: string }[] = [];
  readonly opened: { epoch: number; cursor: number }[] = [];
  readonly ids = new Set<string>();
  readonly sources: { stopped: boolean }[] = [];
  snapshot: Snapshot | undefined;
  trimmed = 0;
  ledger = 0;
  /** Called at each step; may throw, wait, or do what an earlier owner would do just then. */
  at: (step: Step, record?: JournalRecord) => void | Promise<void> = () => {};
  #sequence = 0;
  /** Sequence of each record by what its message id holds. */
  readonly #appended = new Map<string, number>();

  get last(): number {
    return this.records.at(-1)?.sequence ?? 0;
  }

  get events() {
    return this.records.flatMap(({ record }) => record.events);
  }

  /** The record as an owner appends it, without any step around it. */
  store(record: JournalRecord, after: number): number {
    const id = [record.type, record.epoch, record.owner, record.cursor, after].join();
    const before = this.#appended.get(id);
    if (before !== undefined) return before;
    if (this.last !== after) throw new FencedError(`last is ${this.last}, not ${after}`);
    this.#sequence += 3; // Other partitions append in between.
    this.records.push({ sequence: this.#sequence, record: structuredClone(record) });
    this.#appended.set(id, this.#sequence);
    return this.#sequence;
  }

  trim(sequence: number): void {
    this.trimmed = Math.max(this.trimmed, sequence);
    while (this.records[0] && this.records[0].sequence < sequence) this.records.shift();
  }

  send(text: string, id = ID): void {
    this.inputs.push({
      sequence: (this.inputs.at(-1)?.sequence ?? 0) + 1,
      id,
      payload: new TextEncoder().encode(text),
      arrival_ms: 1_000,
    });
  }

  #journal(): Journal {
    return {
      append: async (record, after) => {
        if (record.type === "epoch") await this.at("fence", record);
        await this.at("store", record);
        const sequence = this.store(record, after);
        await this.at("acknowledge", record);
        this.trace.push(`journaled ${record.type} ${record.cursor}`);
        return sequence;
      },
      read: async function* (this: World, after: number) {
        await this.at("read");
        for (const each of [...this.records]) if (each.sequence > after) yield each;
      }.bind(this),
    };
  }

  #source(cursor: number): InputSource {
    let next = cursor;
    let wake = () => {};
    const state = { stopped: false };
    this.sources.push(state);
    return {
      take: async (limit, wait_ms = Infinity) => {
        const end_ms = performance.now() + wait_ms;
        while (!state.stopped && performance.now() < end_ms) {
          const taken = this.inputs.filter(({ sequence }) => sequence > next).slice(0, limit);
          next = taken.at(-1)?.sequence ?? next;
          if (taken.length > 0) return taken;
          await new Promise<void>((resolve) => {
            wake = resolve;
            setTimeout(resolve, 2);
          });
        }
        return [];
      },
      stop: () => {
        state.stopped = true;
        wake();
        return Promise.resolve();
      },
    };
  }

  ports(): ShardPorts {
    return {
      journal: () => this.#journal(),
      snapshots: {
        load: () => Promise.resolve(this.snapshot),
        sequenceOf: () => Promise.resolve(this.snapshot?.journal_sequence ?? 0),
        save: async (_kind, _partition, snapshot) => {
          await this.at("snapshot");
          this.snapshot = structuredClone(snapshot);
        },
      },
      input: async (_kind, _partition, epoch, cursor) => {
        await this.at("input");
        this.opened.push({ epoch, cursor });
        return this.#source(cursor);
      },
      ledgerPassed: () => Promise.resolve(this.ledger),
      trim: (passed) => {
        this.trim(Math.min(passed, this.snapshot?.journal_sequence ?? 0));
        return Promise.resolve();
      },
      confirm: (slaveId) => this.trace.push(`told ${subjects.confirm(slaveId)}`),
      publish: (subject, _body, messageId) => {
        if (!this.ids.has(messageId)) this.trace.push(`published ${subject}`);
        this.ids.add(messageId);
        return Promise.resolve();
      },
      setAside: (_kind, _partition, input, reason) => {
        this.dead.push({ input, reason });
        return Promise.resolve();
      },
    };
  }

  shard(owner: string, change: Partial<ShardOptions> = {}): Shard {
    return new Shard({
      actor: counter,
      partition: PARTITION,
      owner,
      ports: this.ports(),
      find: () => undefined,
      slaveOf: () => "slave-1",
      onChange: () => {},
      refreshKeys: () => Promise.resolve(),
      log: silentLog,
      timers: systemTimers,
      ...change,
    });
  }
}

export interface Counted {
  frames: number[];
}

/** An actor that remembers every input it has folded in; `poison` can never be handled. */
export const counter: JournalActor<Counted, RejectEvent> = {
  kind: "meter",
  stream: "FRAMES",
  version: 1,
  fresh: () => ({ frames: [] }),
  receive: (_state, input) => {
    if (new TextDecoder().decode(input.payload) === "poison") throw new Error("no such thing");
    return {
      event: "reject",
      frame: input.sequence,
      meter_id: input.id,
      reason: "replayed",
      arrival_ms: input.arrival_ms,
      trials: 0,
      boot: 1,
      sequence: input.sequence,
    };
  },
  apply: (state, event) => void state.frames.push(event.frame),
  encode: (state) => structuredClone(state),
  decode: (_id, snapshot) => structuredClone(snapshot as Counted),
  idOf: (event) => event.meter_id,
};

export const outOfReach = () => new RetryableError("out of reach", 1);
