/**
 * Works through the queue of notices: load, note the attempt, send, note the answer.
 *
 * The queue gives at least one delivery, the table makes it one message: what is sent is decided from
 * the row, and a row changes only from the state that it was read in. What is left is the crash
 * between sending and writing it down. A mail is then sent again with the same Message-ID; an SMS is
 * looked up at the provider first.
 */
import { failureOf, TooFastError } from "../../actors/notification/failures.ts";
import { receive } from "../../actors/notification/notification.ts";
import {
  type Decision,
  type Notification,
  NOTIFICATION_POLICY,
  type NotificationMessage,
  type NotificationPolicy,
} from "../../actors/notification/state.ts";
import { RetryableError, TerminalError } from "../../protocol/errors.ts";
import { type Notice, notice } from "../../protocol/messages/billing.ts";
import { parseJson } from "../../protocol/schema.ts";
import { outstandingOf } from "../accounts/ledger_rows.ts";
import type { Broker, Stoppable, WorkMessage } from "../jetstream/broker.ts";
import { ASK_AFTER_MS } from "./asking.ts";
import type { ChannelLimit } from "./channel_limit.ts";
import { mayPass } from "./may_pass.ts";
import { decideLocked, notificationOf, tellSecond, writeDecision } from "./notification_rows.ts";
import { drawBill, type Loaded, sendOnce, type SendOptions, type Sent } from "./send.ts";
import { suppressionOf } from "./suppressions.ts";

export interface DeliveryOptions extends SendOptions {
  readonly broker: Broker;
  /** Notices of each channel that are worked on at the same time. */
  readonly concurrency?: number;
  /** How fast each channel may send; without it as fast as it goes. */
  readonly limits?: Readonly<Record<Notice["channel"], ChannelLimit>>;
  readonly policy?: NotificationPolicy;
  readonly now_ms?: () => number;
}

const CONCURRENCY = 4;

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

/**
 * Handles one notice. Returns when nothing is left to do, or when the table hands it out again later;
 * throws `RetryableError` when the queue must, and `TerminalError` when it is parked, so that it shows
 * among the dead letters too.
 */
export async function deliver(options: DeliveryOptions, given: Notice): Promise<void> {
  const { db, limits } = options;
  const now = options.now_ms ?? Date.now;
  const policy = options.policy ?? NOTIFICATION_POLICY;
  // Before the row is read: what is decided of it should not be old.
  await limits?.[given.channel].take();
  const loaded = await mayPass("Database", load(options, given));
  const decide = (state: Notification, message: NotificationMessage) =>
    receive(state, message, now(), policy);
  const first = decide(loaded.state, {
    type: "notice",
    invoice: loaded.invoice,
    channel_ready: (given.channel === "email" ? options.mail : options.sms) !== null,
    suppressed: loaded.suppressed,
  });
  await mayPass("Database", writeDecision(db, given, loaded.state, first));
  const send = first.effects.find((effect) => effect.effect === "send");
  if (send === undefined) {
    // Whoever is sent nothing has the bill's file all the same.
    if (loaded.suppressed !== null && first.next.state === "parked") {
      await drawBill(options, given.invoice_id);
    }
    return perform(first);
  }
  let sent: Sent;
  try {
    sent = await sendOnce(options, loaded, send.may_have_left);
  } catch (error) {
    if (error instanceof TooFastError) limits?.[given.channel].pause(error.after_ms);
    const failed = decide(first.next, failureOf(error));
    await mayPass("Database", writeDecision(db, given, first.next, failed));
    return perform(failed);
  }
  await mayPass("Database", noteSent(options, given, sent, now()));
}

/** Under the row's lock: the provider's report may have been there before its answer. */
async function noteSent(options: DeliveryOptions, given: Notice, sent: Sent, now_ms: number) {
  const { notification_id, channel } = given;
  const ask_after_ms = channel === "sms" ? ASK_AFTER_MS : null;
  const { decision, row } = await options.db.transaction().execute((trx) =>
    decideLocked(trx, notification_id, { type: "accepted", ...sent, ask_after_ms }, now_ms)
  );
  tellSecond(options.log, row, decision);
}

async function load({ db }: DeliveryOptions, given: Notice): Promise<Loaded> {
  const row = await db.selectFrom("notification")
    .innerJoin("invoice", "invoice.invoice_id", "notification.invoice_id")
    .selectAll("notification").select(["invoice.state as invoice_state", "invoice.account_id"])
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
  const outstanding_paise = row.kind === "reminder"
    ? await outstandingOf(db, row.account_id, row.invoice_id)
    : null;
  const paid = outstanding_paise === 0 && row.invoice_state === "issued";
  return {
    notice: given,
    state: notificationOf(row),
    invoice: paid ? "paid" : row.invoice_state,
    outstanding_paise,
    suppressed: await suppressionOf(db, given.channel, row.recipient),
    created_at_ms: row.created_at.getTime(),
  };
}

function perform(decision: Decision): void {
  for (const effect of decision.effects) {
    if (effect.effect === "retry") throw new RetryableError(effect.reason, effect.after_ms);
    if (effect.effect === "dead") throw new TerminalError(effect.reason);
  }
}
