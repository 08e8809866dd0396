/**
 * A master: owns partitions while it lives, and shares them with the other masters. Every tick it
 * beats, renews what it holds, and does what `planOwnership` decides.
 */
import { meterActor } from "../../actors/meter/meter.ts";
import type { MeterState } from "../../actors/meter/state.ts";
import { planOwnership } from "../../actors/ownership/ownership.ts";
import { sessionActor } from "../../actors/session/session.ts";
import { FencedError, type Stoppable } from "../jetstream/broker.ts";
import type { NatsBroker } from "../jetstream/connection.ts";
import { shardPortsOver } from "../jetstream/shard_ports.ts";
import type { Log } from "../terminal/log.ts";
import { Board } from "./board.ts";
import { Keyring } from "./keyring.ts";
import { Leases } from "./leases.ts";
import type { ShardPorts } from "./ports.ts";
import { Shard } from "./shard.ts";

export interface MasterOptions {
  readonly broker: NatsBroker;
  /** Name for people; each start adds something of its own. */
  readonly name: string;
  /** 32 bytes: opens the enrolled keys. */
  readonly kek: Uint8Array;
  /** How long a silent master keeps its partitions, in milliseconds. */
  readonly lease_ms?: number;
  readonly log: Log;
}

export interface RunningMaster extends Stoppable {
  readonly instance: string;
  /** Partitions held and open. */
  readonly partitions: ReadonlySet<number>;
  /** Resolves when this master holds `count` partitions or more. */
  untilHolding(count: number): Promise<void>;
}

export const LEASE_MS = 5_000;
const TICKS_PER_LEASE = 4;
/** An instance's name is an identifier of at most 32 characters, with six of its own and a hyphen. */
const NAME_MAX = 25;
/** Partitions that move in one tick: a joining master must not stop the world. */
const MOVES_MAX = 16;

interface Holding {
  readonly shards: readonly Shard[];
  /** Ends when the shards do; undefined while they are being opened. */
  running: Promise<void> | undefined;
}

/** Starts a master. It stops by handing over: flush, snapshot, release. */
export async function startMaster(options: MasterOptions): Promise<RunningMaster> {
  const { broker, log } = options;
  const instance = `${options.name.slice(0, NAME_MAX)}-${crypto.randomUUID().slice(0, 6)}`;
  const keyring = new Keyring(await broker.bucket("samay_enrolments"), options.kek, log);
  const leases = new Leases(await broker.bucket("samay_owners"), instance, log);
  const board = new Board(await broker.bucket("samay_meters"), instance, log);
  await keyring.start();
  await leases.start();
  const master = new Master({
    ...options,
    instance,
    keyring,
    leases,
    board,
    ports: await shardPortsOver(broker, instance, log),
  });
  const boarding = board.start();
  const ticking = master.start();
  return {
    instance,
    partitions: master.open,
    untilHolding: (count) => master.untilHolding(count),
    stop: async () => {
      await ticking.stop();
      await boarding.stop();
      await leases.stop();
      await keyring.stop();
    },
  };
}

interface Parts extends MasterOptions {
  readonly instance: string;
  readonly keyring: Keyring;
  readonly leases: Leases;
  readonly board: Board;
  readonly ports: ShardPorts;
}

class Master {
  readonly open = new Set<number>();
  readonly #parts: Parts;
  /** What I hold or am opening. */
  readonly #held = new Map<number, Holding>();
  /** Partitions that are being opened or handed over. */
  readonly #moving = new Map<number, Promise<void>>();
  readonly #lease_ms: number;
  readonly #waiters = new Set<() => void>();
  readonly #log: Log;
  readonly #failing = new Set<string>();
  #stopping = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#lease_ms = parts.lease_ms ?? LEASE_MS;
    this.#log = parts.log;
  }

  start(): Stoppable {
    let wake = () => {};
    const loop = (async () => {
      while (!this.#stopping) {
        await this.#tick();
        await new Promise<void>((resolve) => {
          wake = resolve;
          const timer = setTimeout(resolve, this.#lease_ms / TICKS_PER_LEASE);
          Deno.unrefTimer(timer);
        });
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
    const { leases, instance } = this.#parts;
    await this.#quietly("beat", () => leases.beat({ partitions: this.open.size }));
    await Promise.all([...this.#held.keys()].map((partition) => this.#renew(partition)));
    if (!leases.inSight) return;
    const plan = planOwnership({
      me: instance,
      now_ms: performance.now(),
      lease_ms: this.#lease_ms,
      members: leases.members,
      leases: leases.leases,
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
    const { ports, keyring, board, instance, log } = this.#parts;
    return new Shard({
      actor,
      partition,
      owner: instance,
      ports,
      log,
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
