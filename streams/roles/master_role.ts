/** The master role: makes the topology, answers the time, opens frames. */
import type { Stoppable } from "../jetstream/broker.ts";
import type { NatsBroker } from "../jetstream/connection.ts";
import { applyTopology } from "../jetstream/topology.ts";
import { type RunningMaster, startMaster } from "../masters/master.ts";
import { useSystemCrypto } from "../native/system_crypto.ts";
import type { Log } from "../terminal/log.ts";
import { respondTime } from "../time/broker_time.ts";

export interface MasterRoleOptions {
  readonly broker: NatsBroker;
  readonly name: string;
  readonly kek: Uint8Array;
  readonly lease_ms?: number;
  /** Servers of a cluster that keep each stream: see `applyTopology`. */
  readonly replicas?: number | undefined;
  readonly log: Log;
}

export interface RunningMasterRole extends Stoppable {
  readonly master: RunningMaster;
}

/** The configured name, or one that tells the machine and the process. */
export function masterNameOf(configured: string | undefined): string {
  return configured ??
    `${Deno.hostname().replaceAll(/[^A-Za-z0-9_-]/g, "-").slice(0, 16)}-${Deno.pid}`;
}

export async function startMasterRole(options: MasterRoleOptions): Promise<RunningMasterRole> {
  useSystemCrypto(options.log);
  await applyTopology(options.broker, options);
  const time = respondTime(options.broker);
  const master = await startMaster(options);
  options.log.info("master runs", { instance: master.instance });
  return {
    master,
    stop: async () => {
      await time.stop();
      await master.stop();
    },
  };
}
