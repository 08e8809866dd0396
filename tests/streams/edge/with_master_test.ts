import assert from "node:assert/strict";
import { fromHex, utf8 } from "../../../protocol/bytes.ts";
import { journalRecord } from "../../../protocol/messages/journal.ts";
import { parseJson } from "../../../protocol/schema.ts";
import { wrapKey } from "../../../protocol/tves/wrap.ts";
import { type RunningSlave, startSlave } from "../../../streams/edge/slave.ts";
import type { NatsBroker } from "../../../streams/jetstream/connection.ts";
import { startMaster } from "../../../streams/masters/master.ts";
import { serveSoftwareMeters } from "../../../streams/serial/software_meter.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { respondTime } from "../../../streams/time/broker_time.ts";
import { withBroker } from "../../support/broker.ts";
import { configurationOf, inFolder, keyFileOf, until } from "./head_end.ts";

const KEK = new Uint8Array(32).fill(9);

/** `<meter> <read_at_ms>` of every reading in the journal, sorted, repeated ones once. */
async function journaledReadings(broker: NatsBroker): Promise<string[]> {
  const manager = await broker.manager();
  const { state } = await manager.streams.info("JOURNAL");
  const found = new Set<string>();
  for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
    const stored = await manager.streams.getMessage("JOURNAL", { seq });
    const record = parseJson(journalRecord, stored.string(), `Record ${seq}`);
    for (const event of record.events) {
      assert.notEqual(event.event, "reject");
      if (event.event !== "reading") continue;
      found.add(`${event.meter_id} ${event.registers[0]!.read_at_ms}`);
    }
  }
  return [...found].sort();
}

Deno.test("startSlave() and a real master: what two slaves read is journaled, and their outboxes empty", async () => {
  await withBroker(async ({ broker }) => {
    await inFolder(async (folder) => {
      const slaveOf = (meter_id: string) => meter_id < "M05" ? "south" : "north";
      const ids = Array.from({ length: 10 }, (_, i) => `M0${i}`);
      const files = ids.map((id, i) => ({ ...keyFileOf(id, i + 1), slave_id: slaveOf(id) }));
      const enrolments = await broker.bucket("samay_enrolments");
      for (const { meter_id, alias, slave_id, consumer_number, ...file } of files) {
        await Deno.writeTextFile(
          `${folder}/${meter_id}.json`,
          JSON.stringify(files.find((each) => each.meter_id === meter_id)),
        );
        const { generation, enrolment_day } = file;
        const key = fromHex(file.key);
        const nonce = crypto.getRandomValues(new Uint8Array(12));
        const wrapped_key = wrapKey({ kek: KEK, key, nonce, meterId: meter_id, generation });
        const keys = [{ generation, enrolment_day, wrapped_key }];
        const entry = { meter_id, alias, slave_id, consumer_number, keys, enrolled_at_ms: 0 };
        await enrolments.put(meter_id, utf8(JSON.stringify(entry)));
      }
      const master = await startMaster({ broker, name: "m", kek: KEK, log: silentLog });
      const time = respondTime(broker);
      const meters = serveSoftwareMeters({
        meters: ids.map((address) => ({
          address,
          serialNumber: address,
          consumerNumber: `C-${address}`,
          energy_wh: () => 42_000,
        })),
      });
      const read = new Set<string>();
      const slaves: RunningSlave[] = [];
      for (const slave_id of ["south", "north"]) {
        const own = ids.filter((id) => slaveOf(id) === slave_id);
        const config = configurationOf({
          slave_id,
          data_dir: `${folder}/${slave_id}`,
          meters: own.map((meter_id) => ({ meter_id, line: meters.line, address: meter_id })),
          key_files: own.map((id) => `${folder}/${id}.json`),
        });
        const observer = {
          read: (_: unknown, { meter_id, read_at_ms }: { meter_id: string; read_at_ms: number }) =>
            void read.add(`${meter_id} ${read_at_ms}`),
        };
        slaves.push(await startSlave(config, broker, silentLog, { observer }));
      }
      await until("every meter was read", () => {
        return new Set([...read].map((key) => key.slice(0, 3))).size === ids.length;
      });
      await meters.stop();
      await until("the outboxes are empty", () => {
        return slaves.every((slave) => slave.status().outbox === 0);
      }, 15_000);
      assert.deepEqual(await journaledReadings(broker), [...read].sort());
      for (const slave of slaves) await slave.stop();
      await time.stop();
      await master.stop();
    });
  });
});
