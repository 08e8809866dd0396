/** `samay master`: one master until SIGTERM. */
import type { Command } from "../command.ts";
import { createLog } from "../log.ts";
import { watchForStop } from "../signals.ts";

async function run(): Promise<number> {
  const { configurationOf } = await import("../../configuration/roles.ts");
  const { connect } = await import("../../jetstream/connection.ts");
  const { loadKek } = await import("../../office/kek.ts");
  const { linkOptions } = await import("../../roles/link.ts");
  const { masterNameOf, startMasterRole } = await import("../../roles/master_role.ts");
  const configuration = configurationOf("master");
  const name = masterNameOf(configuration.masterName);
  const log = createLog(name);
  const kek = await loadKek({ file: configuration.kekFile, dataDir: configuration.dataDir });
  const watch = watchForStop();
  const broker = await connect({ ...linkOptions(configuration, name), wait: true, log });
  const role = await startMasterRole({
    ...{ broker, name, kek, log },
    replicas: configuration.natsReplicas,
  });
  const signal = await watch.stopped;
  log.info("handing over", { signal, partitions: role.master.partitions.size });
  await role.stop();
  await broker.close();
  watch.release();
  return 0;
}

export const command: Command = {
  name: "master",
  summary: "Runs one master: opens frames and journals the readings",
  options: {},
  help: `Shares the 64 partitions with the other masters, opens the frames of its share, and
appends what it found to the journal. Start as many as you like; each takes its part within
seconds, and hands it back when it is stopped.

The environment says where the broker is (SAMAY_NATS_URL), which file holds the
key-encryption key (SAMAY_KEK_FILE), and what the master is called (SAMAY_MASTER_NAME).

Look at them with the NATS CLI:
  nats consumer report FRAMES
  nats kv ls samay_owners`,
  run,
};
