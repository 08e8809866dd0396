/**
 * Asks Twilio what became of texts on which no report came: it was lost, or reports are not configured.
 * An hour after a text was taken, then every six hours, for three days.
 */
import { twilioWord } from "../../actors/notification/provider_word.ts";
import { RetryableError } from "../../protocol/errors.ts";
import type { Kysely } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";
import { runTurns } from "../database/turns.ts";
import type { Stoppable } from "../jetstream/broker.ts";
import type { Log } from "../terminal/log.ts";
import { applyReport } from "./provider_report.ts";
import type { Texter } from "./sms.ts";

const HOUR_MS = 3_600_000;
/** After a text was taken: until then a report may still come by itself. */
export const ASK_AFTER_MS = HOUR_MS;
const ASK_AGAIN_MS = 6 * HOUR_MS;
/** Carriers give a text up after a day or two. */
const ASK_FOR_MS = 72 * HOUR_MS;
/** What is asked about is nobody else's for so long. */
const CLAIM_MS = 600_000;
/** Texts asked about in one turn, one after the other: a provider is not flooded. */
const BATCH_MAX = 50;
const POLL_MS = 10_000;

export interface AskingOptions {
  readonly db: Kysely<Database>;
  readonly sms: Texter;
  readonly log: Log;
  readonly poll_ms?: number;
  readonly now_ms?: () => number;
}

/** Asks until stopped. Any number of processes may do so at once. */
export function startAsking(options: AskingOptions): Stoppable {
  const { log, poll_ms = POLL_MS, now_ms = Date.now } = options;
  return runTurns({
    what: "asking after texts",
    log,
    turn: async (signal) =>
      await askAfterDue(options, now_ms(), signal) === BATCH_MAX ? 0 : poll_ms,
  });
}

/** Asks about at most 50 texts whose report is due; returns how many. */
export async function askAfterDue(
  options: AskingOptions,
  now_ms: number,
  signal?: AbortSignal,
): Promise<number> {
  const rows = await claim(options.db, now_ms);
  for (const row of rows) {
    if (signal?.aborted) break; // The claim runs out, and somebody asks.
    await askAfter(options, row, now_ms);
  }
  return rows.length;
}

type Row = Awaited<ReturnType<typeof claim>>[number];

async function claim(db: Kysely<Database>, now_ms: number) {
  return await db.updateTable("notification").set({ due_at: new Date(now_ms + CLAIM_MS) })
    .where(
      "notification_id",
      "in",
      db.selectFrom("notification").select("notification_id")
        .where("due_at", "<=", new Date(now_ms)).where("state", "=", "sent")
        .where("channel", "=", "sms").where("provider_id", "is not", null)
        .orderBy("due_at").limit(BATCH_MAX).forUpdate().skipLocked(),
    )
    .returning(["notification_id", "provider_id", "drive", "updated_at"]).execute();
}

async function askAfter({ db, sms, log }: AskingOptions, row: Row, now_ms: number): Promise<void> {
  const { notification_id, drive } = row;
  const provider_id = row.provider_id!;
  try {
    const { status, code } = await sms.statusOf(provider_id);
    const word = twilioWord(status, code);
    const reason = `Twilio: ${status}${code === undefined ? "" : `, code ${code}`}`;
    if (word !== undefined) {
      const report = { notification_id, drive, provider_id, word, reason };
      await applyReport(db, log, report, now_ms);
    }
  } catch (error) {
    if (error instanceof RetryableError) throw error; // Provider or network: the claim runs out.
    log.warn("Twilio does not know a text", { provider_id, reason: (error as Error).message });
  }
  const over = now_ms - row.updated_at.getTime() > ASK_FOR_MS;
  // Only while it is still waited for: a last word has taken the date away.
  await db.updateTable("notification")
    .set({ due_at: over ? null : new Date(now_ms + ASK_AGAIN_MS) })
    .where("notification_id", "=", notification_id).where("state", "=", "sent").execute();
}
