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
import { every, type Timers } from "../time/timers.ts";
import { Attempts } from "./attempts.ts";
import type { Board } from "./board.ts";
import type { Keyring } from "./keyring.ts";
import type { Leases } from "./leases.ts";
import type { ShardPorts } from "./ports.ts";
import { Retries } from "./retries.ts";
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
  /** Records of all partitions that one of them may keep from being trimmed. */
  readonly heldBackMax?: number;
  /** What people like to know of this master: goes with each beat. */
  readonly about?: () => Readonly<Record<string, unknown>>;
}

export const LEASE_MS = 5_000;
const TICKS_PER_LEASE = 4;
/** Partitions that move at a time: a joining master must not stop the world. */
const MOVES_MAX = 16;
/** Handed over at a time: the fewer, the shorter each one stands still; the others go on meanwhile. */
const HAND_OVERS_MAX = 4;
/** After so many leases of silence nobody waits for a master any more: its entry is taken away. */
const FORGOTTEN_LEASES = 100;
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
  /** How many of those are being handed over. */
  #releasing = 0;
  readonly #lease_ms: number;
  readonly #tick_ms: number;
  readonly #waiters = new Set<() => void>();
  readonly #log: Log;
  readonly #attempts: Attempts;
  readonly #retries: Retries;
  #stopping = false;

  constructor(parts: HolderParts) {
    this.#parts = parts;
    this.#lease_ms = parts.lease_ms ?? LEASE_MS;
    this.#tick_ms = this.#lease_ms / TICKS_PER_LEASE;
    this.#log = parts.log;
    this.#attempts = new Attempts(parts.log);
    this.#retries = new Retries(parts.timers, this.#tick_ms, this.#lease_ms);
  }

  start(): Stoppable {
    let wake = () => {};
    const tickPassed = async () => {
      if (this.#stopping) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      wake = resolve;
      const cancel = this.#parts.timers.after(this.#tick_ms, resolve);
      await promise;
      cancel();
    };
    const loop = (async () => {
      await this.#untilOthersAreKnown(tickPassed);
      this.#parts.leases.onNews = () => this.#plan();
      while (!this.#stopping) {
        await this.#tick();
        await tickPassed();
      }
    })();
    return {
      stop: async () => {
        this.#stopping = true;
        wake();
        await loop;
        await this.#endMoves();
        // Said first: with each lease that is given back the others know already whose it is now.
        await this.#attempts.quietly("leaving", () => this.#parts.leases.leave());
        await this.#handOverAll();
      },
    };
  }

  /** A few at a time; the leases of those that wait are renewed, or others would take them. */
  async #handOverAll(): Promise<void> {
    const { timers } = this.#parts;
    const endRenewal = every(timers, this.#tick_ms, () => void this.#renewAll());
    const waiting = [...this.#held.keys()];
    const handOver = async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        await this.#handOver(next);
      }
    };
    await Promise.all(Array.from({ length: HAND_OVERS_MAX }, handOver));
    endRenewal();
  }

  async #renewAll(): Promise<void> {
    await Promise.all([...this.#held.keys()].map((partition) => this.#renew(partition)));
  }

  /**
   * Entries stand that may be of masters long dead. Were they counted, partitions would be handed to
   * this master that it leaves to the dead; so it is not there itself before who lives had the time
   * for a beat.
   */
  async #untilOthersAreKnown(tickPassed: () => Promise<void>): Promise<void> {
    for (let ticks = 0; ticks < 2 && this.#parts.leases.unproven; ticks++) await tickPassed();
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
    const { leases, about = () => ({}) } = this.#parts;
    await this.#attempts.quietly(
      "beat",
      () => leases.beat({ partitions: this.open.size, ...about() }),
    );
    await this.#renewAll();
    const silent_ms = FORGOTTEN_LEASES * this.#lease_ms;
    await this.#attempts.quietly("sweeping", () => leases.forgetOne(silent_ms));
    this.#plan();
  }

  /** Begins the moves that are due: at each tick, and when something was given back or went well. */
  #plan(): void {
    const { leases, instance, timers, partitions = ALL } = this.#parts;
    if (this.#stopping) return;
    if (!leases.inSight) return;
    const plan = planOwnership({
      me: instance,
      now_ms: timers.now_ms(),
      lease_ms: this.#lease_ms,
      members: leases.members,
      leases: leases.leases,
      partitions: partitions.filter((partition) =>
        !this.#moving.has(partition) && (this.#held.has(partition) || this.#retries.due(partition))
      ),
      held: new Set(this.#held.keys()),
      moves_max: Math.max(0, MOVES_MAX - this.#moving.size),
      releases_max: Math.max(0, HAND_OVERS_MAX - this.#releasing),
    });
    for (const partition of plan.drop) this.#drop(partition, "the lease is another's");
    for (const partition of plan.release) {
      this.#releasing += 1;
      this.#move(
        partition,
        () => this.#handOver(partition).finally(() => this.#releasing -= 1),
      );
    }
    for (const { partition, revision } of plan.claim) {
      this.#move(partition, () => this.#claim(partition, revision));
    }
  }

  /** `move` gives whether it went well: then there is room for the next one. */
  #move(partition: number, move: () => Promise<boolean>): void {
    const moving = async () => {
      const done = await move().finally(() => this.#moving.delete(partition));
      if (done) this.#plan();
    };
    this.#moving.set(partition, moving());
  }

  async #renew(partition: number): Promise<void> {
    await this.#attempts.quietly("renewal", async () => {
      if (!await this.#parts.leases.renew(partition)) {
        this.#drop(partition, "the lease was lost");
      }
    });
  }

  /** True when the partition is open. */
  async #claim(partition: number, revision: number): Promise<boolean> {
    let done = false;
    await this.#attempts.quietly("claim", async () => {
      if (await this.#parts.leases.claim(partition, revision) === undefined) return;
      const shards = [meterActor, sessionActor].map((actor) => this.#shard(actor, partition));
      const holding: Holding = { shards, running: undefined };
      this.#held.set(partition, holding);
      try {
        await Promise.all(shards.map((shard) => shard.open()));
      } catch (error) {
        await this.#giveUp(partition, holding);
        if (this.#stopping) return;
        throw error;
      }
      this.#retries.succeeded(partition);
      // Lost, or stopped, while the last of it was opened.
      if (this.#held.get(partition) !== holding) return;
      holding.running = this.#run(partition, holding);
      this.open.add(partition);
      for (const waiter of this.#waiters) waiter();
      this.#waiters.clear();
      done = true;
    });
    return done;
  }

  /** The opening failed: the lease is given back at once, so that nobody has to wait it out. */
  async #giveUp(partition: number, { shards }: Holding): Promise<void> {
    this.#retries.failed(partition);
    const mine = this.#held.delete(partition); // Otherwise it was lost meanwhile.
    await Promise.all(shards.map((shard) => shard.stop())); // One may be open, one on its way.
    if (!mine) return;
    await this.#attempts.quietly("giving back", () => this.#parts.leases.release(partition));
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

  /** Graceful: finish the batch in hand, write the snapshot, release. True when it was released. */
  async #handOver(partition: number): Promise<boolean> {
    const holding = this.#held.get(partition);
    if (holding?.running === undefined) return false; // Being opened: handed over once it is open.
    await Promise.all(holding.shards.map((shard) => shard.stop()));
    await holding.running;
    if (this.#held.get(partition) !== holding) return false; // Dropped meanwhile.
    this.#held.delete(partition);
    this.open.delete(partition);
    let done = false;
    await this.#attempts.quietly("hand-over", async () => {
      await Promise.all(holding.shards.map((shard) => shard.close()));
      await this.#parts.leases.release(partition);
      done = true;
    });
    return done;
  }

  #shard(actor: typeof meterActor | typeof sessionActor, partition: number): Shard {
    const { ports, keyring, board, instance, log, timers } = this.#parts;
    const { snapshotEvery, heldBackMax } = this.#parts;
    return new Shard({
      actor,
      partition,
      owner: instance,
      ports,
      log,
      timers,
      ...(snapshotEvery !== undefined && { snapshotEvery }),
      ...(heldBackMax !== undefined && { heldBackMax }),
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
}
