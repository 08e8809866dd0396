/** The verbs of the notices: what became of each message to a customer, and what to do about it. */
import { period } from "../../protocol/messages/billing.ts";
import { TerminalError } from "../../protocol/errors.ts";
import { z } from "../../protocol/schema.ts";
import { auditOf, writeAudit } from "../database/audit.ts";
import { billName, findInvoice } from "../billing/invoices.ts";
import {
  drop,
  intendReminder,
  noteBounce,
  noticeSubject,
  redrive,
  redriveParked,
} from "../delivery/redrive.ts";
import { liftSuppression, suppressionOf, suppressions } from "../delivery/suppressions.ts";
import { type OfficeContext, verb, type Verbs } from "./office.ts";

const LIST_MAX = 500;
const notice_id = z.int().positive();
const channel = z.enum(["email", "sms"]);
/** A mailbox, or a number in E.164. */
const address = z.string().trim().max(254)
  .regex(
    /^(?:[^\s<>@]+@[^\s<>@]+|\+[1-9]\d{6,14})$/,
    "a mailbox or a number such as +919820012345",
  );
const deed = {
  reason: z.string().trim().min(1, "say why").max(200),
  actor: z.string().trim().min(1).max(64).default("office"),
};
const state = z.enum(["intended", "sending", "sent", "delivered", "parked", "skipped"]);

function rowsOf({ db }: Pick<OfficeContext, "db">) {
  return db.selectFrom("notification")
    .innerJoin("invoice", "invoice.invoice_id", "notification.invoice_id")
    .selectAll("notification").select(["invoice.number", "invoice.account_id", "invoice.period"]);
}

/** Newest first. */
const noticeList = verb(
  z.object({
    state: state.optional(),
    channel: channel.optional(),
    period: period.optional(),
    limit: z.int().min(1).max(LIST_MAX).default(50),
  }),
  async ({ state, channel, period, limit }, context) => {
    let query = rowsOf(context);
    if (state !== undefined) query = query.where("notification.state", "=", state);
    if (channel !== undefined) query = query.where("channel", "=", channel);
    if (period !== undefined) query = query.where("invoice.period", "=", period);
    return await query.orderBy("notification_id", "desc").limit(limit).execute();
  },
);

const noticeShow = verb(z.object({ notice: notice_id }), async ({ notice }, context) => {
  const row = await rowsOf(context).where("notification_id", "=", notice).executeTakeFirst();
  if (row === undefined) throw new TerminalError(`There is no notice ${notice}`);
  return {
    ...row,
    suppressed: await suppressionOf(context.db, row.channel, row.recipient),
    audit: await auditOf(context.db, noticeSubject(notice)),
  };
});

const noticeRetry = verb(
  z.object({ notice: notice_id, to: address.optional(), ...deed }),
  async ({ notice, to, ...given }, { db, now_ms }) => {
    await redrive(db, notice, to ?? null, { ...given, now_ms: now_ms() });
    return { notice };
  },
);

/** At most 200 a call; `last_id` goes into the next one. */
const noticeRetryParked = verb(
  z.object({
    channel: channel.optional(),
    period: period.optional(),
    why: z.string().trim().min(1).max(100).optional(),
    after_id: z.int().nonnegative().default(0),
    ...deed,
  }),
  async ({ channel, period, why, after_id, ...given }, { db, now_ms }) =>
    await redriveParked(db, { channel, period, why }, after_id, { ...given, now_ms: now_ms() }),
);

const noticeDrop = verb(
  z.object({ notice: notice_id, ...deed }),
  async ({ notice, ...given }, { db, now_ms }) => {
    await drop(db, notice, { ...given, now_ms: now_ms() });
    return { notice };
  },
);

const noticeBounce = verb(
  z.object({ notice: notice_id, ...deed }),
  async ({ notice, ...given }, { db, now_ms }) => {
    await noteBounce(db, notice, { ...given, now_ms: now_ms() });
    return { notice };
  },
);

const noticeRemind = verb(
  z.object({ bill: billName, ...deed }),
  async ({ bill, reason, actor }, { db, now_ms }) => {
    const { invoice_id, number, state } = await findInvoice(db, bill);
    if (state === "void") {
      throw new TerminalError(`Bill ${number} is void: nobody is reminded of it`);
    }
    const notices = await db.transaction().execute(async (trx) => {
      const made = await intendReminder(trx, invoice_id, now_ms());
      if (made.length > 0) {
        const detail = { reason, notices: made };
        await writeAudit(trx, { actor, action: "bill.reminded", subject: number, detail });
      }
      return made;
    });
    return { number, notices };
  },
);

const noticeLift = verb(
  z.object({ address, ...deed }),
  async (given, { db }) => await liftSuppression(db, given),
);

export const noticeVerbs: Verbs = {
  "notice-list": noticeList,
  "notice-show": noticeShow,
  "notice-retry": noticeRetry,
  "notice-retry-parked": noticeRetryParked,
  "notice-drop": noticeDrop,
  "notice-bounce": noticeBounce,
  "notice-remind": noticeRemind,
  "notice-suppressed": verb(z.object({}), async (_input, { db }) => await suppressions(db)),
  "notice-lift": noticeLift,
};
