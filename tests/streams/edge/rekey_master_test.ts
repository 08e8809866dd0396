import assert from "node:assert/strict";
import { utf8 } from "../../../protocol/bytes.ts";
import {
  journalRecord,
  type ReadingEvent,
  type RejectEvent,
} from "../../../protocol/messages/journal.ts";
import { enrolment, type SlaveKeyFile } from "../../../protocol/messages/enrolment.ts";
import { parseJson } from "../../../protocol/schema.ts";
import { encodePack } from "../../../protocol/senml.ts";
import { subjects } from "../../../protocol/subjects.ts";
import { sealFrame } from "../../../protocol/tves/seal.ts";
import type { Kysely } from "../../../streams/database/kysely.ts";
import { deadLetterTo } from "../../../streams/database/ledger_dead.ts";
import { ledgerIn } from "../../../streams/database/ledger.ts";
import { runLedger } from "../../../streams/database/ledger_loop.ts";
import type { Database } from "../../../streams/database/schema.ts";
import { type RunningSlave, startSlave } from "../../../streams/edge/slave.ts";
import type { NatsBroker } from "../../../streams/jetstream/connection.ts";
import { journalFeed } from "../../../streams/jetstream/journal_feed.ts";
import { startMaster } from "../../../streams/masters/master.ts";
import { enrol, ENROLMENTS } from "../../../streams/office/enrol.ts";
import { enrolInput } from "../../../streams/office/enrol_input.ts";
import { meterVerbs } from "../../../streams/office/meter_verbs.ts";
import { type OfficeContext, startOffice } from "../../../streams/office/office.ts";
import { serveSoftwareMeters } from "../../../streams/serial/software_meter.ts";
import { command as rekeyCommand } from "../../../streams/terminal/commands/meter_rekey.ts";
import { command as showCommand } from "../../../streams/terminal/commands/meter_show.ts";
import { UsageError } from "../../../streams/terminal/command.ts";
import { createLog } from "../../../streams/terminal/log.ts";
import { respondTime } from "../../../streams/time/broker_time.ts";
import { withBroker } from "../../support/broker.ts";
import { runCommand } from "../../support/command_line.ts";
import { withDatabase } from "../../support/database.ts";
import { configurationOf, inFolder, until } from "./head_end.ts";
import { headEndKeys } from "./rekeys.ts";

const KEK = new Uint8Array(32).fill(9);

interface World {
  readonly broker: NatsBroker;
  readonly db: Kysely<Database>;
  readonly folder: string;
  readonly context: OfficeContext;
  /** All that any log said. */
  readonly said: string[];
  readonly line: string;
}

/** A whole head-end: broker, database, office, ledger, master, time, and meters on a line. */
async function withHeadEnd(ids: readonly string[], body: (world: World) => Promise<void>) {
  await withBroker(({ broker }) =>
    withDatabase((db) =>
      inFolder(async (folder) => {
        const said: string[] = [];
        const log = createLog("test", (text) => void said.push(text));
        const context = { db, broker, log, now_ms: Date.now, kek: KEK };
        const feed = await journalFeed(broker, log);
        const ledger = runLedger({
          ...{ store: ledgerIn(db), feed, log, deadLetter: deadLetterTo(broker) },
          onCommitted: ({ cursor }) => feed.passed(cursor),
        });
        const office = startOffice(context, meterVerbs);
        const master = await startMaster({ broker, name: "m", kek: KEK, log });
        const time = respondTime(broker);
        const meters = serveSoftwareMeters({
          meters: ids.map((address) => ({
            ...{ address, serialNumber: address, consumerNumber: `C-${address}` },
            energy_wh: () => 42_000,
          })),
        });
        Deno.env.set("SAMAY_NATS_URL", broker.url);
        try {
          await body({ broker, db, folder, context, said, line: meters.line });
        } finally {
          Deno.env.delete("SAMAY_NATS_URL");
          await meters.stop();
          await time.stop();
          await master.stop();
          await office.stop();
          await ledger.stop();
        }
      })
    )
  );
}

async function enrolHere({ context }: World, meter_id: string): Promise<SlaveKeyFile> {
  const given = {
    meter_id,
    slave_id: `on-${meter_id}`,
    consumer_number: `C-${meter_id}`,
    name: "Asha",
  };
  return (await enrol(enrolInput.parse(given), context)).key_file;
}

async function startHere(world: World, meter_id: string, file?: SlaveKeyFile) {
  const { folder, broker, context, line } = world;
  const path = `${folder}/${meter_id}.json`;
  if (file) await Deno.writeTextFile(path, JSON.stringify(file));
  const config = configurationOf({
    ...{ slave_id: `on-${meter_id}`, data_dir: `${folder}/${meter_id}`, key_files: [path] },
    meters: [{ meter_id, line, address: meter_id }],
  });
  return await startSlave(config, broker, context.log);
}

/** What the journal says of the frames of a meter, in order. */
async function eventsOf({ broker }: World, meter_id: string) {
  const manager = await broker.manager();
  const { state } = await manager.streams.info("JOURNAL");
  const found: (ReadingEvent | RejectEvent)[] = [];
  for (let seq = Math.max(1, state.first_seq); seq <= state.last_seq; seq++) {
    const stored = await manager.streams.getMessage("JOURNAL", { seq });
    for (const event of parseJson(journalRecord, stored.string(), `${seq}`).events) {
      if (event.event !== "session" && event.meter_id === meter_id) found.push(event);
    }
  }
  return found;
}

async function untilEvents(
  world: World,
  meter_id: string,
  what: string,
  holds: (events: (ReadingEvent | RejectEvent)[]) => boolean,
) {
  let events: (ReadingEvent | RejectEvent)[] = [];
  await untilHolds(what, async () => holds(events = await eventsOf(world, meter_id)));
  return events;
}

const isOf = (generation: number) => (event: ReadingEvent | RejectEvent) =>
  event.event === "reading" && event.generation === generation;

/** A frame as the holder of `file`'s key seals it. */
function sealedBy(file: SlaveKeyFile, t_s: number, boot: number, sequence: number): Uint8Array {
  const { meter_id, alias, generation } = file;
  const read_at_ms = t_s * 1_000;
  const registers = [{ obis: "1-0:1.8.0", value: 41_000, unit: "Wh", read_at_ms }];
  return sealFrame({
    ...{ suite: 1, hint: false, clockQuality: 2, alias, generation, boot, sequence, t_s },
    secondKey: headEndKeys(file).secondKey(t_s)!,
    plaintext: encodePack({ meterId: meter_id, sealedAt_ms: read_at_ms, registers }),
  });
}

Deno.test("samay meter rekey with a real broker, master and slave", async (t) => {
  await withHeadEnd(["M1", "M2", "M3"], async (world) => {
    const { broker, db, folder, context, said } = world;
    const secrets: string[] = [];

    await t.step("switches over the air, and loses no reading in flight", async () => {
      const file = await enrolHere(world, "M1");
      secrets.push(file.key);
      const slave = await startHere(world, "M1", file);
      await untilEvents(world, "M1", "readings", (events) => events.filter(isOf(0)).length > 1);
      await untilHeard(world, "M1");
      const printed = await runCommand(rekeyCommand, "M1");
      assert.match(printed, /Meter M1 seals with key generation 1\./);
      const events = await untilEvents(
        ...[world, "M1", "readings of generation 1"] as const,
        (events) => events.some(isOf(1)),
      );
      const readings = events.filter((event) => event.event === "reading");
      const first = readings.find(({ generation }) => generation === 1)!;
      const last = readings.findLast(({ generation }) => generation === 0)!;
      await slave.stop();
      const sendOld = (t_s: number, ahead: number) =>
        broker.publish(subjects.frame("M1"), sealedBy(file, t_s, last.boot, last.sequence + ahead));
      // One that was in flight at the switch, and one of somebody who has stolen the old key.
      await sendOld(first.t_s, 1);
      await sendOld(first.t_s + 1, 2);
      const after = (await untilEvents(world, "M1", "both are judged", (all) => {
        return all.some((event) => event.event === "reject");
      })).filter(({ frame }) => frame > first.frame);
      assert.equal(after.filter(isOf(0)).length, 1, "the frame in flight opens");
      const refused = after.filter((event) => event.event === "reject");
      assert.deepEqual(refused.map(({ reason }) => reason), ["too_old"]);
      const isInRows = async ({ registers }: ReadingEvent) =>
        (await db.selectFrom("raw_reading").select("obis").where("meter_id", "=", "M1")
          .where("read_at", "=", new Date(registers[0]!.read_at_ms)).execute()).length > 0;
      for (const reading of readings) {
        await untilHolds(`${reading.frame} in the database`, () => isInRows(reading));
      }
      assert.match(await runCommand(showCommand, "M1"), /Key +generation 1, .*in use since/);
    });

    await t.step(
      "tells of a slave that could not open it, and completes when repeated",
      async () => {
        const slave = await startHere(world, "M2", await enrolHere(world, "M2"));
        await untilEvents(world, "M2", "readings", (events) => events.some(isOf(0)));
        const heard = () => db.selectFrom("slave").selectAll().execute();
        await untilHolds("the slave was heard", async () => (await heard()).length > 0);
        // As if the command had waited for two hours before the slave took it.
        const past = { ...context, now_ms: () => Date.now() - 7_200_000 };
        const ask = (wait_s: number, context: OfficeContext) =>
          meterVerbs["meter-rekey"]!
            .handle(utf8(JSON.stringify({ meter_id: "M2", wait_s })), "meter-rekey", context);
        await assert.rejects(
          ask(2.5, past),
          /M2 was not seen with key generation 1 .*key generation 1 not taken: its hour is past/,
        );
        assert.ok(!(await eventsOf(world, "M2")).some(isOf(1)));
        const { generation, created } = await ask(15, context) as Record<string, unknown>;
        assert.deepEqual([generation, created], [1, false]);
        await untilEvents(world, "M2", "generation 1", (events) => events.some(isOf(1)));
        await slave.stop();
      },
    );

    await t.step(
      "by hand: frames that come before the masters know the key are sent again",
      async () => {
        const slave = await startHere(world, "M3", await enrolHere(world, "M3"));
        await untilEvents(world, "M3", "readings", (events) => events.some(isOf(0)));
        await slave.stop();
        const path = `${folder}/carried.json`;
        const printed = await runCommand(
          rekeyCommand,
          "M3",
          "--key-file",
          path,
          "--retire-old",
          "--json",
        );
        const file = JSON.parse(await Deno.readTextFile(path)) as SlaveKeyFile;
        secrets.push(file.key);
        assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
        assert.deepEqual(JSON.parse(printed), {
          ...{ meter_id: "M3", generation: 1, created: true, slave_id: "on-M3", retired: [0] },
          key_file: path,
        });
        await assert.rejects(
          runCommand(rekeyCommand, "M3", "--key-file", path),
          /is not overwritten/,
        );
        // The entry of before once more: as if no master had seen the change yet.
        const bucket = await broker.bucket(ENROLMENTS);
        const value = (await bucket.get("M3"))!.value;
        const entry = parseJson(enrolment, new TextDecoder().decode(value), "M3");
        const before = { ...entry, keys: [{ ...entry.keys[0]!, not_after_ms: undefined }] };
        await bucket.put("M3", utf8(JSON.stringify(before)));
        const next = await startHere(world, "M3", file);
        await untilEvents(world, "M3", "a refusal", (events) => {
          return events.some((event) =>
            event.event === "reject" && event.reason === "unknown_generation"
          );
        });
        await bucket.put("M3", value);
        await untilEvents(
          world,
          "M3",
          "readings of generation 1",
          (events) => events.some(isOf(1)),
        );
        await emptied(next);
        // The old key was retired: what arrives under it now is of no known generation.
        const old = parseJson(enrolment, new TextDecoder().decode(value), "M3").keys[0]!;
        assert.ok(old.not_after_ms! < Date.now());
        await next.stop();
      },
    );

    await t.step(
      "says what is wrong with a question, and leaves no file of a refused one",
      async () => {
        const path = `${folder}/none.json`;
        await assert.rejects(
          runCommand(rekeyCommand, "M9", "--key-file", path),
          /No meter M9 is enrolled/,
        );
        await assert.rejects(Deno.stat(path), Deno.errors.NotFound);
        await assert.rejects(runCommand(rekeyCommand, "M1", "--wait", "999"), /--wait is a number/);
        await assert.rejects(
          runCommand(rekeyCommand, "M1", "--key-file", ""),
          /--key-file is the path/,
        );
        await assert.rejects(runCommand(rekeyCommand), UsageError);
      },
    );

    const everything = said.join("\n") + JSON.stringify(
      await db.selectFrom("audit").selectAll()
        .execute(),
    );
    for (const secret of secrets) assert.ok(!everything.includes(secret), "a key was told");
  });
});

async function emptied(slave: RunningSlave): Promise<void> {
  await until("the outbox comes to what was read just now", () => slave.status().outbox <= 1);
}

async function untilHeard({ db }: World, meter_id: string): Promise<void> {
  const heard = () =>
    db.selectFrom("slave").select("slave_id").where("slave_id", "=", `on-${meter_id}`).execute();
  await untilHolds("the slave was heard", async () => (await heard()).length > 0);
}

async function untilHolds(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!await holds()) {
    assert.ok(performance.now() < deadline, `did not happen: ${what}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}
