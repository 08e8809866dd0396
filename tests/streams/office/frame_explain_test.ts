/** Why frames open or do not, asked of the office over a real broker, with a real master's events. */
import assert from "node:assert/strict";
import { partitionOf, PARTITIONS, partitionToken, subjects } from "../../../protocol/subjects.ts";
import { projectBatch } from "../../../streams/database/ledger.ts";
import type { Kysely } from "../../../streams/database/kysely.ts";
import type { Database } from "../../../streams/database/schema.ts";
import type { NatsBroker } from "../../../streams/jetstream/connection.ts";
import { StreamJournal } from "../../../streams/jetstream/journal.ts";
import { startMaster } from "../../../streams/masters/master.ts";
import { askOffice } from "../../../streams/office/client.ts";
import type { FrameExplanation } from "../../../streams/office/frame_explain.ts";
import { meterVerbs } from "../../../streams/office/meter_verbs.ts";
import { startOffice } from "../../../streams/office/office.ts";
import { Failure, UsageError } from "../../../streams/terminal/command.ts";
import { command } from "../../../streams/terminal/commands/frame_explain.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { withBroker } from "../../support/broker.ts";
import { runCommand } from "../../support/command_line.ts";
import { withDatabase } from "../../support/database.ts";
import { eventually } from "../../support/eventually.ts";
import { energy, TEST_KEK, testMeter } from "../../support/meters.ts";

const METER = "MH001";
const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

interface World {
  readonly broker: NatsBroker;
  readonly db: Kysely<Database>;
  readonly meter: ReturnType<typeof testMeter>;
  readonly start_ms: number;
  /** Publishes a frame and gives its sequence in FRAMES. */
  send(frame: Uint8Array, subject?: string): Promise<number>;
  explain(stream_sequence: number, wide_s?: number): Promise<FrameExplanation>;
  /** Waits until the master has decided on so many frames, and gives its records to the database. */
  decided(frames: number): Promise<void>;
}

async function withWorld(body: (world: World) => Promise<void>): Promise<void> {
  await withBroker(({ broker }) =>
    withDatabase(async (db) => {
      const start_ms = Date.now();
      const meter = testMeter(METER, 77, "slave-1", start_ms);
      await (await broker.bucket("samay_enrolments")).put(METER, json(meter.enrolment));
      const context = { db, broker, log: silentLog, now_ms: Date.now, kek: TEST_KEK };
      const office = startOffice(context, meterVerbs);
      const master = await startMaster({
        ...{ broker, name: "alpha", kek: TEST_KEK, lease_ms: 1_000, log: silentLog },
      });
      await master.untilHolding(PARTITIONS);
      try {
        await body({
          ...{ broker, db, meter, start_ms },
          send: async (frame, subject = subjects.frame(METER)) =>
            (await broker.publish(subject, frame)).sequence,
          explain: async (stream_sequence, wide_s) =>
            await askOffice(broker, "frame-explain", { stream_sequence, wide_s }, 60_000) as never,
          decided: (frames) => decided(broker, db, frames),
        });
      } finally {
        await master.stop();
        await office.stop();
      }
    })
  );
}

async function decided(broker: NatsBroker, db: Kysely<Database>, frames: number): Promise<void> {
  await eventually(async () => {
    const journal = new StreamJournal(broker, "meter", partitionOf(METER), silentLog);
    const records = [];
    for await (const one of journal.read(0)) records.push(one);
    assert.equal(records.flatMap(({ record }) => record.events).length, frames);
    await projectBatch(db, records);
    // The last event leaves behind its record.
    const rejects = records.flatMap(({ record }) => record.events)
      .filter(({ event }) => event === "reject").length;
    const query = { stream: "EVENTS", subject: "samay.event.warning.>", since_ms: 0, limit: 500 };
    assert.equal((await broker.storedSince(query)).length, rejects);
  }, 10_000);
}

Deno.test("frame-explain tells of every kind of frame why it opened or did not", async (t) => {
  await withWorld(async ({ broker, db, meter, start_ms, send, explain, decided }) => {
    const good = meter.seal(energy(5_000, start_ms), Date.now());
    const other = testMeter(METER, 78, "slave-1", start_ms); // The same name under another key.
    const slow_ms = Date.now() - 137_000;
    const wrongGeneration = meter.seal(energy(5_001, start_ms), Date.now(), 20);
    wrongGeneration[8] = 0;
    const changed = meter.seal(energy(5_002, start_ms), Date.now(), 21);
    changed[20]! ^= 1;
    const tagged = meter.seal(energy(5_003, start_ms), Date.now(), 22);
    tagged[40]! ^= 1;
    const ids = {
      good: await send(good),
      replay: await send(good),
      slow: await send(meter.seal(energy(5_004, slow_ms - 1), slow_ms, 23)),
      fast: await send(meter.seal(energy(5_005, start_ms), Date.now() + 40_000_000, 24)),
      short: await send(good.slice(0, 30)),
      cut: await send(good.slice(0, good.length - 3)),
      wrongGeneration: await send(wrongGeneration),
      changed: await send(changed),
      tagged: await send(tagged),
      harvested: await send(
        meter.seal(energy(5_006, start_ms - 9_000), Date.now() - 6_000, 25),
      ),
      stranger: await send(other.seal(energy(1, start_ms), Date.now())),
    };
    await decided(11);

    await t.step(
      "opened: second, first candidate or a later one, journal record, registers",
      async () => {
        const found = await explain(ids.good);
        assert.equal(found.verdict, "opened");
        assert.deepEqual(
          [found.stream_sequence, found.subject, found.header?.sequence, found.header?.hint],
          [ids.good, subjects.frame(METER), 1, null],
        );
        assert.equal(found.registers?.[0]?.value, 5_000);
        assert.match(found.text, /^Opens with second \d+ \(\d\d:\d\d:\d\d in India\), /);
        assert.match(found.text, /The master accepted it at trial \d+: journal record \d+\.$/);
        assert.ok(Math.abs(found.clock_off_s!) < 5);
        // The clock has been set by another hour since: what was accepted is told as it was.
        const clock = { offset_s: 3_600, drift_ppm: 0, deviation_s: 0.01, drift_deviation_ppm: 1 };
        const shown = { ...clock, jitter_s: 0.01, sampled_at: found.arrived_at, samples: 9 };
        const board = await broker.bucket("samay_meters");
        const before = (await board.get(METER))?.value;
        await board.put(METER, json({ clock: { ...shown, apart_s: null } }));
        assert.equal((await explain(ids.good)).text, found.text);
        if (before === undefined) await board.delete(METER);
        else await board.put(METER, before);
        // So is what a master took for moments under a retired key, until it saw the entry.
        const entries = await broker.bucket("samay_enrolments");
        const keys = meter.enrolment.keys.map((key) => ({ ...key, not_after_ms: start_ms - 1 }));
        await entries.put(METER, json({ ...meter.enrolment, keys }));
        assert.equal((await explain(ids.good)).text, found.text);
        await entries.put(METER, json(meter.enrolment));
      },
    );

    await t.step("a replay: which frame was first", async () => {
      const found = await explain(ids.replay);
      assert.equal(found.verdict, "replayed");
      assert.match(found.text, /was a replay of sequence 1 of start 1, which frame 1 had carried/);
    });

    await t.step("a clock that is 137 s slow, or hours fast: how far, and what to do", async () => {
      const found = await explain(ids.slow);
      assert.equal(found.verdict, "no_key_in_window");
      assert.equal(found.second, Math.floor(slow_ms / 1_000));
      assert.ok(Math.abs(found.clock_off_s! + 137) < 2, `${found.clock_off_s}`);
      assert.match(found.text, /clock is 13\d s slow.*the window reaches 10 s.*Set its clock/);
      assert.match(found.text, /refused it as no_key_in_window \(message \d+ of EVENTS\)\.$/);
      const fast = await explain(ids.fast);
      assert.match(fast.text, /clock is (39|40)\d\d\d s fast; /);
      assert.ok(fast.trials > 40_000 && fast.trials <= 172_801, `${fast.trials}`);
    });

    await t.step("a harvested frame: that its order betrays it", async () => {
      const found = await explain(ids.harvested);
      assert.equal(found.verdict, "pre_played");
      assert.match(found.text, /refused it as pre_played .*: sequence 25 and second do not rise/);
    });

    await t.step("a wrong form: how it is wrong", async () => {
      const short = await explain(ids.short);
      assert.deepEqual([short.verdict, short.header], ["wrong_length", null]);
      assert.match(short.text, /form is wrong: 30 bytes, and the shortest frame has 48/);
      assert.match((await explain(ids.cut)).text, /says that it has (\d+) bytes, .* cut short/);
    });

    await t.step(
      "another key generation, another meter, a changed frame: which of them",
      async () => {
        const generation = await explain(ids.wrongGeneration);
        assert.equal(generation.verdict, "unknown_generation");
        assert.match(generation.text, /Wrong key: generation 1 is enrolled, the frame says 0/);
        const stranger = await explain(ids.stranger);
        assert.equal(stranger.verdict, "unknown_meter");
        assert.match(stranger.text, /No meter has the alias 78/);
        const tagged = await explain(ids.tagged);
        assert.equal(tagged.verdict, "tag_mismatch");
        assert.match(tagged.text, /Its second was found .*: the ciphertext was changed/);
        const changed = await explain(ids.changed, 300);
        assert.equal(changed.verdict, "no_key_in_window");
        assert.equal(changed.second, null);
        assert.match(
          changed.text,
          /within 300 s opens it \(601 tried\): its clock is off by more than 300 s; .*--wide, or wrong key .*, or the frame was changed/,
        );
      },
    );

    await t.step("only one wide search at a time, and the office answers meanwhile", async () => {
      const searching = explain(ids.changed, 60_000);
      await new Promise((resolve) => setTimeout(resolve, 150));
      let over = false;
      void searching.finally(() => over = true);
      await assert.rejects(explain(ids.changed, 600), /Another frame is being searched for/);
      assert.deepEqual(await askOffice(broker, "meter-list", {}), { meters: [], more: false });
      assert.equal(over, false, "the search was over before it could hinder anything");
      assert.match((await searching).text, /No second within 60000 s opens it/);
      assert.match((await explain(ids.changed, 600)).text, /No second/);
    });

    await t.step("another meter's frame on this meter's subject: whose it is", async () => {
      await db.insertInto("meter").values({
        ...{ meter_id: "MH002", serial_number: "2", slave_id: "slave-1", alias: 99 },
      }).execute();
      const moved = testMeter("MH002", 99, "slave-1", start_ms);
      const found = await explain(await send(moved.seal(energy(1, start_ms), Date.now())));
      assert.match(found.text, /its alias 99 is that of meter MH002/);
    });

    await t.step("a frame that is not there: since when, or not yet", async () => {
      await assert.rejects(explain(999), /There is no frame 999 yet: the newest of FRAMES is 12/);
      await (await broker.manager()).streams.purge("FRAMES", { seq: 3 });
      await assert.rejects(explain(1), /Frame 1 is not kept any more: FRAMES has 3 to 12/);
    });

    await t.step(
      "a frame in a wrong partition: where it belongs, and that it lies in DEAD",
      async () => {
        const home = partitionOf(METER);
        const other = partitionToken((home + 1) % PARTITIONS);
        const frame = meter.seal(energy(5_010, start_ms), Date.now(), 30);
        const moved = await send(frame, `samay.frame.${other}.${METER}`);
        const query = { stream: "DEAD", subject: "samay.dead.>", since_ms: 0, limit: 9 };
        await eventually(async () => assert.equal((await broker.storedSince(query)).length, 1));
        const found = await explain(moved);
        assert.equal(found.verdict, "wrong_partition");
        assert.match(
          found.text,
          new RegExp(`and ${METER} belongs to partition ${home}: the master`),
        );
        assert.match(
          found.text,
          /Opens with second .* set it aside \(message 1 of DEAD\): MH001 belong/,
        );
        const unread = await explain(await send(frame, `samay.frame.77.${METER}`));
        assert.equal(unread.verdict, "wrong_partition");
        assert.match(unread.text, /nobody reads 77, .* No master decides on it\.$/);
      },
    );

    await t.step("a hint that fits no second that is searched: that nothing is known", async () => {
      const sealed_ms = Date.now() - 137_000;
      const hinted = await send(meter.seal(energy(5_011, sealed_ms), sealed_ms, 31, true));
      const near = await explain(hinted, 60);
      assert.deepEqual([near.verdict, near.trials], ["no_key_in_window", 0]);
      assert.match(
        near.text,
        /none was tried and nothing is known of its key: .* more than 60 s; gi/,
      );
      assert.match((await explain(hinted, 200)).text, /clock is 13\d s slow/);
    });

    await t.step("a retired generation: since when, as the master takes it", async () => {
      const sequence = await send(meter.seal(energy(5_012, start_ms), Date.now(), 32));
      const { enrolment } = meter;
      const keys = enrolment.keys.map((key) => ({ ...key, not_after_ms: start_ms - 1_000 }));
      const bucket = await broker.bucket("samay_enrolments");
      await bucket.put(METER, json({ ...enrolment, keys }));
      const found = await explain(sequence);
      assert.match(
        found.text,
        /^Wrong key: generation 1 was retired at .* Indian time, and the frame/,
      );
      assert.equal(found.verdict, "unknown_generation");
      await bucket.put(METER, json(enrolment));
    });

    await t.step("the command says it in a few lines or as one document", async () => {
      Deno.env.set("SAMAY_NATS_URL", broker.url);
      try {
        const text = await runCommand(command, "" + ids.slow);
        assert.match(text, /Verdict +no_key_in_window, \d+ tried/);
        assert.match(text, /Sealed +13\d\.\d{3} s before it arrived/);
        assert.match(text, /\n\nThis meter's clock is 13\d s slow/);
        const document = JSON.parse(await runCommand(command, "" + ids.slow, "--json"));
        assert.equal(document.stream_sequence, ids.slow);
        assert.equal(document.header.clock_quality, 2);
        await assert.rejects(runCommand(command, "1"), Failure);
        await assert.rejects(runCommand(command, "x"), UsageError);
        await assert.rejects(runCommand(command, "3", "--wide", "999999"), UsageError);
      } finally {
        Deno.env.delete("SAMAY_NATS_URL");
      }
    });
  });
});
