/**
 * A thousand readings on their way while the slave, one of two masters and the broker are killed,
 * each once, with SIGKILL. Real processes with the permissions of their tasks and the users of the
 * containers, a real nats-server, the embedded database.
 */
import assert from "node:assert/strict";
import { partitionOf } from "../../protocol/subjects.ts";
import { sql } from "../../streams/database/kysely.ts";
import type { SlaveConfigurationInput } from "../../streams/edge/configuration.ts";
import { openStore } from "../../streams/edge/store.ts";
import { askOffice } from "../../streams/office/client.ts";
import type { Enrolled } from "../../streams/office/enrol.ts";
import { loadKek } from "../../streams/office/kek.ts";
import { startBillingRole } from "../../streams/roles/billing_role.ts";
import { silentLog } from "../../streams/terminal/log.ts";
import { until, World } from "./world.ts";

const METERS = 40;
const READINGS = 1_000;
const DAY_MS = 86_400_000;
/** Few at a time, so that there is a middle in which something can die. */
const IN_FLIGHT = 8;

const meterIds = Array.from({ length: METERS }, (_, i) => `MH${1_000 + i}`);

/** A thousand readings, and what each must be in the database. */
function expectedReadings() {
  const begin_ms = Date.now() - 30 * DAY_MS;
  return Array.from({ length: READINGS }, (_, i) => ({
    meter_id: meterIds[i % METERS]!,
    read_at_ms: begin_ms + i * 60_000,
    value: 1_000 + i,
  }));
}

Deno.test("1,000 readings reach the database exactly once though slave, master and broker are killed", async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "samay-faults-" });
  const world = new World({ dataDir, meters: { "slave-1": meterIds } });
  try {
    await run(world);
  } finally {
    await world.end();
    await Deno.remove(dataDir, { recursive: true });
  }
});

async function run(world: World): Promise<void> {
  const { dataDir } = world;
  await world.startBrokers();
  const kek = await loadKek({ dataDir, make: true });
  const billing = await startBillingRole({
    broker: await world.link("billing"),
    dataDir,
    billsDir: `${dataDir}/bills`,
    kek,
    mail: null,
    sms: null,
    utility: { name: "Test" },
    month_end: false,
    log: silentLog,
  });
  world.atEnd(() => billing.stop());
  const doomedMaster = await world.role("master", "master", "alpha");
  await world.role("master", "master", "beta");
  const operator = await world.link("operator");
  const owners = await operator.bucket("samay_owners");
  await until("both masters hold a share", async () => {
    const leases = (await owners.keys()).filter((key) => key.startsWith("partition."));
    const names = await Promise.all(leases.map(async (key) => {
      const entry = await owners.get(key);
      return entry ? JSON.parse(new TextDecoder().decode(entry.value)).owner.split("-")[0] : "";
    }));
    return leases.length === 64 && names.includes("alpha") && names.includes("beta");
  });

  const readings = expectedReadings();
  const slaveArgs = await prepareSlave(world, operator, readings);
  let slave = await world.role("slave", "slave-1", "slave", { args: slaveArgs });
  const rows = async () =>
    Number(
      (await sql<{ n: number }>`select count(*) as n from raw_reading`.execute(billing.db)).rows[0]!
        .n,
    );

  await until("a fifth of the readings", async () => await rows() >= READINGS / 5);
  await slave.kill();
  slave = await world.role("slave", "slave-1", "slave", { args: slaveArgs });
  await until("two fifths", async () => await rows() >= (2 * READINGS) / 5);
  await doomedMaster.kill();
  await until("three fifths", async () => await rows() >= (3 * READINGS) / 5);
  await world.killBroker();
  await world.startBroker();
  await until("all of them", async () => await rows() >= READINGS);

  const stored = await billing.db.selectFrom("raw_reading")
    .select(["meter_id", "read_at", "value"]).execute();
  const seen = stored.map(({ meter_id, read_at, value }) => `${meter_id} ${+read_at} ${value}`);
  const wanted = readings.map(({ meter_id, read_at_ms, value }) =>
    `${meter_id} ${read_at_ms} ${value}`
  );
  assert.deepEqual(seen.sort(), wanted.sort());

  await until("the slave lets go of everything", async () => {
    await slave.stop();
    const store = await openStore(`${dataDir}/slave`);
    const left = store.outbox.count;
    store.close();
    if (left > 0) slave = await world.role("slave", "slave-1", "slave", { args: slaveArgs });
    await new Promise((resolve) => setTimeout(resolve, left > 0 ? 2_000 : 0));
    return left === 0;
  });
  assert.ok(new Set(meterIds.map(partitionOf)).size > 20, "the meters spread over many shards");
}

/** Enrols the meters, fills the outbox, and writes the slave's configuration. */
async function prepareSlave(
  world: World,
  operator: Awaited<ReturnType<World["link"]>>,
  readings: ReturnType<typeof expectedReadings>,
): Promise<string[]> {
  const { dataDir } = world;
  const key_files: string[] = [];
  for (const meter_id of meterIds) {
    const { key_file } = await askOffice(operator, "meter-enrol", {
      meter_id,
      slave_id: "slave-1",
      consumer_number: `C${meter_id}`,
      name: "Test",
    }) as Enrolled;
    key_files.push(`${dataDir}/${meter_id}.key.json`);
    await Deno.writeTextFile(key_files.at(-1)!, JSON.stringify(key_file), { mode: 0o600 });
  }
  const store = await openStore(`${dataDir}/slave`);
  store.outbox.putAll(
    readings.map(({ meter_id, read_at_ms, value }) => ({
      meter_id,
      read_at_ms,
      registers: [{ obis: "1-0:1.8.0", value, unit: "Wh", read_at_ms }],
    })),
    { quality: 2, offset_ms: 0 },
  );
  store.close();
  const config: SlaveConfigurationInput = {
    slave_id: "slave-1",
    data_dir: `${dataDir}/slave`,
    // Nothing answers there: this test is about readings that were taken before.
    meters: meterIds.map((meter_id) => ({
      meter_id,
      line: "tcp://127.0.0.1:1",
      address: meter_id,
    })),
    interval_s: 86_400,
    time: { broker: true, poll_s: 1 },
    key_files,
    in_flight: IN_FLIGHT,
    resend_first_s: 1,
    resend_max_s: 4,
  };
  await Deno.writeTextFile(`${dataDir}/slave.json`, JSON.stringify(config));
  return ["--config", `${dataDir}/slave.json`];
}
