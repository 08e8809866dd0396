/** Notices through a real broker and database, to a real SMTP server and a Twilio endpoint. */
import assert from "node:assert/strict";
import { NOTIFICATION_POLICY } from "../../../actors/notification/state.ts";
import { RetryableError, TerminalError } from "../../../protocol/errors.ts";
import { utf8 } from "../../../protocol/bytes.ts";
import { subjects } from "../../../protocol/subjects.ts";
import type { Kysely } from "../../../streams/database/kysely.ts";
import type { Database } from "../../../streams/database/schema.ts";
import { askAfterDue } from "../../../streams/delivery/asking.ts";
import { ChannelLimit } from "../../../streams/delivery/channel_limit.ts";
import { deliver, type DeliveryOptions, startDelivery } from "../../../streams/delivery/deliver.ts";
import type { LocalSmtp } from "../../../streams/delivery/local/smtp.ts";
import type { LocalTwilio } from "../../../streams/delivery/local/twilio.ts";
import { createMailer } from "../../../streams/delivery/mail.ts";
import { applyReport } from "../../../streams/delivery/provider_report.ts";
import { createTexter } from "../../../streams/delivery/sms.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { withBroker } from "../../support/broker.ts";
import { emptyTables, withDatabase } from "../../support/database.ts";
import { withSmtp } from "../../support/smtp.ts";
import { withTwilio } from "../../support/twilio.ts";
import { head, inputsOf, lines, utility } from "./sample.ts";

type Db = Kysely<Database>;
type Channel = "email" | "sms";

interface World {
  readonly db: Db;
  readonly smtp: LocalSmtp;
  readonly twilio: LocalTwilio;
  readonly billsDir: string;
  readonly options: DeliveryOptions;
}

const POLICY = { ...NOTIFICATION_POLICY, backoff_first_ms: 20, attempts_max: 4 };

/** The parts of one delivery, the broker still missing. */
async function withWorld(db: Db, body: (world: World) => Promise<void>): Promise<void> {
  const billsDir = await Deno.makeTempDir({ prefix: "samay-bills-" });
  try {
    await withSmtp((smtp) =>
      withTwilio(async (twilio) => {
        const mail = createMailer({ url: smtp.url, from: "bills@samay.example" });
        const { account_sid, auth_token, url } = twilio;
        const sender = { from: "+12025550123" };
        const sms = createTexter({
          account_sid,
          auth_token,
          base_url: url,
          sender,
          timeout_ms: 500,
        });
        const options = {
          db,
          broker: undefined as never,
          mail,
          sms,
          billsDir,
          utility,
          log: silentLog,
          policy: POLICY,
        };
        await body({ db, smtp, twilio, billsDir, options });
        mail.close();
      })
    );
  } finally {
    await Deno.remove(billsDir, { recursive: true });
  }
}

/** An issued invoice, and the notification that billing intends. */
async function issue(
  db: Db,
  channel: Channel,
  changes: { recipient?: string | null; language?: "en" | "mr" } = {},
) {
  await emptyTables(db);
  const inputs = inputsOf(changes.language ?? "mr");
  const { number: consumer_number, ...consumer } = inputs.consumer;
  const { id: account_id, ...account } = inputs.account;
  await db.insertInto("consumer").values({ consumer_number, ...consumer }).execute();
  await db.insertInto("account")
    .values({
      account_id,
      consumer_number,
      ...account,
      status: "active",
      opened_on: "2025-01-01",
    }).execute();
  const { cycle_id } = await db.insertInto("billing_cycle")
    .values({ account_id, period: head.period, state: "issued" })
    .returning("cycle_id").executeTakeFirstOrThrow();
  const invoice_id = await db.transaction().execute(async (trx) => {
    const { invoice_id } = await trx.insertInto("invoice")
      .values({ ...head, account_id, cycle_id, state: "issued", inputs: JSON.stringify(inputs) })
      .returning("invoice_id").executeTakeFirstOrThrow();
    await trx.insertInto("invoice_line")
      .values(lines.map((line, position) => ({ ...line, invoice_id, position }))).execute();
    return invoice_id;
  });
  const given = channel === "email" ? consumer.email : consumer.phone;
  const recipient = changes.recipient === undefined ? given : changes.recipient;
  const { notification_id } = await db.insertInto("notification")
    .values({ invoice_id, channel, recipient, state: "intended", attempts: 0 })
    .returning("notification_id").executeTakeFirstOrThrow();
  return { notification_id, invoice_id, channel };
}

function rowOf(db: Db) {
  return db.selectFrom("notification").selectAll().executeTakeFirstOrThrow();
}

/** Gives the notice out again until it is done, as the queue does; returns how often it came. */
async function drive(options: DeliveryOptions, notice: Awaited<ReturnType<typeof issue>>) {
  for (let deliveries = 1; deliveries <= 10; deliveries++) {
    try {
      await deliver(options, notice);
      return deliveries;
    } catch (error) {
      if (!(error instanceof RetryableError)) throw error;
    }
  }
  throw new Error("Never done");
}

const CASES: Record<string, (world: World) => Promise<void>> = {
  "deliver() mails the bill once and keeps its PDF, however often the notice comes": async (w) => {
    const notice = await issue(w.db, "email");
    assert.equal(await drive(w.options, notice), 1);
    await deliver(w.options, notice);
    assert.equal(w.smtp.received.length, 1);
    const row = await rowOf(w.db);
    assert.deepEqual([row.state, row.attempts, row.last_error], ["sent", 1, null]);
    const mail = await w.smtp.parse(w.smtp.received[0]!);
    assert.equal(row.provider_id, mail.messageId);
    const folder = `${w.billsDir}/2026-04`;
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), [
      "MH-2026-27-000001.pdf",
    ]);
    const file = await Deno.readFile(`${folder}/MH-2026-27-000001.pdf`);
    assert.deepEqual(new Uint8Array(mail.attachments[0]!.content), file);
  },
  "deliver() tries a 4xx mail again and parks a 5xx one with the server's words": async (w) => {
    const notice = await issue(w.db, "email");
    w.smtp.failNext({ code: 451, text: "Greylisted" }, "drop");
    assert.equal(await drive(w.options, notice), 3);
    assert.equal(w.smtp.received.length, 1);
    const again = await issue(w.db, "email");
    w.smtp.failNext({ code: 550, text: "No such mailbox" });
    await assert.rejects(() => drive(w.options, again), TerminalError);
    const row = await rowOf(w.db);
    assert.equal(row.state, "parked");
    assert.match(row.last_error ?? "", /550 No such mailbox/);
    await deliver(w.options, again);
    assert.equal(w.smtp.received.length, 1);
  },
  "deliver() parks a mail that fails too often": async (w) => {
    const notice = await issue(w.db, "email");
    w.smtp.failNext(...Array.from({ length: 9 }, () => ({ code: 451, text: "Later" })));
    await assert.rejects(() => drive(w.options, notice), TerminalError);
    assert.equal(w.smtp.offered, POLICY.attempts_max);
    assert.match((await rowOf(w.db)).last_error ?? "", /given up after 4 attempts/);
  },
  "deliver() sends the same Message-ID again after a crash between sending and noting": async (
    w,
  ) => {
    const notice = await issue(w.db, "email");
    await deliver(w.options, notice);
    // As a crash leaves it: the mail has gone, the row still says `sending`.
    const sending = { state: "sending", provider_id: null } as const;
    await w.db.updateTable("notification").set({ ...sending, updated_at: new Date() }).execute();
    await assert.rejects(() => deliver(w.options, notice), RetryableError);
    assert.equal(w.smtp.received.length, 1);
    await w.db.updateTable("notification").set({ ...sending, updated_at: new Date(0) }).execute();
    await deliver(w.options, notice);
    const [first, second] = await Promise.all(w.smtp.received.map((mail) => w.smtp.parse(mail)));
    assert.equal(first?.messageId, second?.messageId);
    assert.equal((await rowOf(w.db)).state, "sent");
  },
  "deliver() texts after a 429, and parks a 400 with Twilio's code": async (w) => {
    const notice = await issue(w.db, "sms");
    w.twilio.failNext({ status: 429, code: 20429, message: "Slow down", retry_after_s: 0 });
    assert.equal(await drive(w.options, notice), 2);
    assert.match(w.twilio.received[0]?.body ?? "", /वीज बिल MH-2026-27\/000001/);
    assert.equal((await rowOf(w.db)).provider_id, w.twilio.received[0]?.sid);
    const bad = await issue(w.db, "sms");
    w.twilio.failNext({ status: 400, code: 21614, message: "Not a mobile number" });
    await assert.rejects(() => drive(w.options, bad), TerminalError);
    assert.match((await rowOf(w.db)).last_error ?? "", /Not a mobile number.*code 21614/);
    assert.deepEqual(w.twilio.refused, []);
  },
  "deliver() finds the SMS that left without an answer, and sends no second one": async (w) => {
    const notice = await issue(w.db, "sms");
    w.twilio.failNext({ status: 0, code: 0, message: "", hang: true });
    assert.equal(await drive(w.options, notice), 2);
    assert.equal(w.twilio.received.length, 1);
    const row = await rowOf(w.db);
    assert.deepEqual([row.state, row.provider_id], ["sent", w.twilio.received[0]?.sid]);
  },
  "deliver() has the whole channel wait when Twilio has too much": async (w) => {
    const timers = { now_ms: () => 0, after: () => () => {} };
    const limits = { email: new ChannelLimit(600, timers), sms: new ChannelLimit(600, timers) };
    const notice = await issue(w.db, "sms");
    w.twilio.failNext({ status: 429, code: 20429, message: "Too many", retry_after_s: 45 });
    await assert.rejects(() => deliver({ ...w.options, limits }, notice), RetryableError);
    // The next one is not even begun; mails go on.
    const { attempts } = await rowOf(w.db);
    await assert.rejects(() => deliver({ ...w.options, limits }, notice), /limit of rate/);
    assert.equal((await rowOf(w.db)).attempts, attempts);
    assert.equal(w.twilio.calls.length, 1);
    await limits.email.take();
  },
  "deliver() notes what left though the report was there before the answer": async (w) => {
    const notice = await issue(w.db, "sms");
    const send = async (to: string, body: string) => {
      const provider_id = await w.options.sms!.send(to, body);
      const { notification_id } = notice;
      const report = { notification_id, drive: 0, provider_id, word: "delivered" } as const;
      await applyReport(w.db, silentLog, { ...report, reason: null }, Date.now());
      return provider_id;
    };
    await deliver({ ...w.options, sms: { ...w.options.sms!, send } }, notice);
    const row = await rowOf(w.db);
    assert.deepEqual([row.state, row.delivery, row.segments], ["delivered", "delivered", 2]);
    assert.equal(w.twilio.received.length, 1);
  },
  "askAfterDue() asks Twilio after a text on which nobody reported": async (w) => {
    const notice = await issue(w.db, "sms");
    await deliver(w.options, notice);
    const asking = { db: w.db, sms: w.options.sms!, log: silentLog };
    const now_ms = Date.now();
    const hour_ms = 3_600_000;
    const { sid } = w.twilio.received[0]!;
    const standing = async () => {
      const { state, delivery, due_at } = await rowOf(w.db);
      return [state, delivery, due_at === null ? null : due_at.getTime() - now_ms];
    };
    assert.equal(await askAfterDue(asking, now_ms), 0);
    await w.twilio.report(sid, { status: "sent" });
    assert.equal(await askAfterDue(asking, now_ms + hour_ms), 1);
    assert.deepEqual(await standing(), ["sent", "sent", 7 * hour_ms]);
    // Two ask at once: one does. Then the last word, and nobody asks any more.
    await w.twilio.report(sid, { status: "undelivered", code: 30003 });
    const at_ms = now_ms + 7 * hour_ms;
    const counts = await Promise.all([askAfterDue(asking, at_ms), askAfterDue(asking, at_ms)]);
    assert.equal(counts[0]! + counts[1]!, 1);
    assert.deepEqual(await standing(), ["parked", "undelivered", null]);
    assert.equal((await rowOf(w.db)).last_error, "Twilio: undelivered, code 30003");
    assert.equal(await askAfterDue(asking, now_ms + 100 * hour_ms), 0);
    assert.deepEqual(w.twilio.refused, []);
    // Nothing new was heard for three days: it stays at the last word.
    const silent = await issue(w.db, "sms");
    await deliver(w.options, silent);
    assert.equal(await askAfterDue(asking, now_ms + 10 * hour_ms), 1);
    assert.deepEqual(await standing(), ["sent", "queued", 16 * hour_ms]);
    assert.equal(await askAfterDue(asking, now_ms + 90 * hour_ms), 1);
    assert.deepEqual(await standing(), ["sent", "queued", null]);
  },
  "deliver() skips who has no address, a void bill and a channel that is not set up": async (w) => {
    await deliver(w.options, await issue(w.db, "email", { recipient: null }));
    assert.deepEqual((await rowOf(w.db)).state, "skipped");
    await deliver({ ...w.options, sms: null }, await issue(w.db, "sms"));
    assert.equal((await rowOf(w.db)).last_error, "this channel is not configured");
    const notice = await issue(w.db, "email");
    await w.db.updateTable("invoice").set({ state: "void", void_reason: "wrong meter" }).execute();
    await deliver(w.options, notice);
    assert.equal((await rowOf(w.db)).last_error, "the invoice is void");
    assert.equal(w.smtp.received.length + w.twilio.received.length, 0);
  },
  "deliver() lets one of two workers send": async (w) => {
    const notice = await issue(w.db, "email");
    const results = await Promise.allSettled([
      deliver(w.options, notice),
      deliver(w.options, notice),
      deliver(w.options, notice),
    ]);
    for (const result of results) {
      if (result.status === "rejected") assert.ok(result.reason instanceof RetryableError);
    }
    assert.equal(w.smtp.received.length, 1);
  },
  "deliver() refuses a notice of a notification that is not there": async (w) => {
    const notice = await issue(w.db, "email");
    await assert.rejects(
      () => deliver(w.options, { ...notice, notification_id: 999 }),
      TerminalError,
    );
  },
  "deliver() keeps a bill when the folder cannot be written or the database is gone": async (w) => {
    const notice = await issue(w.db, "email");
    const billsDir = `${w.billsDir}/file`;
    await Deno.writeTextFile(billsDir, "");
    await assert.rejects(() => deliver({ ...w.options, billsDir }, notice), RetryableError);
    assert.match((await rowOf(w.db)).last_error ?? "", /Bill's file/);
    const db = new Proxy(w.db, {
      get(target, name, receiver) {
        if (name === "selectFrom") throw new Error("connection refused");
        return Reflect.get(target, name, receiver);
      },
    });
    await assert.rejects(() => deliver({ ...w.options, db }, notice), RetryableError);
  },
};

Deno.test("delivery, notice by notice", (t) =>
  withDatabase(async (db) => {
    for (const [name, run] of Object.entries(CASES)) {
      await t.step(name, () => withWorld(db, run));
    }
  }));

Deno.test("startDelivery() works through the queue on both channels and sets parked ones aside", () =>
  withBroker(({ broker }) =>
    withDatabase((db) =>
      withWorld(db, async ({ smtp, twilio, options }) => {
        const mail = await issue(db, "email", { language: "en" });
        const { notification_id } = await db.insertInto("notification").values({
          invoice_id: mail.invoice_id,
          channel: "sms",
          recipient: "+919820012345",
          state: "intended",
          attempts: 0,
        }).returning("notification_id").executeTakeFirstOrThrow();
        smtp.failNext({ code: 421, text: "Busy" });
        twilio.failNext({ status: 400, code: 21211, message: "Not a number" });
        const running = await startDelivery({ ...options, broker });
        const sms = { ...mail, notification_id, channel: "sms" as const };
        for (const notice of [mail, sms]) {
          await broker.publish(
            subjects.notice(notice.channel, notice.notification_id),
            utf8(JSON.stringify(notice)),
          );
        }
        const states = async () =>
          (await db.selectFrom("notification").select(["channel", "state"])
            .orderBy("channel").execute()).map(({ state }) => state).join();
        const until_ms = Date.now() + 10_000;
        while (await states() !== "sent,parked" && Date.now() < until_ms) {
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
        await running.stop();
        assert.equal(await states(), "sent,parked");
        assert.equal(smtp.received.length, 1);
        assert.equal(twilio.received.length, 0);
        const manager = await broker.manager();
        assert.equal((await manager.streams.info("NOTICES")).state.messages, 0);
        assert.equal((await manager.streams.info("DEAD")).state.messages, 1);
      })
    )
  ));
