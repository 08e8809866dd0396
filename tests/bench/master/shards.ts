/** All shards of one master over a world in memory: its work, without the broker's part of it. */
import { meterActor } from "../../../actors/meter/meter.ts";
import type { MeterState } from "../../../actors/meter/state.ts";
import type { Input } from "../../../actors/shard/actor.ts";
import { utf8 } from "../../../protocol/bytes.ts";
import { partitionOf, PARTITIONS } from "../../../protocol/subjects.ts";
import type { Bucket } from "../../../streams/jetstream/broker.ts";
import { Board } from "../../../streams/masters/board.ts";
import { Confirmations } from "../../../streams/masters/confirmations.ts";
import type { Keyring } from "../../../streams/masters/keyring.ts";
import type { InputSource, ShardPorts } from "../../../streams/masters/ports.ts";
import { Shard } from "../../../streams/masters/shard.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { systemTimers } from "../../../streams/time/timers.ts";

export interface Tally {
  readings: number;
  rejects: number;
  trials: number;
  records: number;
  journal_bytes: number;
}

/** What a partition was given and did not take yet. */
class Queue implements InputSource {
  readonly #inputs: Input[] = [];
  #wake = () => {};
  #stopped = false;

  push(input: Input): void {
    this.#inputs.push(input);
  }

  wake(): void {
    this.#wake();
  }

  async take(limit: number): Promise<Input[]> {
    while (this.#inputs.length === 0 && !this.#stopped) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    return this.#stopped ? [] : this.#inputs.splice(0, limit);
  }

  stop(): Promise<void> {
    this.#stopped = true;
    this.#wake();
    return Promise.resolve();
  }
}

export class Shards {
  readonly tally: Tally = { readings: 0, rejects: 0, trials: 0, records: 0, journal_bytes: 0 };
  readonly #queues = Array.from({ length: PARTITIONS }, () => new Queue());
  readonly #partitions = new Map<string, number>();
  readonly #shards: Shard[];
  readonly #ends: (() => Promise<unknown>)[] = [];
  #sequence = 0;
  #done = () => {};
  #expected = 0;

  constructor(keyring: Keyring) {
    const bucket = { put: () => Promise.resolve(1) } as unknown as Bucket;
    const board = new Board(bucket, "bench", silentLog);
    const flushing = board.start();
    const confirmations = new Confirmations(systemTimers, (_, body) => JSON.stringify(body));
    this.#ends.push(() => flushing.stop(), () => confirmations.stop());
    const ports = this.#ports(confirmations);
    this.#shards = this.#queues.map((_, partition) =>
      new Shard({
        actor: meterActor,
        ...{ partition, owner: "bench", ports, log: silentLog, timers: systemTimers },
        find: keyring.find,
        slaveOf: keyring.slaveOf,
        refreshKeys: (inputs) => keyring.refresh(inputs),
        onChange: (shard, ids) => {
          for (const id of ids) board.changed(shard.states.get(id) as MeterState);
        },
      })
    );
  }

  async start(): Promise<void> {
    for (const shard of this.#shards) {
      await shard.open();
      const running = shard.run();
      this.#ends.unshift(async () => {
        await shard.stop();
        await running;
      });
    }
  }

  async stop(): Promise<void> {
    for (const end of this.#ends) await end();
  }

  /** Hands `inputs` to their partitions; resolves when all of them are journaled. */
  async handle(inputs: readonly Input[]): Promise<void> {
    this.#expected = this.tally.readings + this.tally.rejects + inputs.length;
    const done = new Promise<void>((resolve) => this.#done = resolve);
    for (const input of inputs) {
      let partition = this.#partitions.get(input.id);
      if (partition === undefined) {
        this.#partitions.set(input.id, partition = partitionOf(input.id));
      }
      this.#queues[partition]!.push(input);
    }
    for (const queue of this.#queues) queue.wake();
    await done;
  }

  #ports(confirmations: Confirmations): ShardPorts {
    return {
      journal: () => ({
        append: (record) => {
          this.tally.records += 1;
          this.tally.journal_bytes += utf8(JSON.stringify(record)).length;
          for (const event of record.events) {
            if (event.event === "reading") this.tally.readings += 1;
            else this.tally.rejects += 1;
            if (event.event !== "session") this.tally.trials += event.trials;
          }
          if (this.tally.readings + this.tally.rejects === this.#expected) this.#done();
          return Promise.resolve(++this.#sequence);
        },
        read: async function* () {},
      }),
      snapshots: {
        load: () => Promise.resolve(undefined),
        save: () => Promise.resolve(),
        sequenceOf: () => Promise.resolve(0),
      },
      input: (_kind, partition) => Promise.resolve(this.#queues[partition]!),
      ledgerPassed: () => Promise.resolve(this.#sequence),
      trim: () => Promise.resolve(),
      confirm: confirmations.add,
      publish: () => Promise.resolve(),
      setAside: () => Promise.reject(new Error("no frame of the bench is dead")),
    };
  }
}
