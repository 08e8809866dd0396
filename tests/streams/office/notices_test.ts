/** What a person does to notices, from the command line over a real broker. */
import assert from "node:assert/strict";
import { NOTIFICATION_POLICY } from "../../../actors/notification/state.ts";
import { RetryableError, TerminalError } from "../../../protocol/errors.ts";
import { deliver, type DeliveryOptions } from "../../../streams/delivery/deliver.ts";
import { handOutDue } from "../../../streams/delivery/due.ts";
import type { Letter } from "../../../streams/delivery/letter.ts";
import { createMailer } from "../../../streams/delivery/mail.ts";
import { suppress } from "../../../streams/delivery/suppressions.ts";
import { billVerbs } from "../../../streams/office/bill_verbs.ts";
import { noticeVerbs } from "../../../streams/office/notice_verbs.ts";
import { command as billShow } from "../../../streams/terminal/commands/bill_show.ts";
import { command as bounce } from "../../../streams/terminal/commands/notice_bounce.ts";
import { command as drop } from "../../../streams/terminal/commands/notice_drop.ts";
import { command as lift } from "../../../streams/terminal/commands/notice_lift.ts";
import { command as list } from "../../../streams/terminal/commands/notice_list.ts";
import { command as remind } from "../../../streams/terminal/commands/notice_remind.ts";
import { command as retry } from "../../../streams/terminal/commands/notice_retry.ts";
import { command as show } from "../../../streams/terminal/commands/notice_show.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { withOffice } from "../../support/office.ts";
import { failure, runCommand, usage } from "../../support/command_line.ts";
import { withDatabase } from "../../support/database.ts";
import { withSmtp } from "../../support/smtp.ts";
import type { Db } from "../billing/fixture.ts";
import { issueBill, noticeOf } from "../delivery/issued.ts";
import { utility } from "../delivery/sample.ts";

/** Six in the evening in India. */
const EVENING = Date.parse("2026-05-10T18:00:00+05:30");
/** Eleven at night. */
const NIGHT = Date.parse("2026-05-10T23:00:00+05:30");

async function atOffice(body: (db: Db, at: { now_ms: number }) => Promise<void>): Promise<void> {
  const at = { now_ms: EVENING };
  const verbs = { ...noticeVerbs, ...billVerbs };
  await withOffice(verbs, { now_ms: () => at.now_ms }, ({ db }) => body(db, at));
}

async function park(db: Db, n: number, channel: "email" | "sms", last_error: string) {
  const { notification_id } = await noticeOf(db, n, channel);
  await db.updateTable("notification").set({ state: "parked", last_error, attempts: 1 })
    .where("notification_id", "=", notification_id).execute();
  return String(notification_id);
}

const messagesOf = async (db: Db) =>
  (await db.selectFrom("outbox").select("message_id").orderBy("outbox_id").execute())
    .map(({ message_id }) => message_id);

Deno.test("samay notice shows what is parked and why, and sends it anew once a person says so", () =>
  atOffice(async (db) => {
    const number = await issueBill(db, 1);
    await issueBill(db, 2);
    const mail = await park(db, 1, "email", "Mail: 550 5.1.1 No such user");
    const text = await park(db, 2, "sms", "Twilio: undelivered, code 30003");
    await db.deleteFrom("outbox").execute();

    const listed = await runCommand(list);
    assert.match(listed, /parked/);
    assert.match(listed, /c1@example\.org/);
    assert.match(listed, /30003/);
    assert.doesNotMatch(await runCommand(list, "--channel", "sms"), /c1@example\.org/);
    assert.equal(JSON.parse(await runCommand(list, "--state", "all", "--json")).length, 4);
    assert.match(await runCommand(show, mail), /why +Mail: 550 5\.1\.1 No such user/);
    assert.match(
      await runCommand(billShow, number),
      new RegExp(`email to c1@example.org: parked \\(Mail: 550 .*\\); notice ${mail}`),
    );

    await assert.rejects(() => runCommand(retry, mail), usage(/Say why/));
    await assert.rejects(
      () => runCommand(retry, "--reason", "x"),
      usage(/Name one notice, or give/),
    );
    await assert.rejects(
      () => runCommand(retry, "0", "--reason", "x"),
      usage(/A notice has a number/),
    );
    await assert.rejects(() => runCommand(retry, "99", "--reason", "x"), failure(/no notice 99/));
    await assert.rejects(
      () => runCommand(retry, mail, "--reason", "x", "--to", "+919800000009"),
      failure(/goes by email/),
    );
    assert.equal((await noticeOf(db, 1, "email")).state, "parked");

    await runCommand(retry, mail, "--reason", "a slip of the pen", "--to", "c1@mended.example");
    const mended = await noticeOf(db, 1, "email");
    assert.deepEqual([mended.state, mended.recipient, mended.attempts, mended.drive], [
      "intended",
      "c1@mended.example",
      0,
      1,
    ]);
    assert.deepEqual(await messagesOf(db), [`notice-${mail}-1`]);
    assert.match(await runCommand(show, mail), /notice\.redriven by \S+: a slip of the pen/);
    await assert.rejects(() => runCommand(retry, mail, "--reason", "x"), failure(/it is intended/));

    const none = ["--parked", "--reason", "carrier is back", "--why", "code 30009"];
    assert.equal(await runCommand(retry, ...none), "0 notices are sent anew");
    const those = ["--parked", "--reason", "carrier is back", "--why", "code 30003"];
    assert.equal(await runCommand(retry, ...those), "1 notice is sent anew");
    assert.deepEqual(await messagesOf(db), [`notice-${mail}-1`, `notice-${text}-1`]);
    assert.equal(await runCommand(list), "No notices are parked");
  }));

Deno.test("samay notice gives up, notes a mail that came back, and lifts its address", () =>
  atOffice(async (db) => {
    await issueBill(db, 1);
    const text = await park(db, 1, "sms", "Twilio: no");
    await runCommand(drop, text, "--reason", "handed over at the counter");
    const dropped = await noticeOf(db, 1, "sms");
    assert.equal(dropped.state, "skipped");
    assert.match(dropped.last_error!, /given up by .*: handed over at the counter/);
    await assert.rejects(() => runCommand(drop, text, "--reason", "x"), failure(/it is skipped/));

    const { notification_id } = await noticeOf(db, 1, "email");
    const mail = String(notification_id);
    const back = ["--reason", "550 user unknown"];
    await assert.rejects(
      () => runCommand(bounce, mail, ...back),
      failure(/nothing of it was taken/),
    );
    await db.updateTable("notification").set({ state: "sent", provider_id: "<m>" })
      .where("notification_id", "=", notification_id).execute();
    await runCommand(bounce, mail, ...back);
    const bounced = await noticeOf(db, 1, "email");
    assert.deepEqual([bounced.state, bounced.delivery, bounced.last_error], [
      "parked",
      "bounced",
      "550 user unknown",
    ]);
    assert.match(
      await runCommand(list, "--suppressed"),
      /email +c1@example\.org .* 550 user unknown/,
    );
    assert.match(await runCommand(show, mail), /suppressed +c1@example\.org is suppressed/);

    await assert.rejects(
      () => runCommand(lift, "nobody@example.org", "--reason", "x"),
      failure(/is not suppressed/),
    );
    await runCommand(lift, "C1@Example.org", "--reason", "mailbox opened again");
    assert.equal(await runCommand(list, "--suppressed"), "No address is suppressed");
    const audit = await db.selectFrom("audit").select(["action", "subject"])
      .where("subject", "=", "c1@example.org").orderBy("audit_id").execute();
    assert.deepEqual(audit.map(({ action }) => action), ["address.suppressed", "address.lifted"]);
  }));

/** Delivery by mail alone, at a time of the test's choice. */
async function withMail(
  db: Db,
  body: (options: DeliveryOptions, received: readonly unknown[]) => Promise<void>,
) {
  const billsDir = await Deno.makeTempDir({ prefix: "samay-bills-" });
  try {
    await withSmtp(async (smtp) => {
      const mail = createMailer({ url: smtp.url, from: "bills@samay.example" });
      await body({
        ...{ db, mail, sms: null, billsDir, utility, log: silentLog },
        ...{ broker: undefined as never, policy: NOTIFICATION_POLICY },
      }, smtp.received);
      mail.close();
    });
  } finally {
    await Deno.remove(billsDir, { recursive: true });
  }
}

Deno.test("samay notice remind waits in the table for the morning, and reminds once a day", () =>
  atOffice(async (db, at) => {
    const number = await issueBill(db, 1, { phone: null });
    await db.deleteFrom("outbox").execute();
    at.now_ms = NIGHT;
    const due = ["--reason", "due in three days"];
    assert.match(await runCommand(remind, number, ...due), /Reminder of bill .*: notice \d+$/);
    assert.match(await runCommand(remind, number, ...due), /Nobody is reminded/);
    const { notification_id, invoice_id } = await db.selectFrom("notification").selectAll()
      .where("kind", "=", "reminder").executeTakeFirstOrThrow();
    assert.deepEqual(await messagesOf(db), [`notice-${notification_id}`]);
    const notice = { notification_id, invoice_id, channel: "email" } as const;
    await withMail(db, async (options, received) => {
      const deliverAt = (now_ms: number) => deliver({ ...options, now_ms: () => now_ms }, notice);
      // The queue lets go of it, and nothing goes out at night.
      await deliverAt(NIGHT);
      assert.equal(received.length, 0);
      const morning_ms = Date.parse("2026-05-11T09:00:00+05:30");
      assert.match(await runCommand(billShow, number), /reminder email .* due 2026-05-11 09:00:00/);
      assert.equal(await handOutDue(db, morning_ms - 1), 0);
      assert.equal(await handOutDue(db, morning_ms), 1);
      assert.equal(await handOutDue(db, morning_ms), 0);
      assert.deepEqual((await messagesOf(db)).slice(1), [
        `notice-${notification_id}-due-${morning_ms}`,
      ]);
      await deliverAt(morning_ms);
      assert.equal(received.length, 1);
    });
    at.now_ms = NIGHT + 86_400_000;
    assert.match(await runCommand(remind, number, ...due), /notice \d+$/);
  }));

Deno.test("deliver() sends nothing to a suppressed address, and suppresses one that is refused", () =>
  withDatabase(async (db) => {
    await issueBill(db, 1);
    const { notification_id, invoice_id } = await noticeOf(db, 1, "email");
    const notice = { notification_id, invoice_id, channel: "email" } as const;
    await withMail(db, async (options, received) => {
      const entry = { channel: "email", recipient: "C1@example.org", reason: "bounced" } as const;
      await suppress(db, { ...entry, notification_id: null });
      await assert.rejects(() => deliver(options, notice), TerminalError);
      assert.equal(received.length, 0);
      const { state, last_error } = await noticeOf(db, 1, "email");
      assert.equal(state, "parked");
      assert.match(last_error!, /c1@example\.org is suppressed \(bounced\); lift it with/);
      // The bill's file is there all the same.
      assert.equal([...Deno.readDirSync(`${options.billsDir}/2026-04`)].length, 1);
    });
  }));

Deno.test("deliver() counts no letter that was not sent as one that may have left", () =>
  withDatabase(async (db) => {
    await issueBill(db, 1);
    const { notification_id, invoice_id } = await noticeOf(db, 1, "email");
    const notice = { notification_id, invoice_id, channel: "email" } as const;
    await withMail(db, async (options) => {
      const send = (_letter: Letter) => Promise.reject(new RetryableError("451 later"));
      const mail = { send, close: () => {} };
      await assert.rejects(() => deliver({ ...options, mail }, notice), RetryableError);
      assert.equal((await noticeOf(db, 1, "email")).unanswered, 0);
    });
  }));
