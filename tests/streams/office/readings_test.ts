/** What a person does about readings, from the command line over a real broker. */
import assert from "node:assert/strict";
import { VALIDATION_RULES } from "../../../actors/validation/rules.ts";
import { readingVerbs } from "../../../streams/office/reading_verbs.ts";
import { UsageError } from "../../../streams/terminal/command.ts";
import { command as approve } from "../../../streams/terminal/commands/reading_approve.ts";
import { command as edit } from "../../../streams/terminal/commands/reading_edit.ts";
import { command as list } from "../../../streams/terminal/commands/reading_list.ts";
import { command as reject } from "../../../streams/terminal/commands/reading_reject.ts";
import { command as rules } from "../../../streams/terminal/commands/reading_rules.ts";
import { command as show } from "../../../streams/terminal/commands/reading_show.ts";
import { command as substitute } from "../../../streams/terminal/commands/reading_substitute.ts";
import { decideMany } from "../../../streams/validation/many.ts";
import { Sweep } from "../../../streams/validation/sweep.ts";
import { failure, runCommand as run, usage } from "../../support/command_line.ts";
import { withOffice } from "../../support/office.ts";
import { addAccount, type Db } from "../billing/fixture.ts";
import { DAY, NOON, put } from "../validation/readings.ts";

const NOW = NOON + 30 * DAY;
const GOOD = "2026-04-01 12:00:00";
const SPIKE = "2026-04-01 12:15:00";

/** Account A1 with a good reading and a spike in quarantine, and April parked on it. */
async function withReadings(body: (db: Db) => Promise<void>): Promise<void> {
  await withOffice(readingVerbs, { now_ms: () => NOW }, async ({ db }) => {
    await addAccount(db, 1);
    await put(
      db,
      { n: 1, read_at_ms: NOON, value: 1_010_000, sequence: 1 },
      { n: 1, read_at_ms: NOON + 15 * 60_000 + 123, value: 9_010_000, sequence: 2 },
    );
    await new Sweep(db, VALIDATION_RULES).step(NOW);
    await db.insertInto("billing_cycle").values({
      ...{ account_id: "A1", period: "2026-04", state: "parked", reason: "a spike" },
      ...{ meter_id: "M1", requested_at: new Date(NOW), parked_rule: "spike" },
      parked_reading_at: new Date(NOON + 15 * 60_000 + 123),
    }).execute();
    await body(db);
  });
}

const cycleOf = async (db: Db) =>
  await db.selectFrom("billing_cycle").select(["state", "reason", "parked_rule"])
    .executeTakeFirstOrThrow();

Deno.test("reading list and show tell what waits, why, and whom it holds up", () =>
  withReadings(async (db) => {
    const shown = await run(list);
    assert.match(shown, /M1 +2026-04-01 12:15:00 +9010\.000 +quarantined +spike +8000 kWh in/);
    assert.match(shown, /2026-04\n1 reading waits in quarantine$/);
    const { readings, quarantined, behind } = JSON.parse(await run(list, "--json"));
    assert.deepEqual([readings.length, quarantined, behind], [1, 1, 0]);
    assert.deepEqual([readings[0].raw_wh, readings[0].parked_period], [9_010_000, "2026-04"]);
    assert.equal(await run(list, "--meter", "M2"), "1 reading waits in quarantine");
    const sheet = await run(show, "M1", SPIKE);
    assert.match(sheet, /9010\.000 kWh measured\nNot billed: quarantined/);
    assert.match(sheet, /spike +FAILED +8000 kWh in 15 minutes/);
    assert.match(sheet, /unknown_meter +passed/);
    assert.match(sheet, /by validation \(spike: 8000 kWh/);
    assert.match(await run(show, "M1", GOOD), /Billed as 1010\.000 kWh, measured/);
    await db.updateTable("ledger_cursor").set({ sequence: 7 }).execute();
    assert.match(await run(list), /Validation is 5 journal records behind the ledger/);
  }));

Deno.test("reading approve, edit and reject: the layer changes, the reading does not", () =>
  withReadings(async (db) => {
    const usable =
      async () => (await db.selectFrom("validated_reading").select(["value", "quality", "usable"])
        .orderBy("read_at", "desc").executeTakeFirstOrThrow());
    const said = await run(
      edit,
      "M1",
      SPIKE,
      "--kwh",
      "1010.3",
      "--reason",
      "photo of the display",
    );
    assert.match(said, /counts as 1010\.300 kWh\nA1 is looked at again for 2026-04$/);
    assert.deepEqual(await usable(), { value: 1_010_300, quality: "edited", usable: true });
    assert.deepEqual(await cycleOf(db), {
      ...{ state: "awaiting_reading", reason: null, parked_rule: null },
    });
    await run(reject, "M1", SPIKE, "--reason", "the display was another meter's");
    assert.equal((await usable()).usable, false);
    await run(approve, "M1", SPIKE, "--reason", "seen on site");
    assert.deepEqual(await usable(), { value: 9_010_000, quality: "measured", usable: true });
    const raw = await db.selectFrom("raw_reading").select("value").orderBy("read_at").execute();
    assert.deepEqual(raw.map(({ value }) => value), [1_010_000, 9_010_000]);
    const audit = await db.selectFrom("audit").select(["action", "subject", "detail"])
      .where("subject", "like", "reading M1%").orderBy("audit_id").execute();
    assert.deepEqual(audit.map(({ action }) => action), [
      "reading.edited",
      "reading.rejected",
      "reading.approved",
    ]);
    const { reason, value_wh } = audit[0]!.detail as { reason: string; value_wh: number };
    assert.deepEqual([reason, value_wh], ["photo of the display", 1_010_300]);
    assert.match(await run(list), /^No reading waits in quarantine$/);
    const all = await run(list, "--all");
    assert.match(all, /measured by \S+ +seen on site/);
  }));

Deno.test("reading substitute puts a value where no reading is, and nowhere else", () =>
  withReadings(async (db) => {
    const put = ["M1", "2026-04-01 13:00", "--kwh", "1011", "--reason", "read by the lineman"];
    assert.match(await run(substitute, ...put), /counts as 1011\.000 kWh/);
    const row = await db.selectFrom("validated_reading").selectAll()
      .where("source", "=", "decision").executeTakeFirstOrThrow();
    assert.deepEqual([row.value, row.quality, row.usable], [1_011_000, "substituted", true]);
    const with_ = (meter: string, time: string) =>
      run(substitute, meter, time, "--kwh", "1", "--reason", "a test");
    await assert.rejects(with_("M1", GOOD), failure(/There is a reading of meter M1.*edit it/));
    await assert.rejects(with_("M9", GOOD), failure(/There is no meter M9/));
    await assert.rejects(with_("M1", "2026-09-01 12:00"), failure(/is still to come/));
  }));

Deno.test("reading commands refuse what cannot be, and change nothing then", () =>
  withReadings(async (db) => {
    const because = ["--reason", "a test"];
    await assert.rejects(run(approve, "M1", SPIKE), usage(/Say why/));
    await assert.rejects(run(approve, "M1", "yesterday", ...because), usage(/TIME is a moment/));
    await assert.rejects(run(edit, "M1", SPIKE, ...because), usage(/--kwh 2275\.625/));
    await assert.rejects(
      run(edit, "M1", SPIKE, "--kwh", "-1", ...because),
      (error) => error instanceof UsageError,
    );
    await assert.rejects(run(approve, "M1", GOOD, ...because), failure(/not in quarantine/));
    await assert.rejects(
      run(reject, "M1", "2026-04-01 11:00", ...because),
      failure(/There is no reading of meter M1 at 2026-04-01 11:00:00/),
    );
    await db.updateTable("billing_cycle").set({
      ...{ state: "issued", reason: null, closing_read_at: new Date(NOON) },
    }).execute();
    await assert.rejects(
      run(reject, "M1", GOOD, ...because),
      failure(/The bill of A1 for 2026-04 ends with this reading: void it first/),
    );
    const { n } = await db.selectFrom("reading_decision")
      .select((of) => of.fn.countAll<number>().as("n")).executeTakeFirstOrThrow();
    assert.equal(n, 1, "the sweep's alone");
    assert.equal((await db.selectFrom("audit").select("audit_id").execute()).length, 0);
  }));

Deno.test("reading approve and reject decide about many of one rule and month", () =>
  withReadings(async (db) => {
    for (const n of [2, 3]) {
      await addAccount(db, n);
      const at = { n, read_at_ms: NOON, sequence: 2 * n };
      await put(db, { ...at, value: 1_010_000 }, {
        ...{ ...at, sequence: 2 * n + 1 },
        ...{ read_at_ms: NOON + 15 * 60_000, value: 9_010_000 },
      });
    }
    await new Sweep(db, VALIDATION_RULES).step(NOW);
    const many = ["--rule", "spike", "--period", "2026-04", "--reason", "a fair in the village"];
    const waiting = async () => JSON.parse(await run(list, "--json")).quarantined;
    const would = /^3 readings of 3 meters would be approved\nNothing is decided: say --yes/;
    assert.match(await run(approve, ...many, "--dry-run"), would);
    await assert.rejects(run(approve, ...many), "without a word it is shown, and exits with 1");
    assert.equal(await waiting(), 3);
    const audits = async () =>
      await db.selectFrom("audit").select(["action", "subject", "detail"])
        .where("subject", "like", "readings of%").execute();
    assert.deepEqual(await audits(), []);

    const said = await run(reject, ...many, "--meter", "M3", "--yes");
    assert.equal(said, "1 reading of 1 meter rejected, 0 bills looked at again");
    // Bounded: the oldest first, and it says what is left.
    const asked = { deed: "approve", rule: "spike", period: "2026-04", dry_run: false } as const;
    const why = { reason: "a fair in the village", actor: "asha" };
    const { readings, left } = await decideMany(db, { ...asked, ...why }, NOW, 1);
    assert.deepEqual([readings, left, await waiting()], [1, 1, 1]);
    const rest = await run(approve, ...many, "--yes");
    assert.equal(rest, "1 reading of 1 meter approved, 1 bill looked at again");
    assert.equal((await cycleOf(db)).state, "awaiting_reading");
    assert.equal(await waiting(), 0);
    const rows = await db.selectFrom("reading_decision").selectAll().where("rule", "=", "person")
      .orderBy("meter_id").execute();
    assert.deepEqual(rows.map(({ meter_id, status, value }) => [meter_id, status, value]), [
      ["M1", "accepted", 9_010_000],
      ["M2", "accepted", 9_010_000],
      ["M3", "rejected", null],
    ]);
    const told = await audits();
    assert.deepEqual(told.map(({ action }) => action), [
      ...["readings.rejected", "readings.approved", "readings.approved"],
    ]);
    const { reason, readings: count } = told[2]!.detail as { reason: string; readings: number };
    assert.deepEqual([reason, count], ["a fair in the village", 1]);
    assert.equal(await run(approve, ...many, "--yes"), "No such reading waits in quarantine");
  }));

Deno.test("many readings: what is asked for must be clear, and no bill changes under it", () =>
  withReadings(async (db) => {
    const because = ["--reason", "a test", "--yes"];
    const rule = (name: string) => ["--rule", name, "--period", "2026-04", ...because];
    await assert.rejects(run(approve, "--rule", "spike", ...because), usage(/Name one reading/));
    await assert.rejects(run(approve, "M1", SPIKE, "--yes"), usage(/Name one reading/));
    await assert.rejects(run(approve, ...rule("spyke")), failure(/rule: no rule of this name/));
    await assert.rejects(run(approve, ...rule("spike"), "--dry-run"), usage(/not both/));
    await db.updateTable("billing_cycle").set({
      ...{ state: "issued", reason: null, closing_read_at: new Date(NOON + 15 * 60_000 + 123) },
    }).execute();
    await assert.rejects(
      run(reject, ...rule("spike")),
      failure(/A bill of A1 ends with the reading/),
    );
    assert.equal(JSON.parse(await run(list, "--json")).quarantined, 1);
  }));

Deno.test("reading rules shows the rules in force, and checks a file by every fault", () =>
  withReadings(async () => {
    assert.match(await run(rules), /spike +quarantine +load_margin 2/);
    const file = await Deno.makeTempFile({ suffix: ".json" });
    try {
      const own = JSON.parse(await run(rules, "--json"));
      own.rules.spike.load_margin = 3;
      await Deno.writeTextFile(file, JSON.stringify(own));
      assert.match(await run(rules, "--file", file), /spike +quarantine +load_margin 3/);
      delete own.rules.gap;
      own.rules.spike.load_margin = 0;
      own.rules.spyke = {};
      await Deno.writeTextFile(file, JSON.stringify(own));
      await assert.rejects(
        run(rules, "--file", file),
        failure(/rules\.spike\.load_margin.*rules\.gap.*spyke/),
      );
      await assert.rejects(run(rules, "--file", `${file}.no`), failure(/cannot be read/));
    } finally {
      await Deno.remove(file);
    }
  }));
