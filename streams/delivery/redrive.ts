/** What a person does to notices: see them, have them sent anew, give them up, remind. */
import { indianDateOf } from "../../protocol/indian_time.ts";
import { TerminalError } from "../../protocol/errors.ts";
import { writeAudit } from "../database/audit.ts";
import type { Kysely, Transaction } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";
import { decideLocked, enqueueNotice } from "./notification_rows.ts";
import type { Channel } from "./suppressions.ts";

/** Who does it and why: kept for ever. */
export interface Deed {
  readonly reason: string;
  readonly actor: string;
  readonly now_ms: number;
}

/** How a notice is called in the audit trail. */
export const noticeSubject = (notification_id: number) => `notice ${notification_id}`;

/**
 * Has a parked or skipped notice sent anew, to `to` where its address was wrong. Throws
 * `TerminalError` when it is neither, or does not exist.
 */
export async function redrive(
  db: Kysely<Database>,
  notification_id: number,
  to: string | null,
  deed: Deed,
): Promise<void> {
  await db.transaction().execute((trx) => redriveIn(trx, notification_id, to, deed));
}

async function redriveIn(
  trx: Transaction<Database>,
  notification_id: number,
  to: string | null,
  { reason, actor, now_ms }: Deed,
): Promise<void> {
  const message = { type: "redrive", recipient: to } as const;
  const { row } = await decideLocked(trx, notification_id, message, now_ms);
  if (to !== null && to.includes("@") !== (row.channel === "email")) {
    throw new TerminalError(
      `Notice ${notification_id} goes by ${row.channel}: ${to} is no such address`,
    );
  }
  await writeAudit(trx, {
    actor,
    action: "notice.redriven",
    subject: noticeSubject(notification_id),
    detail: { reason, was: row.last_error, recipient: to ?? row.recipient, drive: row.drive + 1 },
  });
}

export interface ParkedFilter {
  readonly channel?: Channel | undefined;
  readonly period?: string | undefined;
  /** Of those whose reason has this text. */
  readonly why?: string | undefined;
}

/** Notices sent anew in one transaction. */
const REDRIVE_MAX = 200;

/**
 * Has parked notices sent anew, in the order of their ids and from `after_id` on, at most 200; returns
 * the last one's id, for the next call, null when none is left.
 */
export async function redriveParked(
  db: Kysely<Database>,
  filter: ParkedFilter,
  after_id: number,
  deed: Deed,
): Promise<{ readonly count: number; readonly last_id: number | null }> {
  return await db.transaction().execute(async (trx) => {
    const rows = await parkedQuery(trx, filter).select("notification_id")
      .where("notification_id", ">", after_id).orderBy("notification_id").limit(REDRIVE_MAX)
      .execute();
    for (const { notification_id } of rows) await redriveIn(trx, notification_id, null, deed);
    const last_id = rows.length < REDRIVE_MAX ? null : rows.at(-1)!.notification_id;
    return { count: rows.length, last_id };
  });
}

function parkedQuery(db: Kysely<Database>, { channel, period, why }: ParkedFilter) {
  let query = db.selectFrom("notification")
    .innerJoin("invoice", "invoice.invoice_id", "notification.invoice_id")
    .where("notification.state", "=", "parked");
  if (channel !== undefined) query = query.where("channel", "=", channel);
  if (period !== undefined) query = query.where("invoice.period", "=", period);
  if (why !== undefined) {
    query = query.where("last_error", "ilike", `%${why.replaceAll(/[\\%_]/g, "\\$&")}%`);
  }
  return query;
}

/** Gives a notice up: nothing is sent any more. Throws `TerminalError` when it is too late. */
export async function drop(
  db: Kysely<Database>,
  notification_id: number,
  { reason, actor, now_ms }: Deed,
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const message = { type: "drop", reason: `given up by ${actor}: ${reason}` } as const;
    const { row } = await decideLocked(trx, notification_id, message, now_ms);
    await writeAudit(trx, {
      actor,
      action: "notice.dropped",
      subject: noticeSubject(notification_id),
      detail: { reason, was: row.last_error },
    });
  });
}

/**
 * A mail came back: the mailbox's provider reported to the sender's, and a person read it. The notice
 * is parked and its address gets nothing more.
 */
export async function noteBounce(
  db: Kysely<Database>,
  notification_id: number,
  { reason, actor, now_ms }: Deed,
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const { provider_id, drive, state } = await trx.selectFrom("notification")
      .select(["provider_id", "drive", "state"]).where("notification_id", "=", notification_id)
      .forUpdate().executeTakeFirst() ?? { provider_id: null, drive: 0, state: "unknown" };
    if (provider_id === null) {
      throw new TerminalError(
        `Notice ${notification_id} is ${state}: nothing of it was taken, so nothing came back`,
      );
    }
    const word = { type: "word", provider_id, drive, word: "bounced", reason } as const;
    const { decision } = await decideLocked(trx, notification_id, word, now_ms);
    if (decision.next.delivery !== "bounced") {
      throw new TerminalError(`Notice ${notification_id} is known to have been delivered`);
    }
    await writeAudit(trx, {
      actor,
      action: "notice.bounced",
      subject: noticeSubject(notification_id),
      detail: { reason, provider_id },
    });
  });
}

/**
 * Intends a reminder of a bill over every channel on which the bill itself was not skipped, in the
 * caller's transaction: one a channel and day. Returns the ids; none where they are there already.
 */
export async function intendReminder(
  trx: Transaction<Database>,
  invoice_id: number,
  now_ms: number,
): Promise<number[]> {
  const bills = await trx.selectFrom("notification").select(["channel", "recipient"])
    .where("invoice_id", "=", invoice_id).where("kind", "=", "bill")
    .where("recipient", "is not", null).where("state", "<>", "skipped").execute();
  const occasion = indianDateOf(now_ms);
  const made: number[] = [];
  for (const { channel, recipient } of bills) {
    const row = await trx.insertInto("notification").values({
      ...{ invoice_id, channel, recipient, kind: "reminder", occasion, state: "intended" },
      ...{ attempts: 0, provider_id: null, last_error: null },
    })
      .onConflict((conflict) => conflict.constraint("notification_once").doNothing())
      .returning("notification_id").executeTakeFirst();
    if (row === undefined) continue;
    const { notification_id } = row;
    await enqueueNotice(
      trx,
      { notification_id, invoice_id, channel },
      `notice-${notification_id}`,
    );
    made.push(notification_id);
  }
  return made;
}
