/** A provider's word on one message, written to its row. */
import type { ProviderWord } from "../../actors/notification/provider_word.ts";
import type { Kysely } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";
import type { Log } from "../terminal/log.ts";
import { decideLocked, tellSecond } from "./notification_rows.ts";

export interface ProviderReport {
  readonly notification_id: number;
  readonly drive: number;
  readonly provider_id: string;
  readonly word: ProviderWord;
  readonly reason: string | null;
}

/** Writes what the report makes of the row; a report that says nothing new writes nothing. */
export async function applyReport(
  db: Kysely<Database>,
  log: Log,
  { notification_id, ...report }: ProviderReport,
  now_ms: number,
): Promise<void> {
  const { decision, row } = await db.transaction().execute((trx) =>
    decideLocked(trx, notification_id, { type: "word", ...report }, now_ms)
  );
  tellSecond(log, row, decision);
  if (decision.next.state === "parked" && row.state !== "parked") {
    log.warn("a notice did not arrive", {
      notice: notification_id,
      channel: row.channel,
      reason: decision.next.last_error,
    });
  }
}
