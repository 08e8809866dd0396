/** The billing role over a real broker: commands in, read-now out, bills and notices, the commands. */
import assert from "node:assert/strict";
import { command as commandMessage } from "../../../protocol/messages/command.ts";
import { parseJson } from "../../../protocol/schema.ts";
import { subjects } from "../../../protocol/subjects.ts";
import { startBilling } from "../../../streams/billing/billing.ts";
import { MonthEnd } from "../../../streams/billing/month_end.ts";
import { runOutbox } from "../../../streams/database/outbox.ts";
import type { NatsBroker } from "../../../streams/jetstream/connection.ts";
import { billVerbs } from "../../../streams/office/bill_verbs.ts";
import { startOffice } from "../../../streams/office/office.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { withBroker } from "../../support/broker.ts";
import { samay } from "../../support/command_line.ts";
import { withDatabase } from "../../support/database.ts";
import { addAccount, addReading, at, counts, type Db, NOW } from "./fixture.ts";

/** A clock that starts on the evening of 30 April 2026 in India. */
function clockFrom(start_ms: number): () => number {
  const started = performance.now();
  return () => Math.floor(start_ms + performance.now() - started);
}

/** The billing role, its outbox and its office, with a slave whose meters read `values_wh`. */
async function withBilling(
  values_wh: Readonly<Record<string, number>>,
  fn: (given: { db: Db; broker: NatsBroker; issued: string[] }) => Promise<void>,
): Promise<void> {
  await withBroker(({ broker }) =>
    withDatabase(async (db) => {
      const now_ms = clockFrom(NOW);
      const issued: string[] = [];
      const outbox = runOutbox(db, broker, silentLog);
      const billing = await startBilling({
        db,
        broker,
        log: silentLog,
        now_ms,
        month_end: false,
        onCommitted: () => outbox.nudge(),
        onIssued: (number) => void issued.push(number),
      });
      const utility = { name: "Utility" };
      const office = startOffice({ db, broker, log: silentLog, now_ms, utility }, billVerbs);
      const slave = broker.listen(subjects.command("SL1"), async (payload) => {
        const asked = parseJson(commandMessage, new TextDecoder().decode(payload), "command");
        if (asked.command !== "read-now") return;
        const value = values_wh[asked.meter_id];
        if (value === undefined) return;
        await addReading(db, Number(asked.meter_id.slice(1)), asked.requested_at_ms + 5, value);
        billing.nudge();
      });
      Deno.env.set("SAMAY_NATS_URL", broker.url);
      try {
        await fn({ db, broker, issued });
      } finally {
        Deno.env.delete("SAMAY_NATS_URL");
        await slave.stop();
        await office.stop();
        await billing.stop();
        await outbox.stop();
      }
    })
  );
}

async function runsIn(db: Db): Promise<number> {
  return (await db.selectFrom("billing_run").select("run_id").execute()).length;
}

async function noticesIn(broker: NatsBroker): Promise<number> {
  return (await (await broker.manager()).streams.info("NOTICES")).state.messages;
}

Deno.test("bill run closes the month: every meter is asked, every account billed once", async (t) => {
  await withBilling(
    { M1: 1_250_100, M2: 1_100_900, M3: 1_000_900 },
    async ({ db, broker, issued }) => {
      for (const n of [1, 2, 3]) await addAccount(db, n);

      await t.step("a dry run writes nothing", async () => {
        const before = await counts(db);
        const { code, out } = await samay("bill", "run", "--dry-run", "--json");
        assert.equal(code, 0);
        const { period, accounts } = JSON.parse(out);
        assert.equal(period, "2026-04");
        assert.deepEqual(accounts.map((one: { would: string }) => one.would), [
          "ask",
          "ask",
          "ask",
        ]);
        assert.match(
          (await samay("bill", "run", "--dry-run")).out,
          /3 accounts to close \(dry run/,
        );
        assert.deepEqual(await counts(db), before);
        assert.equal(await runsIn(db), 0);
      });

      await t.step("three bills, numbered without gaps, with their notices", async () => {
        const { code, out } = await samay("bill", "run", "--period", "2026-04", "--json");
        assert.equal(code, 0, out);
        const status = JSON.parse(out);
        assert.deepEqual([status.issued, status.accounts, status.run_id], [3, 3, 1]);
        const rows = await db.selectFrom("invoice").select("number").orderBy("number").execute();
        const numbers = [1, 2, 3].map((n) => `MH/2026-27/00000${n}`);
        assert.deepEqual(rows.map((row) => row.number), numbers);
        assert.deepEqual(issued.sort(), numbers);
        for (let i = 0; i < 50 && await noticesIn(broker) < 6; i++) {
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
        assert.equal(await noticesIn(broker), 6);
      });

      await t.step("a second run adds nothing", async () => {
        const before = await counts(db);
        const { code, out } = await samay("bill", "run", "--json");
        assert.equal(code, 0, out);
        // That it was asked for once more is kept; nothing else came of it.
        assert.deepEqual(await counts(db), { ...before, audit: before.audit + 1 });
      });

      await t.step("bill list, show and explain", async () => {
        const listed = JSON.parse((await samay("bill", "list", "--account", "A1", "--json")).out);
        assert.equal(listed.length, 1);
        const shown = await samay("bill", "show", listed[0].number);
        assert.match(shown.out, /250 kWh/);
        assert.match(shown.out, /email to c1@example.org: intended/);
        const explained = await samay("bill", "explain", listed[0].number);
        assert.match(explained.out, /1250 - 1000 = 250 kWh/);
        assert.match(explained.out, /frame 71 in FRAMES, journal record 31/);
        assert.match(explained.out, /trial 1/);
        assert.match(explained.out, /the same, to the paisa/);
        assert.match((await samay("bill", "list")).out, /MH\/2026-27\/000003/);
      });

      await t.step("bill pdf writes the bill, and over no file unless told to", async () => {
        const folder = await Deno.makeTempDir({ prefix: "samay-pdf-" });
        const here = Deno.cwd();
        try {
          Deno.chdir(folder);
          const { code, out, error } = await samay("bill", "pdf", "MH/2026-27/000001");
          assert.deepEqual([code, error], [0, ""]);
          assert.match(out, /is in MH-2026-27-000001\.pdf$/);
          const first = await Deno.readFile("MH-2026-27-000001.pdf");
          assert.equal(new TextDecoder().decode(first.subarray(0, 5)), "%PDF-");
          await Deno.writeTextFile("mine.pdf", "mine");
          const refused = await samay("bill", "pdf", "MH/2026-27/000001", "--out", "mine.pdf");
          assert.equal(refused.code, 1);
          assert.match(refused.error, /mine\.pdf exists already: give another --out, or --force/);
          assert.equal(await Deno.readTextFile("mine.pdf"), "mine");
          const force = ["--out", "mine.pdf", "--force", "--json"];
          const forced = JSON.parse(
            (await samay("bill", "pdf", "MH/2026-27/000001", ...force)).out,
          );
          assert.deepEqual([forced.file, forced.bytes], ["mine.pdf", first.length]);
          assert.deepEqual(await Deno.readFile("mine.pdf"), first);
          assert.match((await samay("bill", "pdf", "MH/9")).error, /There is no bill MH\/9/);
        } finally {
          Deno.chdir(here);
          await Deno.remove(folder, { recursive: true });
        }
      });

      await t.step("bill void, then bill run makes a new one", async () => {
        const voided = await samay("bill", "void", "MH/2026-27/000002", "--reason", "wrong load");
        assert.equal(voided.code, 0, voided.error);
        const { code, out } = await samay("bill", "run", "--json");
        assert.equal(code, 0, out);
        assert.equal(JSON.parse(out).issued, 3);
        const all = await db.selectFrom("invoice").select(["number", "state"]).orderBy("number")
          .execute();
        assert.deepEqual(all.map((row) => row.state), ["issued", "void", "issued", "issued"]);
      });

      await t.step("wrong calls say in one line what is wrong", async () => {
        const table: [string[], number, RegExp][] = [
          [["bill", "run", "--period", "April"], 2, /YYYY-MM/],
          [["bill", "run", "--period", "2026-13"], 2, /YYYY-MM/],
          [["bill", "run", "--wait", "soon"], 2, /whole seconds/],
          [["bill", "run", "--max-parked", "101"], 2, /--max-parked "101": percent from 0 to 100/],
          [["bill", "run", "--max-bill", "-5"], 2, /--max-bill "-5": rupees, like/],
          [["bill", "run", "--resume"], 2, /Say why/],
          [["bill", "run", "--resume", "--reason", "x"], 1, /No run of 2026-04 has halted/],
          [["bill", "run", "--period", "2030-01"], 1, /2030-01 has not begun/],
          [["bill", "show", "MH/1"], 1, /no bill MH\/1/],
          [["bill", "show"], 2, /needs NUMBER/],
          [["bill", "void", "MH/2026-27/000001"], 2, /--reason/],
          [["bill", "void", "MH/2026-27/000002", "--reason", "again"], 1, /void already/],
          [["bill", "list", "--limit", "0"], 2, /from 1 to 500/],
          [["bill", "explain", "nothing"], 1, /no bill nothing/],
        ];
        for (const [words, code, message] of table) {
          const got = await samay(...words);
          assert.equal(got.code, code, words.join(" "));
          assert.match(got.error, message);
          assert.doesNotMatch(got.error, /\n/);
        }
      });
    },
  );
});

Deno.test("bill run ends with 1 when a meter is silent or a register went back", async () => {
  await withBilling({ M1: 1_250_100, M2: 900_000 }, async ({ db }) => {
    for (const n of [1, 2, 3]) await addAccount(db, n);
    const { code, out } = await samay("bill", "run", "--wait", "1");
    assert.equal(code, 1);
    assert.match(out, /2026-04: 1 bill of 3 accounts/);
    assert.match(out, /1 parked: set right .* again: samay bill run --period 2026-04/);
    assert.match(out, /A2 +parked +meter M2, 900 kWh .* less than the start reading 1000\.9 kWh/);
    assert.match(out, /A3 +awaiting_reading +asked for a reading, no answer yet/);
  });
});

Deno.test("bill run again bills an account that was parked, once its cause is mended", async () => {
  const values_wh = { M1: 900_000 };
  await withBilling(values_wh, async ({ db }) => {
    await addAccount(db, 1);
    const first = await samay("bill", "run", "--wait", "5");
    assert.equal(first.code, 1);
    assert.match(first.out, /1 parked/);
    values_wh.M1 = 1_250_100;
    // Clocks may differ by a second: only a reading from later than that is taken as the new one.
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const again = await samay("bill", "run", "--wait", "5");
    assert.equal(again.code, 0, again.out);
    assert.match(again.out, /2026-04: 1 bill of 1 account, /);
  });
});

Deno.test("A billing command that makes no sense goes to the dead letters, the next is done", async () => {
  await withBilling({ M1: 1_250_100 }, async ({ db, broker }) => {
    const bytes = (text: string) => new TextEncoder().encode(text);
    await broker.publish(subjects.billing("A1"), bytes("{"));
    await broker.publish(
      subjects.billing("A9"),
      bytes(`{"command":"close","account_id":"A9","period":"2026-04","requested_at_ms":1}`),
    );
    await addAccount(db, 1);
    assert.equal((await samay("bill", "run")).code, 0);
    const dead = await (await broker.manager()).streams.info("DEAD");
    assert.equal(dead.state.messages, 2);
  });
});

Deno.test("bill run bills one account by itself, by the BILLING stream", async () => {
  await withBilling({ M1: 1_250_100 }, async ({ db }) => {
    await addAccount(db, 1);
    await addAccount(db, 2);
    const { code, out, error } = await samay("bill", "run", "--account", "A1");
    assert.equal(code, 0, error);
    assert.match(out, /Account A1 is being billed for 2026-04; see: samay account show A1/);
    const { out: document } = await samay("bill", "run", "--account", "A1", "--json");
    assert.deepEqual(JSON.parse(document), { account_id: "A1", period: "2026-04" });
    for (let i = 0; i < 100 && (await counts(db)).invoices === 0; i++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.deepEqual(
      await db.selectFrom("billing_cycle").select(["account_id", "state"]).execute(),
      [{ account_id: "A1", state: "issued" }],
    );
    assert.equal(await runsIn(db), 0);
    const unknown = await samay("bill", "run", "--account", "A9");
    assert.equal(unknown.code, 1);
    assert.match(unknown.error, /no account A9/);
  });
});

Deno.test("MonthEnd closes each month once by itself, across restarts", async () => {
  await withDatabase(async (db) => {
    await addAccount(db, 1);
    const start = () => new MonthEnd({ db, log: silentLog, settle_ms: 3_600_000 });
    const first = start();
    await first.closeDue(NOW); // In April for the first time: March is not its business.
    assert.equal(await runsIn(db), 0);
    await first.closeDue(at("2026-05-01T00:59:59+05:30"));
    assert.equal(await runsIn(db), 0);
    await first.closeDue(at("2026-05-01T01:00:00+05:30"));
    assert.equal(await runsIn(db), 1);
    await first.closeDue(at("2026-05-01T01:00:01+05:30"));
    await start().closeDue(at("2026-05-01T02:00:00+05:30"));
    assert.equal(await runsIn(db), 1);
    await start().closeDue(at("2026-07-01T01:00:00+05:30"));
    assert.equal(await runsIn(db), 3); // May and June.
  });
});
