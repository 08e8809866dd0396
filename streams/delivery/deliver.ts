/**
 * Works through the queue of notices: load, note the attempt, send, note the answer.
 *
 * The queue gives at least one delivery, the table makes it one message: what is sent is decided from
 * the row, and a row changes only from the state that it was read in. What is left is the crash
 * between sending and writing it down. A mail is then sent again with the same Message-ID; an SMS is
 * looked up at the provider first.
 */
import {
  type Decision,
  failureOf,
  type Notification,
  NOTIFICATION_POLICY,
  type NotificationMessage,
  type NotificationPolicy,
  receive,
} from "../../actors/notification/notification.ts";
import { RetryableError, TerminalError } from "../../protocol/errors.ts";
import { type Notice, notice } from "../../protocol/messages/billing.ts";
import { parseJson } from "../../protocol/schema.ts";
import type { Kysely } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";
import type { Broker, Stoppable, WorkMessage } from "../jetstream/broker.ts";
import type { Log } from "../terminal/log.ts";
import type { BillDocument, Utility } from "./bill_document.ts";
import { loadBill, writeBillPdf } from "./bills.ts";
import { letterOf } from "./letter.ts";
import { mayPass } from "./may_pass.ts";
import type { Mailer } from "./mail.ts";
import type { Texter } from "./sms.ts";
import { smsTextOf } from "./sms_text.ts";

export interface DeliveryOptions {
  readonly db: Kysely<Database>;
  readonly broker: Broker;
  /** Null: no mail server is configured, and mails are skipped, saying so. */
  readonly mail: Mailer | null;
  readonly sms: Texter | null;
  readonly billsDir: string;
  readonly utility: Utility;
  readonly log: Log;
  /** Notices of each channel that are worked on at the same time. */
  readonly concurrency?: number;
  readonly policy?: NotificationPolicy;
  readonly now_ms?: () => number;
}

const CONCURRENCY = 4;
/** After a row changed under us: the other worker is at it. */
const CONTENDED_AFTER_MS = 1_000;

/** Sends bills until stopped; `stop()` waits for those that are being sent. */
export async function startDelivery(options: DeliveryOptions): Promise<Stoppable> {
  const concurrency = options.concurrency ?? CONCURRENCY;
  const handler = (message: WorkMessage) => deliver(options, noticeOf(message));
  const workers = await Promise.all(
    ["delivery-email", "delivery-sms"].map((consumer) =>
      options.broker.work({ stream: "NOTICES", consumer, concurrency }, handler)
    ),
  );
  return {
    async stop() {
      await Promise.all(workers.map((worker) => worker.stop()));
    },
  };
}

function noticeOf({ payload, subject }: WorkMessage): Notice {
  return parseJson(notice, new TextDecoder().decode(payload), `Notice ${subject}`);
}

interface Loaded {
  readonly notice: Notice;
  readonly state: Notification;
  readonly invoice: "issued" | "void";
}

/**
 * Handles one notice. Returns when nothing is left to do; throws `RetryableError` when it must come
 * again, and `TerminalError` when it is parked, so that it shows among the dead letters too.
 */
export async function deliver(options: DeliveryOptions, given: Notice): Promise<void> {
  const now = options.now_ms ?? Date.now;
  const policy = options.policy ?? NOTIFICATION_POLICY;
  const loaded = await mayPass("Database", load(options, given));
  const decide = (state: Notification, message: NotificationMessage) =>
    receive(state, message, now(), policy);
  const first = decide(loaded.state, {
    type: "notice",
    invoice: loaded.invoice,
    channel_ready: (given.channel === "email" ? options.mail : options.sms) !== null,
  });
  await mayPass("Database", write(options, given, loaded.state, first));
  const send = first.effects.find((effect) => effect.effect === "send");
  if (send === undefined) return perform(first);
  let answer: NotificationMessage;
  try {
    const provider_id = await sendOnce(options, loaded, send.may_have_left);
    answer = { type: "accepted", provider_id };
  } catch (error) {
    answer = failureOf(error);
  }
  const second = decide(first.next, answer);
  await mayPass("Database", write(options, given, first.next, second));
  perform(second);
}

async function load({ db }: DeliveryOptions, given: Notice): Promise<Loaded> {
  const row = await db.selectFrom("notification")
    .innerJoin("invoice", "invoice.invoice_id", "notification.invoice_id")
    .selectAll("notification").select("invoice.state as invoice_state")
    .where("notification_id", "=", given.notification_id)
    .where("channel", "=", given.channel)
    .where("notification.invoice_id", "=", given.invoice_id)
    .executeTakeFirst();
  if (row === undefined) {
    throw new TerminalError(
      `Notification ${given.notification_id} by ${given.channel} of invoice ${given.invoice_id} ` +
        `does not exist`,
    );
  }
  const { state, recipient, attempts, provider_id, last_error, updated_at } = row;
  const updated_at_ms = updated_at.getTime();
  return {
    notice: given,
    state: { state, recipient, attempts, provider_id, last_error, updated_at_ms },
    invoice: row.invoice_state,
  };
}

/** Writes what was decided, if the row still stands as it was when that was decided. */
async function write(
  { db }: DeliveryOptions,
  { notification_id }: Notice,
  from: Notification,
  { next }: Decision,
): Promise<void> {
  if (next === from) return;
  const { state, attempts, provider_id, last_error, updated_at_ms } = next;
  const written = await db.updateTable("notification")
    .set({ state, attempts, provider_id, last_error, updated_at: new Date(updated_at_ms) })
    .where("notification_id", "=", notification_id)
    .where("state", "=", from.state)
    .where("attempts", "=", from.attempts)
    .executeTakeFirst();
  if (written.numUpdatedRows === 0n) {
    throw new RetryableError(
      `Notification ${notification_id} changed meanwhile`,
      CONTENDED_AFTER_MS,
    );
  }
}

function perform(decision: Decision): void {
  for (const effect of decision.effects) {
    if (effect.effect === "retry") throw new RetryableError(effect.reason, effect.after_ms);
    if (effect.effect === "dead") throw new TerminalError(effect.reason);
  }
}

/** One attempt. Returns the provider's id. */
async function sendOnce(options: DeliveryOptions, loaded: Loaded, mayHaveLeft: boolean) {
  const { notice, state: { recipient } } = loaded;
  if (recipient === null) throw new TerminalError("no address to send to");
  const { bill } = await mayPass(
    "Database",
    loadBill(options.db, notice.invoice_id, options.utility),
  );
  const sent = notice.channel === "email"
    ? await sendMail(options, bill, notice, recipient)
    : await sendText(options, bill, recipient, mayHaveLeft);
  options.log.info(`bill sent by ${notice.channel}`, {
    number: bill.number,
    attempt: loaded.state.attempts + 1,
    provider_id: sent,
  });
  return sent;
}

async function sendMail(
  options: DeliveryOptions,
  bill: BillDocument,
  { notification_id }: Notice,
  recipient: string,
) {
  if (options.mail === null) throw new TerminalError("no mail server is configured");
  const { pdf } = await mayPass("Bill's file", writeBillPdf(options.billsDir, bill));
  return options.mail.send(letterOf(bill, notification_id, recipient, pdf));
}

async function sendText(
  options: DeliveryOptions,
  bill: BillDocument,
  recipient: string,
  mayHaveLeft: boolean,
) {
  if (options.sms === null) throw new TerminalError("no SMS service is configured");
  // Who has no mailbox has the bill's PDF in the folder all the same.
  if (bill.consumer.email === null) {
    await mayPass("Bill's file", writeBillPdf(options.billsDir, bill));
  }
  const text = smsTextOf(bill);
  // An attempt before this one ended without an answer: no text of it is older than the bill.
  const found = mayHaveLeft
    ? await options.sms.find(recipient, text, bill.issued_at_ms)
    : undefined;
  return found ?? await options.sms.send(recipient, text);
}
