/** Notifications in the table: read, decided upon and written as one, with what hangs on them. */
import { receive } from "../../actors/notification/notification.ts";
import {
  type Decision,
  type Notification,
  type NotificationMessage,
} from "../../actors/notification/state.ts";
import { RetryableError, TerminalError } from "../../protocol/errors.ts";
import type { Notice } from "../../protocol/messages/billing.ts";
import { subjects } from "../../protocol/subjects.ts";
import type { Kysely, Selectable, Transaction } from "../database/kysely.ts";
import { enqueue } from "../database/outbox.ts";
import type { Database, NotificationTable } from "../database/schema.ts";
import type { Log } from "../terminal/log.ts";
import { suppress } from "./suppressions.ts";

/** After a row changed under us: somebody else is at it. */
const CONTENDED_AFTER_MS = 1_000;

/** The actor's state of one row. */
export function notificationOf(row: Selectable<NotificationTable>): Notification {
  return {
    state: row.state,
    kind: row.kind,
    recipient: row.recipient,
    attempts: row.attempts,
    unanswered: row.unanswered,
    drive: row.drive,
    provider_id: row.provider_id,
    delivery: row.delivery,
    last_error: row.last_error,
    due_at_ms: row.due_at?.getTime() ?? null,
    template_id: row.template_id,
    segments: row.segments,
    updated_at_ms: row.updated_at.getTime(),
  };
}

function columnsOf({ due_at_ms, updated_at_ms, kind: _kind, ...same }: Notification) {
  return {
    ...same,
    due_at: due_at_ms === null ? null : new Date(due_at_ms),
    updated_at: new Date(updated_at_ms),
  };
}

/**
 * Writes what was decided, if the row still stands as it was when that was decided, with the effects
 * that belong into the same transaction. Throws `RetryableError` when the row changed meanwhile.
 */
export async function writeDecision(
  db: Kysely<Database>,
  notice: Notice,
  from: Notification,
  { next, effects }: Decision,
): Promise<void> {
  if (next === from) return;
  const { notification_id } = notice;
  const update = async (on: Kysely<Database>) => {
    const written = await on.updateTable("notification").set(columnsOf(next))
      .where("notification_id", "=", notification_id)
      .where("state", "=", from.state)
      .where("attempts", "=", from.attempts)
      .where("drive", "=", from.drive)
      .executeTakeFirst();
    if (written.numUpdatedRows > 0n) return;
    throw new RetryableError(
      `Notification ${notification_id} changed meanwhile`,
      CONTENDED_AFTER_MS,
    );
  };
  if (!effects.some(({ effect }) => effect === "suppress")) return await update(db);
  await db.transaction().execute(async (trx) => {
    await update(trx);
    await writeEffects(trx, notice, next, effects);
  });
}

/** What belongs into the transaction that writes the row. */
async function writeEffects(
  trx: Transaction<Database>,
  notice: Notice,
  { drive }: Notification,
  effects: Decision["effects"],
): Promise<void> {
  const { notification_id, channel } = notice;
  for (const effect of effects) {
    if (effect.effect === "suppress") {
      const { recipient, reason } = effect;
      await suppress(trx, { channel, recipient, reason, notification_id });
    }
    if (effect.effect === "enqueue") {
      await enqueueNotice(trx, notice, `notice-${notification_id}-${drive}`);
    }
  }
}

/** Has the queue hand the notice out (once more), in the caller's transaction. */
export async function enqueueNotice(
  trx: Transaction<Database>,
  { notification_id, invoice_id, channel }: Notice,
  message_id: string,
): Promise<void> {
  const payload: Notice = { notification_id, invoice_id, channel };
  await enqueue(trx, { subject: subjects.notice(channel, notification_id), message_id, payload });
}

/**
 * What `message` makes of the row `notification_id`, decided and written under its lock: for what does
 * not come by the queue. Returns the decision and the row. Throws `TerminalError` when there is no
 * such row, or when the actor refuses.
 */
export async function decideLocked(
  trx: Transaction<Database>,
  notification_id: number,
  message: NotificationMessage,
  now_ms: number,
): Promise<{ readonly decision: Decision; readonly row: Selectable<NotificationTable> }> {
  const row = await trx.selectFrom("notification").selectAll()
    .where("notification_id", "=", notification_id).forUpdate().executeTakeFirst();
  if (row === undefined) throw new TerminalError(`There is no notice ${notification_id}`);
  const from = notificationOf(row);
  const decision = receive(from, message, now_ms);
  const refusal = decision.effects.find((effect) => effect.effect === "refuse");
  if (refusal !== undefined) {
    throw new TerminalError(`Notice ${notification_id}: ${refusal.reason}`);
  }
  if (decision.next !== from) {
    await trx.updateTable("notification").set(columnsOf(decision.next))
      .where("notification_id", "=", notification_id).execute();
  }
  await writeEffects(trx, row, decision.next, decision.effects);
  return { decision, row };
}

/** Says that a second message of one notice is on its way: the one thing that must not be silent. */
export function tellSecond(
  log: Log,
  { notification_id, provider_id }: Selectable<NotificationTable>,
  { effects }: Decision,
): void {
  for (const effect of effects) {
    if (effect.effect !== "second") continue;
    log.error("a second message of one notice has left", {
      notice: notification_id,
      first: provider_id,
      second: effect.provider_id,
    });
  }
}
