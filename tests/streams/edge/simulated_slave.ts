/** A whole slave on a simulated clock and broker, with one meter that always answers. */
import type { ReadMeter } from "../../../streams/edge/meter_lines.ts";
import { type RunningSlave, type SlaveOptions, startSlave } from "../../../streams/edge/slave.ts";
import type { SlaveConfigurationInput } from "../../../streams/edge/configuration.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { configurationOf, inFolder, keyFileOf } from "./head_end.ts";
import { SimulatedBroker, SimulatedSync } from "./simulated.ts";

export interface SimulatedSlave {
  readonly folder: string;
  readonly dataDir: string;
  readonly sync: SimulatedSync;
  readonly broker: SimulatedBroker;
  readonly slave: RunningSlave;
}

const read: ReadMeter = () =>
  Promise.resolve({
    identification: "/X",
    consumerNumber: "C-M1",
    registers: [{ obis: "1-0:1.8.0", code: "1.8.0", value: 1.5, unit: "kWh", text: "1.5" }],
    check: "bcc",
  });

/** Runs `body` with a slave whose meter M1 has the key of `keyFileOf("M1")`. */
export async function withSimulatedSlave(
  body: (world: SimulatedSlave) => Promise<void>,
  given: Partial<SlaveConfigurationInput> = {},
  options: SlaveOptions = {},
): Promise<void> {
  await inFolder(async (folder) => {
    const key_file = `${folder}/M1.json`;
    await Deno.writeTextFile(key_file, JSON.stringify(keyFileOf("M1")));
    const dataDir = `${folder}/data`;
    const config = configurationOf({
      data_dir: dataDir,
      key_files: [key_file],
      // Nothing is confirmed unless the test does it: the same readings are sealed again and again.
      resend_first_s: 0.1,
      resend_max_s: 0.1,
      heartbeat_s: 0.2,
      ...given,
    });
    const [sync, broker] = [new SimulatedSync(), new SimulatedBroker()];
    const slave = await startSlave(config, broker.broker, silentLog, {
      read,
      follow: sync.follow,
      uptime_s: () => undefined,
      ...options,
    });
    try {
      await body({ folder, dataDir, sync, broker, slave });
    } finally {
      await slave.stop();
    }
  });
}
