/** `samay start`: all roles in one process, on an embedded broker and database. */
import type { Stoppable } from "../../jetstream/broker.ts";
import { type Command, Failure, type ParsedArguments } from "../command.ts";
import { createLog } from "../log.ts";
import { watchForStop } from "../signals.ts";

/** What was started, to be stopped in the opposite order. */
type Started = Stoppable[];

async function run({ values }: ParsedArguments): Promise<number> {
  const watch = watchForStop();
  const started: Started = [];
  try {
    const { brokerEnded } = await startAll(started, values.slave as string | undefined);
    const signal = await Promise.race([watch.stopped, brokerEnded]);
    if (signal === undefined) {
      throw new Failure(
        "nats-server ended by itself: all roles stop; its log lies under SAMAY_DATA_DIR",
      );
    }
    createLog("start").info("draining", { signal });
  } finally {
    for (const part of started.reverse()) await part.stop();
    watch.release();
  }
  return 0;
}

/** Returns a promise that resolves should the broker of our own end before we end it. */
async function startAll(
  started: Started,
  slaveFile: string | undefined,
): Promise<{ brokerEnded: Promise<undefined> }> {
  const { billsDirOf, configurationOf, utilityOf } = await import("../../configuration/roles.ts");
  const { connect } = await import("../../jetstream/connection.ts");
  const { cycleRulesOf } = await import("../../roles/cycle_rules.ts");
  const { loadKek } = await import("../../office/kek.ts");
  const { dueRulesOf, mailerOf, sendingOf, texterOf } = await import(
    "../../roles/delivery_ways.ts"
  );
  const { linkOptions } = await import("../../roles/link.ts");
  const { startOwnBroker } = await import("../../roles/own_broker.ts");
  const { masterNameOf, startMasterRole } = await import("../../roles/master_role.ts");
  const { startBillingRole } = await import("../../roles/billing_role.ts");
  const { rulesOf } = await import("../../validation/rules_file.ts");
  const configuration = configurationOf("start");
  const { dataDir, databaseUrl } = configuration;
  const log = createLog("start");
  const kek = await loadKek({ file: configuration.kekFile, dataDir, make: true });
  let brokerEnded = new Promise<undefined>(() => {});
  if (configuration.natsUrl === undefined) {
    const broker = await startOwnBroker(dataDir, 4222);
    started.push(broker);
    brokerEnded = broker.ended.then(() => undefined);
    log.info("broker runs", { url: broker.url });
  }
  const link = async (name: string) => {
    const broker = await connect({ ...linkOptions(configuration, name), wait: true, log });
    started.push({ stop: () => broker.close() });
    return broker;
  };
  const name = masterNameOf(configuration.masterName);
  started.push(
    await startMasterRole({ broker: await link(name), name, kek, log: createLog(name) }),
  );
  const billingLog = createLog("billing");
  started.push(
    await startBillingRole({
      broker: await link("billing"),
      databaseUrl,
      dataDir,
      billsDir: billsDirOf(configuration),
      kek,
      mail: mailerOf(configuration, billingLog),
      sms: texterOf(configuration, billingLog),
      sending: await sendingOf(configuration, billingLog),
      dueRules: dueRulesOf(configuration),
      cycleRules: await cycleRulesOf(configuration),
      utility: utilityOf(configuration),
      rules: await rulesOf(configuration),
      log: billingLog,
    }),
  );
  if (slaveFile !== undefined) {
    const { readSlaveConfiguration } = await import("../../edge/configuration.ts");
    const { startSlave } = await import("../../edge/slave.ts");
    const slave = await readSlaveConfiguration(slaveFile);
    const slaveLog = createLog(`slave ${slave.slave_id}`);
    started.push(await startSlave(slave, await link(`slave ${slave.slave_id}`), slaveLog));
  }
  log.info("all roles run; stop with Ctrl-C", { data: dataDir });
  return { brokerEnded };
}

export const command: Command = {
  name: "start",
  summary: "Runs all roles in one process, on an embedded broker and database",
  options: {
    slave: {
      type: "string",
      placeholder: "FILE",
      help: "also run the slave of this configuration",
    },
  },
  help: `The whole head-end on one machine: a broker (nats-server as a child process on
127.0.0.1:4222, unless SAMAY_NATS_URL names one), a master, and billing on the embedded
database (unless DATABASE_URL names a PostgreSQL server). Data lie under SAMAY_DATA_DIR.

To try it with a meter in software, each line in a terminal of its own but for enrol:

  deno task start
  deno task meter MH00000001 --consumer 170012340001
  deno task samay meter enrol --meter MH00000001 --slave desk --consumer 170012340001 \\
    --name "Asha Patil" --sanctioned-load-w 5000 --out MH00000001.key.json
  echo '{ "slave_id": "desk", "data_dir": ".samay/desk", "key_files": ["MH00000001.key.json"],
    "meters": [{ "meter_id": "MH00000001", "line": "tcp://127.0.0.1:8021" }] }' > desk.json
  deno task slave --config desk.json
  deno task samay meter read-now MH00000001

One slave may run in the same process: deno task start --slave desk.json`,
  run,
};
