/**
 * Notices that wait in the table and not in the queue: until the quiet hours end, or until a provider
 * that was in trouble is asked again. When one is due, the outbox hands it to the queue once more.
 */
import { type Kysely, sql } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";
import { runTurns } from "../database/turns.ts";
import type { Stoppable } from "../jetstream/broker.ts";
import type { Log } from "../terminal/log.ts";
import { enqueueNotice } from "./notification_rows.ts";

/** Notices handed out in one transaction. */
const BATCH_MAX = 500;
const POLL_MS = 5_000;

export interface DueOptions {
  readonly db: Kysely<Database>;
  readonly log: Log;
  readonly onCommitted?: () => void;
  readonly poll_ms?: number;
  readonly now_ms?: () => number;
}

/** Hands out what is due until stopped. Any number of processes may do so at once. */
export function startDue(options: DueOptions): Stoppable {
  const { db, log, poll_ms = POLL_MS, now_ms = Date.now, onCommitted } = options;
  return runTurns({
    what: "notices that are due",
    log,
    turn: async () => {
      const handed = await handOutDue(db, now_ms());
      if (handed > 0) onCommitted?.();
      return handed === BATCH_MAX ? 0 : poll_ms;
    },
  });
}

/** Puts at most 500 notices that are due into the outbox, in one transaction; returns how many. */
export async function handOutDue(db: Kysely<Database>, now_ms: number): Promise<number> {
  return await db.transaction().execute(async (trx) => {
    const due = await trx.selectFrom("notification")
      .select(["notification_id", "invoice_id", "channel", "due_at"])
      .where("due_at", "<=", new Date(now_ms)).where("state", "in", ["intended", "sending"])
      .orderBy("due_at").limit(BATCH_MAX).forUpdate().skipLocked().execute();
    if (due.length === 0) return 0;
    for (const row of due) {
      await enqueueNotice(trx, row, `notice-${row.notification_id}-due-${row.due_at!.getTime()}`);
    }
    await trx.updateTable("notification").set({ due_at: null })
      .where("notification_id", "=", sql<number>`any(${due.map((row) => row.notification_id)})`)
      .execute();
    return due.length;
  });
}
