/** What a shard is made of, and what it tells of itself. */
import type { FindMeter, Input, JournalActor } from "../../actors/shard/actor.ts";
import type { Log } from "../terminal/log.ts";
import type { Timers } from "../time/timers.ts";
import type { ShardPorts } from "./ports.ts";
import type { Shard } from "./shard.ts";

/** The states are as wide as their actors; the shard never looks inside. */
// deno-lint-ignore no-explicit-any
export type AnyActor = JournalActor<any, any>;

export interface ShardOptions {
  readonly actor: AnyActor;
  readonly partition: number;
  /** Name of this master, for people who read the journal. */
  readonly owner: string;
  readonly ports: ShardPorts;
  readonly find: FindMeter;
  readonly slaveOf: (meterId: string) => string | undefined;
  /** Called with the ids whose state changed, after the record stands. */
  readonly onChange: (shard: Shard, ids: ReadonlySet<string>) => void;
  /** Makes sure that keys enrolled a moment ago are known before a frame is called unknown. */
  readonly refreshKeys: (inputs: readonly Input[]) => Promise<void>;
  readonly log: Log;
  readonly timers: Timers;
  /** Records between two snapshots. */
  readonly snapshotEvery?: number;
  /** Records of all partitions that one partition may keep from being trimmed. */
  readonly heldBackMax?: number;
}

export interface ShardFigures {
  readonly epoch: number;
  readonly cursor: number;
  readonly journal_sequence: number;
  readonly actors: number;
}
