/**
 * What one master holds: every tick it beats, renews its leases, and does what `planOwnership`
 * decides. Claims and hand-overs go on beside the ticks; a partition that is lost is dropped at once.
 */
import { meterActor } from "../../actors/meter/meter.ts";
import type { MeterState } from "../../actors/meter/state.ts";
import { planOwnership } from "../../actors/ownership/ownership.ts";
import { sessionActor } from "../../actors/session/session.ts";
import { PARTITIONS } from "../../protocol/subjects.ts";
import { FencedError, type Stoppable } from "../jetstream/broker.ts";
import type { Log } from "../terminal/log.ts";
import type { Timers } from "../time/timers.ts";
import type { Board } from "./board.ts";
import type { Keyring } from "./keyring.ts";
import type { Leases } from "./leases.ts";
import type { ShardPorts } from "./ports.ts";
import { Shard } from "./shard.ts";

export interface HolderParts {
  readonly instance: string;
  /** How long a silent master keeps its partitions, in milliseconds. */
  readonly lease_ms?: number | undefined;
  readonly leases: Leases;
  readonly ports: ShardPorts;
  readonly keyring: Pick<Keyring, "find" | "slaveOf" | "refresh">;
  readonly board: Pick<Board, "changed">;
  readonly timers: Timers;
  readonly log: Log;
  /** The partitions that the masters share; all of them unless given. */
  readonly partitions?: readonly number[];
  /** Records between two snapshots of a shard. */
  readonly snapshotEvery?: number;
}

export const LEASE_MS = 5_000;
const TICKS_PER_LEASE = 4;
/** Partitions that move in one tick: a joining master must not stop the world. */
const MOVES_MAX = 16;
const ALL = Array.from({ length: PARTITIONS }, (_, partition) => partition);

interface Holding {
  readonly shards: readonly Shard[];
  /** Ends when the shards do; undefined while they are being opened. */
  running: Promise<void> | undefined;
}

export class PartitionHolder {
  readonly open = new Set<number>();
  readonly #parts: HolderParts;
  /** What I hold or am opening. */
  readonly #held = new Map<number, Holding>();
  /** Partitions that are being opened or handed over. */
  readonly #moving = new Map<number, Promise<void>>();
  readonly #lease_ms: number;
  readonly #waiters = new Set<() => void>();
  readonly #log: Log;
  readonly #failing = new Set<string>();
  #stopping = false;

  constructor(parts: HolderParts) {
    this.#parts = parts;
    this.#lease_ms = parts.lease_ms ?? LEASE_MS;
    this.#log = parts.log;
  }

  start(): Stoppable {
    let wake = () => {};
    const loop = (async () => {
      while (!this.#stopping) {
        await this.#tick();
        if (this.#stopping) return;
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        const cancel = this.#parts.timers.after(this.#lease_ms / TICKS_PER_LEASE, resolve);
        await promise;
        cancel();
      }
    })();
    return {
      stop: async () => {
        this.#stopping = true;
        wake();
        await loop;
        await this.#endMoves();
        await Promise.all([...this.#held.keys()].map((partition) => this.#handOver(partition)));
        await this.#quietly("leaving", () => this.#parts.leases.leave());
      },
    };
  }

  async untilHolding(count: number): Promise<void> {
    while (this.open.size < count) {
      await new Promise<void>((resolve) => this.#waiters.add(resolve));
    }
  }

  /** What is being opened is given up; what is being handed over is finished. */
  async #endMoves(): Promise<void> {
    const opening = [...this.#held.values()].filter(({ running }) => running === undefined);
    await Promise.all(opening.flatMap(({ shards }) => shards.map((shard) => shard.stop())));
    await Promise.all(this.#moving.values());
  }

  /** Moves go on beside the ticks: a long restore must not keep the other leases from renewal. */
  async #tick(): Promise<void> {
    const { leases, instance, timers, partitions = ALL } = this.#parts;
    await this.#quietly("beat", () => leases.beat({ partitions: this.open.size }));
    await Promise.all([...this.#held.keys()].map((partition) => this.#renew(partition)));
    if (!leases.inSight) return;
    const plan = planOwnership({
      me: instance,
      now_ms: timers.now_ms(),
      lease_ms: this.#lease_ms,
      members: leases.members,
      leases: leases.leases,
      partitions,
      held: new Set(this.#held.keys()),
      moves_max: Math.max(0, MOVES_MAX - this.#moving.size),
    });
    for (const partition of plan.drop) this.#drop(partition, "the lease is another's");
    for (const partition of plan.release) this.#move(partition, () => this.#handOver(partition));
    for (const { partition, revision } of plan.claim) {
      this.#move(partition, () => this.#claim(partition, revision));
    }
  }

  #move(partition: number, move: () => Promise<void>): void {
    if (this.#moving.has(partition)) return;
    this.#moving.set(partition, move().finally(() => this.#moving.delete(partition)));
  }

  async #renew(partition: number): Promise<void> {
    await this.#quietly("renewal", async () => {
      if (!await this.#parts.leases.renew(partition)) {
        this.#drop(partition, "the lease was lost");
      }
    });
  }

  async #claim(partition: number, revision: number): Promise<void> {
    await this.#quietly("claim", async () => {
      if (await this.#parts.leases.claim(partition, revision) === undefined) return;
      const shards = [meterActor, sessionActor].map((actor) => this.#shard(actor, partition));
      const holding: Holding = { shards, running: undefined };
      this.#held.set(partition, holding);
      try {
        await Promise.all(shards.map((shard) => shard.open()));
      } catch (error) {
        if (this.#held.get(partition) === holding) this.#held.delete(partition);
        await Promise.all(shards.map((shard) => shard.stop())); // One may be open, one on its way.
        // Otherwise the lease stays: until it runs out nobody tries what has just failed.
        if (this.#stopping) return await this.#parts.leases.release(partition);
        throw error;
      }
      // Lost, or stopped, while the last of it was opened.
      if (this.#held.get(partition) !== holding) return;
      holding.running = this.#run(partition, holding);
      this.open.add(partition);
      for (const waiter of this.#waiters) waiter();
      this.#waiters.clear();
    });
  }

  /** Runs until stopped; a failure, the fence above all, drops the whole partition. */
  async #run(partition: number, holding: Holding): Promise<void> {
    try {
      await Promise.all(holding.shards.map((shard) => shard.run()));
    } catch (error) {
      const reason = (error as Error).message;
      if (error instanceof FencedError) this.#log.warn("fenced off", { partition, reason });
      else this.#log.error("shard failed", { partition, reason });
      if (this.#held.get(partition) === holding) this.#drop(partition, "its shard ended");
    }
  }

  /** Lets go without a word: memory is dropped, the lease is left to run out. */
  #drop(partition: number, reason: string): void {
    const holding = this.#held.get(partition);
    if (!this.#held.delete(partition)) return;
    this.open.delete(partition);
    this.#log.warn("partition dropped", { partition, reason });
    for (const shard of holding?.shards ?? []) {
      shard.stop().catch((error) =>
        this.#log.warn("input not closed", { partition, reason: (error as Error).message })
      );
    }
  }

  /** Graceful: finish the batch in hand, write the snapshot, release the lease. */
  async #handOver(partition: number): Promise<void> {
    const holding = this.#held.get(partition);
    if (holding?.running === undefined) return; // Being opened: handed over once it is open.
    await Promise.all(holding.shards.map((shard) => shard.stop()));
    await holding.running;
    if (this.#held.get(partition) !== holding) return; // Dropped meanwhile.
    this.#held.delete(partition);
    this.open.delete(partition);
    await this.#quietly("hand-over", async () => {
      await Promise.all(holding.shards.map((shard) => shard.close()));
      await this.#parts.leases.release(partition);
    });
  }

  #shard(actor: typeof meterActor | typeof sessionActor, partition: number): Shard {
    const { ports, keyring, board, instance, log, timers, snapshotEvery } = this.#parts;
    return new Shard({
      actor,
      partition,
      owner: instance,
      ports,
      log,
      timers,
      ...(snapshotEvery !== undefined && { snapshotEvery }),
      find: keyring.find,
      slaveOf: keyring.slaveOf,
      refreshKeys: actor.kind === "meter"
        ? (inputs) => keyring.refresh(inputs)
        : () => Promise.resolve(),
      onChange: (shard, ids) => {
        if (actor.kind !== "meter") return;
        for (const id of ids) board.changed(shard.states.get(id) as MeterState);
      },
    });
  }

  /** What fails for want of the broker is tried again at the next tick; said once, not every try. */
  async #quietly(what: string, action: () => Promise<void>): Promise<void> {
    try {
      await action();
      if (this.#failing.delete(what)) this.#log.info(`${what} works again`);
    } catch (error) {
      if (this.#failing.has(what)) return;
      this.#failing.add(what);
      this.#log.warn(`${what} failed, trying on`, { reason: (error as Error).message });
    }
  }
}
