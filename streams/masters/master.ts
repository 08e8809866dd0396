/**
 * A master: owns partitions while it lives, and shares them with the other masters. This is the
 * wiring to the real broker; what it does is in `partition_holder.ts` and `shard.ts`.
 */
import { METERS_BUCKET } from "../../protocol/subjects.ts";
import type { Stoppable } from "../jetstream/broker.ts";
import type { NatsBroker } from "../jetstream/connection.ts";
import { shardPortsOver } from "../jetstream/shard_ports.ts";
import type { Log } from "../terminal/log.ts";
import { Board } from "./board.ts";
import { Confirmations } from "./confirmations.ts";
import { MasterFigures } from "./figures.ts";
import { Keyring } from "./keyring.ts";
import { Leases } from "./leases.ts";
import { PartitionHolder } from "./partition_holder.ts";

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

/** An instance's name is an identifier of at most 32 characters, with six of its own and a hyphen. */
const NAME_MAX = 25;

/** Starts a master. It stops by handing over: flush, snapshot, release. */
export async function startMaster(options: MasterOptions): Promise<RunningMaster> {
  const { broker, log } = options;
  const instance = `${options.name.slice(0, NAME_MAX)}-${crypto.randomUUID().slice(0, 6)}`;
  const keyring = new Keyring(await broker.bucket("samay_enrolments"), options.kek, log);
  const leases = new Leases(await broker.bucket("samay_owners"), instance, log, broker.timers);
  const board = new Board(await broker.bucket(METERS_BUCKET), instance, log);
  await keyring.start();
  await leases.start();
  const figures = new MasterFigures(Date.now());
  const { timers } = broker;
  const direct = await shardPortsOver(broker, instance, log);
  const confirmations = new Confirmations(timers, direct.confirm);
  const ports = figures.counting({ ...direct, confirm: confirmations.add });
  const { lease_ms } = options;
  const master: PartitionHolder = new PartitionHolder({
    ...{ instance, lease_ms, keyring, leases, board, ports, timers, log },
    about: () => figures.about(master.open),
  });
  const boarding = board.start();
  const ticking = master.start();
  return {
    instance,
    partitions: master.open,
    untilHolding: (count) => master.untilHolding(count),
    stop: async () => {
      await ticking.stop().finally(() => confirmations.stop());
      await boarding.stop();
      await leases.stop();
      await keyring.stop();
    },
  };
}
