/** `samay slave --config FILE`: one slave until SIGTERM. */
import { type Command, type ParsedArguments, UsageError } from "../command.ts";
import type { NatsBroker } from "../../jetstream/connection.ts";
import { sleep } from "../../time/sleep.ts";
import { createLog, type Log } from "../log.ts";
import { watchForStop } from "../signals.ts";

/** Pause before a broker that turned us away (a password, a certificate) is tried again. */
const REFUSED_PAUSE_MS = 10_000;

/** Tries until the broker takes us: meters are read meanwhile, and it may be set right over there. */
async function connectPatiently(
  connect: () => Promise<NatsBroker>,
  log: Log,
  signal: AbortSignal,
): Promise<NatsBroker> {
  for (let said = "";;) {
    try {
      return await connect();
    } catch (error) {
      const reason = (error as Error).message;
      if (said !== reason) log.error("the broker does not take us, trying on", { reason });
      said = reason;
      await sleep(REFUSED_PAUSE_MS, signal);
      signal.throwIfAborted();
    }
  }
}

async function run({ values }: ParsedArguments): Promise<number> {
  const path = values.config;
  if (typeof path !== "string") {
    throw new UsageError("samay slave needs its configuration: samay slave --config FILE");
  }
  const { readSlaveConfiguration } = await import("../../edge/configuration.ts");
  const { startSlave } = await import("../../edge/slave.ts");
  const { connect } = await import("../../jetstream/connection.ts");
  const { linkOptions } = await import("../../roles/link.ts");
  const { configurationOf } = await import("../../configuration/roles.ts");
  const config = await readSlaveConfiguration(path);
  const log = createLog(`slave ${config.slave_id}`);
  const link = linkOptions(configurationOf("slave"), `slave ${config.slave_id}`);
  const { url } = link;
  const watch = watchForStop();
  const stopping = new AbortController();
  const connecting = connectPatiently(
    () => connect({ ...link, wait: true, log }),
    log,
    stopping.signal,
  );
  let connected = false;
  connecting.then(() => {
    connected = true;
    log.info("link to the broker is up", { url });
  }, () => "startSlave is told");
  const slave = await startSlave(config, connecting, log);
  if (!connected) log.info("waiting for the broker; meters are read meanwhile", { url });
  const signal = await watch.stopped;
  log.info("stopping", { signal });
  await slave.stop();
  stopping.abort();
  if (connected) await (await connecting).close();
  watch.release();
  return 0;
}

export const command: Command = {
  name: "slave",
  summary: "Runs one slave: reads meters, seals and sends their readings",
  options: {
    config: { type: "string", placeholder: "FILE", help: "the slave's configuration, JSON" },
  },
  help: `Reads its meters on schedule and on request, keeps each reading until the head-end has
journaled it, and seals it in the second in which it goes out. Where the broker is comes from
the environment (SAMAY_NATS_URL and its fellows). A configuration:

  {
    "slave_id": "south",
    "data_dir": ".samay/south",
    "meters": [
      { "meter_id": "MH00113978", "line": "/dev/ttyUSB0", "quirks": { "settle_ms": 300 } },
      { "meter_id": "MH00113979", "line": "tcp://10.0.0.7:8000", "address": "00113979" }
    ],
    "interval_s": 900,
    "time": { "broker": true, "servers": ["10.0.0.1"] },
    "key_files": [".samay/keys/MH00113978.key.json"]
  }

A key file is deleted once its key is stored. With "hint": true each frame tells the last byte of
its second, which spares the head-end its search; without it nothing of the time is sent.`,
  run,
};
