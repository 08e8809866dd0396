import assert from "node:assert/strict";
import type { Confirmation } from "../../../protocol/messages/confirm.ts";
import type { JournalRecord } from "../../../protocol/messages/journal.ts";
import { partitionOf, PARTITIONS, subjects } from "../../../protocol/subjects.ts";
import type { NatsBroker } from "../../../streams/jetstream/connection.ts";
import { StreamJournal } from "../../../streams/jetstream/journal.ts";
import { lastSequence } from "../../../streams/jetstream/last_sequence.ts";
import { type RunningMaster, startMaster } from "../../../streams/masters/master.ts";
import { createLog, silentLog } from "../../../streams/terminal/log.ts";
import { withBroker } from "../../support/broker.ts";
import { energy, TEST_KEK, testMeter } from "../../support/meters.ts";

const LEASE_MS = 1_000;
const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const log = Deno.env.get("SAMAY_DEBUG") ? createLog("test") : silentLog;

function start(broker: NatsBroker, name: string): Promise<RunningMaster> {
  return startMaster({ broker, name, kek: TEST_KEK, lease_ms: LEASE_MS, log });
}

async function until(what: string, ready: () => boolean | Promise<boolean>, patience_ms = 8_000) {
  const end_ms = performance.now() + patience_ms;
  while (!await ready()) {
    assert.ok(performance.now() < end_ms, `${what} did not happen in ${patience_ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function journalOf(broker: NatsBroker, meterId: string): Promise<JournalRecord[]> {
  const journal = new StreamJournal(broker, "meter", partitionOf(meterId), silentLog);
  const records: JournalRecord[] = [];
  for await (const { record } of journal.read(0)) records.push(record);
  return records;
}

const readingsIn = (records: JournalRecord[], meterId: string) =>
  records.flatMap((record) => record.events)
    .filter((event) => event.event === "reading")
    .filter((event) => event.meter_id === meterId);

Deno.test("a master opens a frame without the time, journals it, confirms it and shows the meter", async () => {
  await withBroker(async ({ broker }) => {
    const now_ms = Date.now();
    const meter = testMeter("MH001", 77, "slave-1", now_ms);
    const enrolments = await broker.bucket("samay_enrolments");
    await enrolments.put("MH001", json(meter.enrolment));
    const confirmations: Confirmation[] = [];
    const ear = broker.listen(subjects.confirm("slave-1"), (payload) => {
      confirmations.push(JSON.parse(new TextDecoder().decode(payload)));
    });
    const master = await start(broker, "alpha");
    await master.untilHolding(PARTITIONS);
    const sealed_at_ms = Date.now() + 3_000; // A clock 3 s fast.
    const frame = meter.seal(energy(1_234_567, now_ms), sealed_at_ms);
    await broker.publish(subjects.frame("MH001"), frame);
    await until("confirmation", () => confirmations.length > 0);
    assert.deepEqual(confirmations[0]!.confirmed, [{ meter_id: "MH001", read_at_ms: now_ms }]);

    const [reading] = readingsIn(await journalOf(broker, "MH001"), "MH001");
    assert.ok(reading);
    assert.equal(reading.t_s, Math.floor(sealed_at_ms / 1_000));
    assert.ok(reading.trials > 1, "the first meter seen needs a search");
    assert.equal(reading.registers[0]!.value, 1_234_567);
    await master.stop(); // Writes the board.
    const board = await (await broker.bucket("samay_meters")).get("MH001");
    const view = JSON.parse(new TextDecoder().decode(board!.value));
    assert.equal(view.opened, 1);
    assert.ok(Math.abs(view.clock.offset_s - 3) < 0.5, `learned ${view.clock.offset_s} s`);
    await ear.stop();
  });
});

Deno.test("a master refuses bad frames with a reason, and none of them stops the ones behind", async () => {
  await withBroker(async ({ broker }) => {
    const now_ms = Date.now();
    const meter = testMeter("MH002", 78, "slave-1", now_ms);
    const stranger = testMeter("MH003", 79, "slave-1", now_ms);
    const enrolments = await broker.bucket("samay_enrolments");
    await enrolments.put("MH002", json(meter.enrolment));
    const master = await start(broker, "alpha");
    await master.untilHolding(PARTITIONS);
    const good = meter.seal(energy(5_000, now_ms), now_ms);
    const flipped = good.slice();
    flipped[40]! ^= 1;
    const oldVersion = good.slice();
    oldVersion[0] = 0x11;
    const late = meter.seal(energy(6_000, now_ms - 70_000), now_ms - 60_000, 2);
    const wentBack = meter.seal(energy(4_000, now_ms + 2), now_ms + 2, 3);
    const sent: [Uint8Array, string][] = [
      [good, "reading"],
      [good, "replayed"],
      [good.slice(0, 30), "wrong_length"],
      [oldVersion, "unknown_version"],
      [flipped, "tag_mismatch"],
      [late, "no_key_in_window"],
      [stranger.seal(energy(1, now_ms), now_ms), "unknown_meter"],
      [wentBack, "reading"],
    ];
    for (const [frame] of sent) await broker.publish(subjects.frame("MH002"), frame);
    await until(
      "all eight",
      async () =>
        (await journalOf(broker, "MH002")).flatMap((record) => record.events).length ===
          sent.length,
    );
    const events = (await journalOf(broker, "MH002")).flatMap((record) => record.events);
    assert.deepEqual(
      events.map((event) => event.event === "reject" ? event.reason : event.event),
      sent.map(([, expected]) => expected),
    );
    const last = events.at(-1);
    assert.deepEqual(last?.event === "reading" && last.flags, ["register_went_back"]);
    const alarm = subjects.event("alarm", "register_went_back", "MH002");
    await until("alarm", async () => await lastSequence(broker, "EVENTS", alarm) > 0);
    await master.stop();
  });
});

Deno.test("two masters share the partitions, and the one that stays takes over with nothing lost", async () => {
  await withBroker(async ({ broker }) => {
    const now_ms = Date.now();
    const meters = Array.from(
      { length: 40 },
      (_, i) => testMeter(`M${i}`, i, "slave-1", now_ms),
    );
    const enrolments = await broker.bucket("samay_enrolments");
    for (const { enrolment } of meters) await enrolments.put(enrolment.meter_id, json(enrolment));
    const alpha = await start(broker, "alpha");
    await alpha.untilHolding(PARTITIONS);
    const beta = await start(broker, "beta");
    await until(
      "both hold a share",
      () =>
        alpha.partitions.size + beta.partitions.size === PARTITIONS &&
        Math.min(alpha.partitions.size, beta.partitions.size) > 16,
    );
    const publishAll = async (value: number) => {
      for (const meter of meters) {
        const at_ms = Date.now();
        await broker.publish(
          subjects.frame(meter.enrolment.meter_id),
          meter.seal(energy(value, at_ms), at_ms),
        );
      }
    };
    await publishAll(100);
    await alpha.stop();
    await publishAll(200);
    await beta.untilHolding(PARTITIONS);
    for (const { enrolment } of meters) {
      await until(
        `two readings of ${enrolment.meter_id}`,
        async () =>
          readingsIn(await journalOf(broker, enrolment.meter_id), enrolment.meter_id).length === 2,
      );
    }
    await beta.stop();
  });
});

Deno.test("a master fenced off by another's epoch appends nothing more and drops the partition", async () => {
  await withBroker(async ({ broker }) => {
    const now_ms = Date.now();
    const meter = testMeter("MH004", 80, "slave-1", now_ms);
    const enrolments = await broker.bucket("samay_enrolments");
    await enrolments.put("MH004", json(meter.enrolment));
    const partition = partitionOf("MH004");
    const zombie = await start(broker, "zombie");
    await zombie.untilHolding(PARTITIONS);
    const subject = subjects.journal("meter", partition);
    const usurped: JournalRecord = {
      v: 1,
      type: "epoch",
      partition,
      epoch: 1_000,
      owner: "usurper",
      cursor: 0,
      events: [],
    };
    await broker.publish(subject, json(usurped), {
      expectLastSubjectSequence: await lastSequence(broker, "JOURNAL", subject),
    });
    await broker.publish(subjects.frame("MH004"), meter.seal(energy(1, now_ms), now_ms));
    await until("the zombie's fall", () => !zombie.partitions.has(partition));
    // The zombie may come back as the rightful owner, above the usurper's epoch; never below it.
    await until(
      "one reading",
      async () => readingsIn(await journalOf(broker, "MH004"), "MH004").length === 1,
    );
    const epochs = (await journalOf(broker, "MH004")).map((record) => record.epoch);
    assert.deepEqual(epochs, [...epochs].sort((a, b) => a - b), "epochs never go down");
    assert.equal(epochs.at(-1), 1_001);
    await zombie.stop();
  });
});

Deno.test("a restarted master remembers the replay window and the cursor", async () => {
  await withBroker(async ({ broker }) => {
    const now_ms = Date.now();
    const meter = testMeter("MH005", 81, "slave-1", now_ms);
    const enrolments = await broker.bucket("samay_enrolments");
    await enrolments.put("MH005", json(meter.enrolment));
    const frame = meter.seal(energy(1, now_ms), now_ms);
    const first = await start(broker, "alpha");
    await first.untilHolding(PARTITIONS);
    await broker.publish(subjects.frame("MH005"), frame);
    await until(
      "the reading",
      async () => readingsIn(await journalOf(broker, "MH005"), "MH005").length === 1,
    );
    await first.stop();
    const second = await start(broker, "alpha");
    await broker.publish(subjects.frame("MH005"), frame);
    await second.untilHolding(PARTITIONS);
    await until(
      "the reject",
      async () =>
        (await journalOf(broker, "MH005")).some((record) =>
          record.events.some((event) => event.event === "reject" && event.reason === "replayed")
        ),
    );
    assert.equal(readingsIn(await journalOf(broker, "MH005"), "MH005").length, 1);
    await second.stop();
  });
});

Deno.test("a master with a wrong key-encryption key refuses to start", async () => {
  await withBroker(async ({ broker }) => {
    const meter = testMeter("MH006", 82, "slave-1", Date.now());
    const enrolments = await broker.bucket("samay_enrolments");
    await enrolments.put("MH006", json(meter.enrolment));
    await assert.rejects(
      startMaster({ broker, name: "alpha", kek: new Uint8Array(32), log: silentLog }),
      /SAMAY_KEK_FILE/,
    );
  });
});
