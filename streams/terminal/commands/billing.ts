/** `samay billing`: the database, the cycles and the bills, until SIGTERM. */
import type { Command } from "../command.ts";
import { createLog } from "../log.ts";
import { watchForStop } from "../signals.ts";

async function run(): Promise<number> {
  const { billsDirOf, configurationOf, utilityOf } = await import("../../configuration/roles.ts");
  const { connect } = await import("../../jetstream/connection.ts");
  const { loadKek } = await import("../../office/kek.ts");
  const { dueRulesOf, mailerOf, sendingOf, texterOf } = await import(
    "../../roles/delivery_ways.ts"
  );
  const { cycleRulesOf } = await import("../../roles/cycle_rules.ts");
  const { linkOptions } = await import("../../roles/link.ts");
  const { startBillingRole } = await import("../../roles/billing_role.ts");
  const { rulesOf } = await import("../../validation/rules_file.ts");
  const configuration = configurationOf("billing");
  const { databaseUrl, dataDir } = configuration;
  const log = createLog("billing");
  const kek = await loadKek({ file: configuration.kekFile, dataDir });
  const watch = watchForStop();
  const broker = await connect({ ...linkOptions(configuration, "billing"), wait: true, log });
  const role = await startBillingRole({
    broker,
    databaseUrl,
    dataDir,
    billsDir: billsDirOf(configuration),
    kek,
    mail: mailerOf(configuration, log),
    sms: texterOf(configuration, log),
    sending: await sendingOf(configuration, log),
    dueRules: dueRulesOf(configuration),
    cycleRules: await cycleRulesOf(configuration),
    utility: utilityOf(configuration),
    rules: await rulesOf(configuration),
    replicas: configuration.natsReplicas,
    log,
  });
  const signal = await watch.stopped;
  log.info("draining", { signal });
  await role.stop();
  await broker.close();
  watch.release();
  return 0;
}

export const command: Command = {
  name: "billing",
  summary: "Runs the office: database, billing cycles, bills by mail and SMS",
  options: {},
  help: `Projects the journal into the database, closes billing cycles, sends bills, and answers
the operators' commands (samay meter ..., samay bill ...).

Without DATABASE_URL the embedded database under SAMAY_DATA_DIR is used, by one process at a
time; with it, a PostgreSQL server. The month before is closed by itself at the start of each
month, in Indian time. All variables: docs/configuration.md.`,
  run,
};
