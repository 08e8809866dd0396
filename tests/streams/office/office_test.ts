import assert from "node:assert/strict";
import { freshMeter } from "../../../actors/meter/state.ts";
import { utf8 } from "../../../protocol/bytes.ts";
import { command as commandMessage } from "../../../protocol/messages/command.ts";
import { parseJson, z } from "../../../protocol/schema.ts";
import { subjects } from "../../../protocol/subjects.ts";
import { projectBatch } from "../../../streams/database/ledger.ts";
import type { Kysely } from "../../../streams/database/kysely.ts";
import type { Database } from "../../../streams/database/schema.ts";
import { meterView } from "../../../streams/masters/board.ts";
import { askOffice } from "../../../streams/office/client.ts";
import { meterVerbs } from "../../../streams/office/meter_verbs.ts";
import { startOffice, verb } from "../../../streams/office/office.ts";
import { Failure } from "../../../streams/terminal/command.ts";
import { command as enrolCommand } from "../../../streams/terminal/commands/meter_enrol.ts";
import { command as listCommand } from "../../../streams/terminal/commands/meter_list.ts";
import { command as readNowCommand } from "../../../streams/terminal/commands/meter_read_now.ts";
import { command as rekeyCommand } from "../../../streams/terminal/commands/meter_rekey.ts";
import { command as showCommand } from "../../../streams/terminal/commands/meter_show.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { withBroker } from "../../support/broker.ts";
import { type OfficeGiven, withOffice } from "../../support/office.ts";
import { runCommand, usage } from "../../support/command_line.ts";

const KEK = new Uint8Array(32).fill(9);

/** A journal record as a master would append it. */
function journaled(meter_id: string, read_at_ms: number, value: number) {
  return {
    ...{ v: 1, type: "batch", partition: 0, epoch: 1, owner: "m1", cursor: 1 } as const,
    events: [{
      ...{ event: "reading" as const, frame: 1, meter_id, generation: 0, boot: 1, sequence: 1 },
      ...{ t_s: Math.floor(read_at_ms / 1_000), trials: 1, quality: 2 as const },
      ...{ arrival_ms: read_at_ms, sealed_at_ms: read_at_ms, flags: [] },
      registers: [{ obis: "1-0:1.8.0", value, unit: "Wh", read_at_ms }],
    }],
  };
}

const CLOCK = {
  ...{ quality: 2, offset_s: 0, delay_s: 0, dispersion_s: 0, stratum: 2, source: "broker" },
};

/** What slave `slave_id` said `ago_ms` ago. */
async function tellOf(db: Kysely<Database>, slave_id: string, report: object, ago_ms: number) {
  const last_seen_at = new Date(Date.now() - ago_ms);
  const whole = JSON.stringify({
    ...{ kind: "heartbeat", slave_id, at_ms: last_seen_at.getTime(), boot: 1, meters: 2 },
    ...{ outbox: 0, clock: CLOCK, faults: [] },
    ...report,
  });
  await db.insertInto("slave").values({ slave_id, last_seen_at, report: whole })
    .onConflict((conflict) =>
      conflict.column("slave_id").doUpdateSet({ last_seen_at, report: whole })
    ).execute();
}

async function atOffice(
  fn: (given: OfficeGiven & { folder: string }) => Promise<void>,
): Promise<void> {
  await withOffice(meterVerbs, { kek: KEK }, async ({ db, broker }) => {
    let sequence = 0;
    const slave = broker.listen(subjects.command("edge-1"), async (payload) => {
      const asked = parseJson(commandMessage, new TextDecoder().decode(payload), "command");
      assert.equal(asked.command, "read-now");
      if (asked.command !== "read-now" || asked.meter_id !== "MH1") return;
      await projectBatch(db, [{
        sequence: ++sequence,
        record: journaled(asked.meter_id, asked.requested_at_ms + 5, 1_250_000),
      }]);
    });
    const folder = await Deno.makeTempDir({ prefix: "samay-office-" });
    try {
      await fn({ db, broker, folder });
    } finally {
      await Deno.remove(folder, { recursive: true });
      await slave.stop();
    }
  });
}

const ENROL = [
  ...["--meter", "MH1", "--slave", "edge-1", "--consumer", "170012345678"],
  ...["--name", "Asha Patil", "--phone", "+919800000001", "--opening-kwh", "1234.5"],
  ...["--phase", "3", "--municipal", "--sanctioned-load-w", "5000", "--language", "mr"],
];

Deno.test("samay meter enrol, list, show and read-now work by the office alone", async (t) => {
  await atOffice(async ({ db, broker, folder }) => {
    const out = `${folder}/MH1.key.json`;

    await t.step("enrol writes a key file for its owner only, and prints no key", async () => {
      const printed = JSON.parse(await runCommand(enrolCommand, ...ENROL, "--out", out, "--json"));
      const { mode } = await Deno.stat(out);
      assert.equal(mode! & 0o777, 0o600);
      const { key, ...file } = JSON.parse(await Deno.readTextFile(out));
      assert.match(key, /^[0-9a-f]{64}$/);
      assert.equal(file.format, "samay-slave-key/1");
      assert.deepEqual([printed.alias, printed.created, printed.key_file], [1, true, out]);
      assert.equal(printed.key, undefined);
      const { phase, municipal, sanctioned_load_w } = await db.selectFrom("account").selectAll()
        .executeTakeFirstOrThrow();
      assert.deepEqual([phase, municipal, sanctioned_load_w], [3, true, 5_000]);
    });

    await t.step("enrol overwrites no file and leaves none when it is refused", async () => {
      await assert.rejects(runCommand(enrolCommand, ...ENROL, "--out", out), /exists already/);
      const other = `${folder}/other.json`;
      const changed = ENROL.map((word) => word === "Asha Patil" ? "Someone Else" : word);
      await assert.rejects(runCommand(enrolCommand, ...changed, "--out", other), /differs: name/);
      await assert.rejects(
        runCommand(enrolCommand, ...ENROL, "--out", other, "--phase", "2"),
        /--phase/,
      );
      await assert.rejects(runCommand(enrolCommand, "--out", other), /Missing --meter/);
      await assert.rejects(Deno.stat(other), Deno.errors.NotFound);
      assert.match(
        await runCommand(enrolCommand, ...ENROL, "--out", other),
        /was enrolled already/,
      );
      assert.equal(await Deno.readTextFile(other), await Deno.readTextFile(out));
    });

    await t.step("read-now gives the reading once it stands in the database", async () => {
      const answer = JSON.parse(await runCommand(readNowCommand, "MH1", "--json"));
      assert.equal(answer.readings[0].value, 1_250_000);
      assert.equal(answer.readings.length, 1);
      assert.match(await runCommand(readNowCommand, "MH1"), /1-0:1\.8\.0\s+1250000\s+Wh/);
    });

    await t.step("read-now says that nothing came, and of an unknown meter", async () => {
      const second = ENROL.map((word) => word === "MH1" ? "MH2" : word);
      await runCommand(enrolCommand, ...second, "--account", "A2", "--out", `${folder}/2.json`);
      await assert.rejects(
        runCommand(readNowCommand, "MH2", "--wait", "0.3"),
        /Meter MH2 gave no reading within 0\.3 s\. Slave edge-1: it was never heard: start it/,
      );
      const says = async (report: object, pattern: RegExp, ago_ms = 1_000) => {
        await tellOf(db, "edge-1", report, ago_ms);
        await assert.rejects(runCommand(readNowCommand, "MH2", "--wait", "0.2"), pattern);
      };
      await says(
        {},
        /Slave edge-1: it was last heard .*, its clock is synchronised \(.*\), .* no fault/,
      );
      const faultOf = (meter_id: string, reason: string) => ({ meter_id, reason });
      const faults = [faultOf("MH1", "other"), faultOf("MH2", "no answer")];
      await says({ faults }, /within 0\.2 s\. Slave edge-1: it says: no answer$/);
      await says({ clock: { ...CLOCK, quality: 0 } }, /edge-1: its clock is not synchronised/);
      await says(
        { clock: { ...CLOCK, quality: 0, reason: "no server answers", unsynchronised_s: 90 } },
        /seals none \(since .*, as of .* Indian time\): no server answers/,
      );
      await says(
        { clock: { ...CLOCK, quality: 1 } },
        /runs on by itself \(as of .*\): no time/,
      );
      await says(
        { clock: { ...CLOCK, quality: 1, reason: "ntp1: step of 137 s refused" } },
        /Slave edge-1: its clock runs on by itself \(as of .*\): ntp1: step of 137 s refused$/,
      );
      const reject = { event: "reject", frame: 12, meter_id: "MH2", reason: "no_key_in_window" };
      const event = { ...reject, arrival_ms: Date.now(), trials: 21, boot: 1, sequence: 7 };
      await broker.publish("samay.event.warning.no_key_in_window.MH2", utf8(JSON.stringify(event)));
      const refusing = broker.listen(subjects.command("edge-1"), async () => {
        const later = utf8(JSON.stringify({ ...event, frame: 13 }));
        await broker.publish("samay.event.warning.no_key_in_window.MH2", later);
      });
      await assert.rejects(
        runCommand(readNowCommand, "MH2", "--wait", "0.5"),
        /0\.5 s\. Its frame 13 was refused as no_key_in_window: see samay frame explain 13\. Slave/,
      );
      await refusing.stop();
      await says({}, /edge-1: it was last heard at .* Indian time: see that it runs/, 600_000);
      await says({ kind: "goodbye" }, /edge-1: it said goodbye at .*: it is stopped/);
      const shown = await runCommand(showCommand, "MH2");
      assert.match(shown, /Slave +edge-1: it said goodbye at .*\n.*clock +is synchronised/);
      assert.match(shown, /Sealed with +AES-256-GCM \(suite 1\)\nKey +generation 0/);
      await assert.rejects(runCommand(readNowCommand, "MH9"), /No meter MH9 is enrolled/);
      await assert.rejects(runCommand(readNowCommand, "MH9", "--wait", "999"), /--wait/);
      for (const command of [readNowCommand, showCommand, rekeyCommand]) {
        await assert.rejects(
          runCommand(command, "bad id!"),
          usage(/^ID is 1 to 32 letters, .* "bad id!"$/),
        );
      }
      await assert.rejects(runCommand(listCommand, "--slave", "a.b"), usage(/--slave is 1 to 32/));
      const bad = ENROL.map((word) => word === "MH1" ? "MH 1" : word);
      await assert.rejects(
        runCommand(enrolCommand, ...bad, "--out", "x"),
        usage(/--meter is 1 to 32/),
      );
    });

    await t.step("show prefers a frame that came after the slave's report", async () => {
      await tellOf(db, "edge-1", { clock: { ...CLOCK, quality: 0, offset_s: -137 } }, 60_000);
      const shown = await runCommand(showCommand, "MH1");
      assert.match(
        shown,
        /Slave's clock +is synchronised \(as of .* Indian time, by its last frame/,
      );
      assert.match(
        shown,
        /Slave's time +by broker, stratum 2; its machine's own clock is 137\.000 s ahead of that \(as/,
      );
      assert.match(
        await runCommand(readNowCommand, "MH1"),
        /Its slave's time: by broker, .* ahead of that/,
      );
      await tellOf(db, "edge-1", { clock: { ...CLOCK, quality: 0 } }, -60_000);
      assert.match(
        await runCommand(showCommand, "MH1"),
        /Slave's clock +is not synchronised: .* \(as of/,
      );
    });

    await t.step("show tells what the master shows in words", async () => {
      const sheet = await runCommand(showCommand, "MH1");
      assert.match(sheet, /Master +no frame yet/);
      const state = freshMeter("MH1");
      Object.assign(state.clock, { offset_s: -0.005, drift_ppm: -12.34, variance_s2: 0.001225 });
      Object.assign(state.clock, { sampled_at_ms: 1, samples: 2 });
      Object.assign(state, { opened: 2, trials: 2, rejected: { replayed: 1 } });
      const bucket = await broker.bucket("samay_meters");
      await bucket.put("MH1", utf8(JSON.stringify(meterView(state, "m1"))));
      const shown = await runCommand(showCommand, "MH1");
      assert.match(shown, /Master +m1: 2 frames opened, 1 key tried for each/);
      assert.match(shown, /Refused +replayed 1 time/);
      assert.match(shown, /Clock seen +5 ms behind ours, by 2 frames, give or take 35 ms/);
      assert.match(shown, /Clock drifts +loses 12\.3 ppm \(1\.1 s a day\)/);
      assert.match(shown, /Newest frame +number /);
      assert.doesNotMatch(shown, /[{}]/);
    });

    await t.step("list shows lines in pages, show the whole sheet", async () => {
      const table = await runCommand(listCommand);
      assert.match(table, /MH1 +edge-1 +170012345678 +Asha Patil +\d{4}-\d\d-\d\d .* 1250\.000/);
      assert.match(table, /MH2 .*never/);
      const { meters, more } = JSON.parse(await runCommand(listCommand, "--limit", "1", "--json"));
      assert.deepEqual([meters.length, meters[0].meter_id, more], [1, "MH1", true]);
      assert.match(await runCommand(listCommand, "--slave", "none"), /No meters/);
      const sheet = await runCommand(showCommand, "MH1");
      assert.match(sheet, /Last reading +1250\.000 kWh at/);
      assert.match(sheet, /opened at 1234\.500 kWh/);
      assert.match(sheet, /History .*meter\.enrolled \(operator\)/);
      const json = JSON.parse(await runCommand(showCommand, "MH1", "--json"));
      assert.equal(json.consumer.language, "mr");
      await assert.rejects(runCommand(showCommand, "MH9"), /No meter MH9/);
    });
  });
});

Deno.test("askOffice() says what is wrong", async (t) => {
  await withBroker(async ({ broker }) => {
    await t.step("when no head-end is there", async () => {
      await assert.rejects(askOffice(broker, "meter-list", {}), (error: Error) => {
        assert.ok(error instanceof Failure);
        assert.equal(
          error.message,
          `No head-end answers at ${broker.url}. Start one with \`deno task start\`.`,
        );
        return true;
      });
    });

    const said: string[] = [];
    const log = { ...silentLog, error: (message: string) => void said.push(message) };
    const db = {} as Kysely<Database>;
    const office = startOffice({ db, broker, log, now_ms: Date.now }, {
      add: verb(z.object({ a: z.int(), b: z.int() }), ({ a, b }) => Promise.resolve(a + b)),
      fall: verb(z.object({}), () => Promise.reject(new Error("a bug"))),
      sleep: verb(z.object({}), () => new Promise((resolve) => setTimeout(resolve, 400))),
    });
    await t.step("when the input is not as it should be, by name", async () => {
      assert.equal(await askOffice(broker, "add", { a: 1, b: 2 }), 3);
      await assert.rejects(askOffice(broker, "add", { a: "x" }), /add: a: .*; b: /);
    });
    await t.step("when the office meets a bug, which its log has too", async () => {
      await assert.rejects(askOffice(broker, "fall", {}), /could not do fall: a bug/);
      assert.deepEqual(said, ["office could not answer"]);
    });
    await t.step("when the office is too slow", async () => {
      await assert.rejects(askOffice(broker, "sleep", {}, 100), /did not answer within 0\.1 s/);
    });
    await office.stop();
  });
});
