/** A master of the world: the production leases, ownership and shards over the world's broker. */
import type { NatsBroker } from "../../../streams/jetstream/connection.ts";
import { shardPortsOver, type Sharing } from "../../../streams/jetstream/shard_ports.ts";
import { Confirmations } from "../../../streams/masters/confirmations.ts";
import { Leases } from "../../../streams/masters/leases.ts";
import { PartitionHolder } from "../../../streams/masters/partition_holder.ts";
import type { ShardPorts } from "../../../streams/masters/ports.ts";
import type { Log } from "../../../streams/terminal/log.ts";
import { findMeter, slaveOf, WORLD_PARTITIONS } from "../meters.ts";

/** Short, so that many takeovers fit into a world. */
export const LEASE_MS = 3_000;
/** Small, so that restores, trims and takeovers meet. */
const SNAPSHOT_EVERY = 6;
/** Small, so that partitions with nothing to do make room for the others. */
const HELD_BACK_MAX = 20;

/** Partitions are read together as soon as one is held, so that the worlds have that in them too. */
export const TOGETHER: Sharing = { sharesMin: 1, busy_a_second: 0 };

export interface RunningMaster {
  readonly open: ReadonlySet<number>;
  /** Hands everything over. */
  stop(): Promise<void>;
}

/** Starts a master under `instance`. `change` may spoil its ports: that is what sabotage does. */
export async function startMaster(
  broker: NatsBroker,
  instance: string,
  log: Log,
  sharing: Sharing,
  change: (ports: ShardPorts, broker: NatsBroker) => ShardPorts,
): Promise<RunningMaster> {
  const owners = await broker.bucket("samay_owners");
  const leases = new Leases(owners, instance, log, broker.timers);
  await untilDone(broker, () => leases.start());
  const direct = await shardPortsOver(broker, instance, log, sharing);
  const confirmations = new Confirmations(broker.timers, direct.confirm);
  const holder = new PartitionHolder({
    instance,
    lease_ms: LEASE_MS,
    leases,
    ports: change({ ...direct, confirm: confirmations.add }, broker),
    keyring: { find: findMeter, slaveOf, refresh: () => Promise.resolve() },
    board: { changed: () => {} },
    timers: broker.timers,
    log,
    partitions: WORLD_PARTITIONS,
    snapshotEvery: SNAPSHOT_EVERY,
    heldBackMax: HELD_BACK_MAX,
  });
  const ticking = holder.start();
  return {
    open: holder.open,
    stop: async () => {
      await ticking.stop();
      await confirmations.stop();
      await leases.stop();
    },
  };
}

/** A role that cannot reach its broker at the start is started again by whoever runs it. */
async function untilDone(broker: NatsBroker, action: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await action();
    } catch { // Out of reach: after a moment again.
      await new Promise<void>((resolve) => void broker.timers.after(500, resolve));
    }
  }
}
